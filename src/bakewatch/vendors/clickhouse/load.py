"""From a line of a log file to a row of the table `logs`. Personal data ends here: what is loaded is masked.

A line is one JSON object: `timestamp` (ISO 8601; UTC where it names no zone), `source`, and, if it has them, `id`,
`event_message`, `severity_text` and `log_attributes`. Its other keys are not loaded.

What happens to a value is decided by its key, and only then by its own shape:
1. A key whose last part is an actor's (configured): a keyed hash, so that actors can be counted but not known.
2. A key whose last part is a code or a measure of the application (`SAFE`: status, method, level, error_code,
   duration, …): kept, as long as it is one short word or number. Our own tag (`x_bakewatch`) is kept too.
3. A path or URL (`PATHS`): its query is dropped and identifiers in it are masked.
4. A query string (`QUERIES`): the names of its parameters.
5. A key that tells of a person or a secret (`password`, `email`, …): `[value]`.
6. Everything else, and `event_message`: masked as text. Text that is a JSON object is masked key by key, by 1 to 6.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from bakewatch.privacy.scrub import clean, clean_path, telling

MESSAGE_LIMIT = 2000
"""Characters of a message that are kept."""

VALUE_LIMIT = 500
"""Characters of an attribute that are kept."""

_SAFE_WORDS = """
    status status_code method level severity error_severity sql_state_code state_code error_code sb_error_code
    command_tag backend_type user_name database_name application_name grant_type component event_type action log_type
    provider region version protocol scheme host origin_time duration elapsed latency response_time bytes size
    content_length rows count attempt retries
"""
SAFE = frozenset(_SAFE_WORDS.split())
PATHS = frozenset({"path", "pathname", "url", "uri", "request_uri", "route", "referer", "referrer", "location"})
QUERIES = frozenset({"search", "query_string"})
TAG = "x_bakewatch"

_SAFE_VALUE = re.compile(r"[A-Za-z0-9_.:+-]{0,64}")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_.:@/~-]{0,128}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class Line(Struct):
    """A line of a log file, as far as it is loaded."""

    timestamp: str
    source: str
    id: str = ""
    event_message: str = ""
    severity_text: str = ""
    log_attributes: dict[str, Any] = {}


class Cleaner:
    """Turns lines into clean rows. Remembers what it has masked, since logs repeat themselves."""

    def __init__(self, actor_keys: Iterable[str], secret: bytes) -> None:
        self._actors = frozenset(_last(key) for key in actor_keys)
        self._secret = secret
        self._decode = msgspec.json.Decoder(Line).decode
        self._value = lru_cache(maxsize=65_536)(self._masked_value)
        self._key = lru_cache(maxsize=4096)(lambda key: clean(key, VALUE_LIMIT))

    def row(self, raw: bytes) -> dict[str, Any] | None:
        """The row of the line *raw*; none when it is malformed."""
        try:
            line = self._decode(raw)
            moment = datetime.fromisoformat(line.timestamp)
        except (msgspec.MsgspecError, ValueError):
            return None
        if not _FIRST_YEAR <= moment.year < _LAST_YEAR or not _NAME.fullmatch(line.source):
            return None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return {
            "id": line.id if _NAME.fullmatch(line.id) else clean(line.id, VALUE_LIMIT),
            "timestamp": moment.replace(tzinfo=None).isoformat(" ", "microseconds"),
            "source": line.source,
            "event_message": self._message(line.event_message),
            "severity_text": clean(line.severity_text, VALUE_LIMIT),
            "log_attributes": {self._key(key): self.value(key, one) for key, one in line.log_attributes.items()},
        }

    def value(self, key: str, given: Any) -> str:
        """The value *given* under *key* as clean text."""
        if not isinstance(given, str):
            given = "" if given is None else msgspec.json.encode(given).decode()
        return self._value(key, given)

    def _masked_value(self, key: str, text: str) -> str:
        last = _last(key)
        if not text:
            return ""
        if last in self._actors:
            return self._hash(text)
        if (last in SAFE and _SAFE_VALUE.fullmatch(text)) or (last == TAG and _TAG_VALUE.fullmatch(text)):
            return text
        if last in PATHS:
            return clean_path(text, VALUE_LIMIT)
        if last in QUERIES:
            return clean(re.sub(r"=[^&]*", "=", text), VALUE_LIMIT)
        return "[value]" if telling(key) else self._text(text, VALUE_LIMIT)

    def _message(self, text: str) -> str:
        return self._text(text, MESSAGE_LIMIT)

    def _text(self, text: str, limit: int) -> str:
        """*text* masked; a JSON object key by key, so that it stays one."""
        if text.startswith("{"):
            try:
                fields = msgspec.json.decode(text, type=dict[str, Any])
            except msgspec.MsgspecError:
                return clean(text, limit)
            masked = msgspec.json.encode(self._fields(fields)).decode()
            return masked if len(masked) <= limit else clean(masked, limit)
        return clean(text, limit)

    def _fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {self._key(key): self._leaf(key, value) for key, value in fields.items()}

    def _leaf(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return self._fields(value)
        if isinstance(value, list):
            return [self._leaf(key, one) for one in value]
        if value is None or isinstance(value, bool):
            return value
        masked = self.value(key, value)
        return value if masked == str(value) else masked

    def _hash(self, text: str) -> str:
        """The same actor gives the same hash under one secret; nobody without it can tell who it is."""
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def _last(key: str) -> str:
    """The last part of *key*, as all parts are written here."""
    return key.lower().replace("-", "_").rpartition(".")[2]
