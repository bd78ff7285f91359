"""From a line of a log file to a row of the table `logs`. Personal data ends here: what is loaded is masked.

A line is one JSON object: `timestamp` (ISO 8601, UTC where it names no zone; or a number since 1970), `source`, and, if
it has them, `id`, `event_message`, `severity_text` and `log_attributes`. Its other keys are not loaded.

What happens to a value is decided by its key, and only then by its own shape:
1. A key whose last part is an actor's (configured): a keyed hash, so that actors can be counted but not known.
2. A key whose last part is a code or a measure of the application (`operational.py`): kept, when its value is one.
3. What a program calls itself (`AGENTS`): our own mark alone, where it bears one.
4. A path or URL (`PATHS`): its query is dropped and identifiers in it are masked.
5. A query string (`QUERIES`): the names of its parameters.
6. A key that tells of a person or a secret (`password`, `email`, …): `[value]`, whatever is under it.
7. Everything else, and `event_message`: masked as text. Text that is JSON is masked key by key, by 1 to 7.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from bakewatch.privacy.keys import telling
from bakewatch.privacy.scrub import READ, clean, clean_path
from bakewatch.vendors.clickhouse.lines import as_text, read_line
from bakewatch.vendors.clickhouse.operational import is_opaque, is_operational, last_part, own_mark

MESSAGE_LIMIT = 2000
"""Characters of a message that are kept."""

VALUE_LIMIT = 500
"""Characters of an attribute that are kept."""

PATHS = frozenset({"path", "pathname", "url", "uri", "request_uri", "route", "referer", "referrer", "location"})
QUERIES = frozenset({"search", "query_string"})

_DEEPEST = 20
"""Structures in structures that are looked into."""

_LONGEST = 5 * READ
"""Characters of a text that is still taken apart key by key."""


class Cleaner:
    """Turns lines into clean rows. Remembers what it has masked, since logs repeat themselves."""

    def __init__(self, actor_keys: Iterable[str], secret: bytes) -> None:
        self._actors = frozenset(last_part(key) for key in actor_keys)
        self._secret = secret
        self._value = lru_cache(maxsize=65_536)(self._masked_value)
        self._key = lru_cache(maxsize=4096)(lambda key: clean(key, VALUE_LIMIT))

    def row(self, raw: bytes) -> dict[str, Any] | None:
        """The row of the line *raw*; none when it is malformed."""
        read = read_line(raw)
        if read is None:
            return None
        line, moment = read
        try:
            attributes = {self._key(key): self.value(key, one) for key, one in (line.log_attributes or {}).items()}
            message = self._text(as_text(line.event_message), MESSAGE_LIMIT)
        except RecursionError:
            return None
        return {
            "id": self._id(as_text(line.id)),
            "timestamp": moment.replace(tzinfo=None).isoformat(" ", "microseconds"),
            "source": line.source,
            "event_message": message,
            "severity_text": clean(as_text(line.severity_text), VALUE_LIMIT),
            "log_attributes": attributes,
        }

    def value(self, key: str, given: Any) -> str:
        """The value *given* under *key* as clean text."""
        return self._value(key, as_text(given))

    def _masked_value(self, key: str, text: str) -> str:
        last = last_part(key)
        if not text:
            return ""
        if last in self._actors:
            return self._hash(text)
        if is_operational(key, text):
            return text
        if mark := own_mark(key, text):
            return mark
        if last in PATHS:
            return clean_path(text, VALUE_LIMIT)
        if last in QUERIES:
            return clean(re.sub(r"=[^&]*", "=", text), VALUE_LIMIT)
        return "[value]" if telling(key) else self._text(text, VALUE_LIMIT)

    def _id(self, text: str) -> str:
        """*text* when it tells nothing of a person; else its hash, so that two lines stay two."""
        return text if not text or is_opaque(text) else self._hash(text)

    def _text(self, text: str, limit: int) -> str:
        """*text* masked; JSON key by key, so that it stays JSON."""
        if len(text) <= _LONGEST and text.lstrip()[:1] in ("{", "["):
            try:
                found = msgspec.json.decode(text)
                masked = msgspec.json.encode(self._leaf("", found, 0)).decode()
            except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
                return clean(text, limit)
            return masked if len(masked) <= limit else clean(masked, limit)
        return clean(text, limit)

    def _fields(self, fields: Mapping[str, Any], depth: int) -> dict[str, Any]:
        return {self._key(key): self._leaf(key, value, depth) for key, value in fields.items()}

    def _leaf(self, key: str, value: Any, depth: int) -> Any:
        """*value* under *key*. The key has the first say: what it tells of is masked whole, be it a text or not."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, dict | list):
            if last_part(key) in self._actors:
                return self.value(key, value)
            if depth >= _DEEPEST or telling(key):
                return "[value]"
            if isinstance(value, dict):
                return self._fields(value, depth + 1)
            return [self._leaf(key, one, depth + 1) for one in value]
        masked = self.value(key, value)
        return value if masked == str(value) else masked

    def _hash(self, text: str) -> str:
        """The same actor gives the same hash under one secret; nobody without it can tell who it is."""
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]
