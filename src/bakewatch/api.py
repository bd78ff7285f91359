"""One vendor's HTTP API: one host, a token that shows up nowhere, its limits obeyed, every request counted."""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import ceil
from typing import TYPE_CHECKING, Any

import msgspec

from bakewatch.address import require_safe
from bakewatch.errors import ConfigError, PortError

if TYPE_CHECKING:
    import httpx

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer that are read."""
KEPT = 100
"""Answers that are kept, the newest ones, in case they have not changed when they are asked for again."""
MINUTE = timedelta(minutes=1)
"""A limit that does not say when it ends is taken to last so long, and twice as long every time it is met again."""
LONGEST = timedelta(minutes=15)
DAY = timedelta(days=1)
"""No limit is taken to last longer, whatever the answer says."""

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and the body as JSON (None when there is none)."""

    status: int
    body: Any
    link: str = ""
    """The header with the addresses of further pages."""
    at: datetime | None = None
    """The time of who answered, to the second, when it says so."""


class Api:
    """Requests to one base address. Every trouble is raised as *error* (a `PortError`) with a code:

    `unreachable`, `timeout`, `rate_limited`, `unauthorized`, `payment_required`, `forbidden`, `not_found`, `gone`,
    `conflict`, `refused` (400, 422 and the like), `redirected`, `malformed`, `status_NNN`. Nothing is tried again here,
    and once a limit was met nothing is sent until it is over: `rate_limited` is raised at once.
    """

    def __init__(
        self,
        base: str,
        *,
        token: str,
        error: type[PortError],
        clock: Callable[[], datetime],
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        spacing: float = 0.0,
        pause: Callable[[float], None] = time.sleep,
        timeout: float = 15.0,
    ) -> None:
        """*scheme*: how the token is presented; *spacing*: seconds between two requests that change something;
        *timeout*: seconds for one whole answer."""
        require_safe(base)
        if "?" in base or "#" in base:
            raise ConfigError("the address goes on after its path", right="such as https://api.example/v3")
        if not re.fullmatch(r"[!-~]+", token):
            raise ConfigError(
                "the token holds what no header can carry", right="letters, digits and signs, in one line"
            )
        self._base, self._error, self._clock = base.rstrip("/"), error, clock
        self._authorization = f"{scheme} {token}"
        self._headers = {"accept": "application/json", **(headers or {})}
        self._spacing, self._pause, self._timeout = spacing, pause, timeout
        self._closed_until: datetime | None = None
        self._met = 0
        self._written: datetime | None = None
        self._kept: dict[str, tuple[str, Answer]] = {}
        self.sent: Counter[str] = Counter()
        """How many requests were sent, by method and status; `304` cost nothing."""

    def get(self, path: str, params: Params | None = None) -> Answer:
        """Read *path*. What has not changed since is not sent again."""
        key = f"{path}?{sorted((params or {}).items())}"
        tag, kept = self._kept.get(key, ("", None))
        answer, etag = self._send("GET", path, params, None, {"if-none-match": tag} if tag else {})
        if answer.status == 304:
            if kept is None:
                raise self._error("malformed")
            return kept
        self._kept.pop(key, None)
        if re.fullmatch(r"[!-~]+", etag):
            self._kept[key] = (etag, answer)
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return answer

    def send(self, method: str, path: str, body: Any = None, params: Params | None = None) -> Answer:
        """Change something."""
        if self._written is not None and self._spacing:
            due = self._written + timedelta(seconds=self._spacing)
            self._pause(max(0.0, (due - self._clock()).total_seconds()))
        try:
            return self._send(method, path, params, body, {})[0]
        finally:
            self._written = self._clock()

    def text(self, path: str) -> str:
        """Read *path* as text."""
        told, raw = self._ask("GET", path, None, None, {})
        try:
            return raw.decode(told.encoding or "utf-8")
        except (UnicodeDecodeError, LookupError):
            raise self._error("malformed") from None

    def _send(
        self, method: str, path: str, params: Params | None, body: Any, headers: Mapping[str, str]
    ) -> tuple[Answer, str]:
        told, raw = self._ask(method, path, params, body, headers)
        link, at = told.headers.get("link", ""), _moment(told.headers.get("date", ""))
        answer = Answer(told.status_code, self._decoded(told, raw), link, at)
        return answer, told.headers.get("etag", "")

    def _ask(
        self, method: str, path: str, params: Params | None, body: Any, headers: Mapping[str, str]
    ) -> "tuple[httpx.Response, bytes]":
        """The answer, where it means well, and its body."""
        import httpx

        if self._closed_until is not None and self._clock() < self._closed_until:
            raise self._error("rate_limited")
        content = None if body is None else msgspec.json.encode(body)
        sent = {**self._headers, **headers, "authorization": self._authorization}
        if content is not None:
            sent["content-type"] = "application/json"
        try:
            with (
                httpx.Client(timeout=self._timeout, follow_redirects=False, trust_env=False) as client,
                client.stream(method, self._base + path, params=params, content=content, headers=sent) as told,
            ):
                raw = self._read(told)
        except httpx.TimeoutException:
            raise self._error("timeout") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise self._error("unreachable") from None
        self.sent[f"{method} {told.status_code}"] += 1
        self._complain(told, raw)
        return told, raw

    def _read(self, told: "httpx.Response") -> bytes:
        raw, until = bytearray(), time.monotonic() + self._timeout
        for chunk in told.iter_bytes():
            raw += chunk
            if len(raw) > MAX_BODY:
                raise self._error("malformed")
            if time.monotonic() > until:
                raise self._error("timeout")
        return bytes(raw)

    def _decoded(self, told: "httpx.Response", raw: bytes) -> Any:
        if not raw.strip():
            return None
        try:
            if "stream+json" in told.headers.get("content-type", ""):
                return msgspec.json.Decoder().decode_lines(raw)
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._error("malformed") from None

    def _complain(self, told: "httpx.Response", raw: bytes) -> None:
        """Raise what the status means, unless it means well."""
        status = told.status_code
        if told.is_success or status == 304:
            self._met = 0
            return
        if status == 429 or _limited(told, raw):
            self._met += 1
            self._closed_until = self._clock() + self._lasts(told, raw)
            raise self._error("rate_limited")
        if status >= 500:
            raise self._error(f"status_{status}")
        raise self._error(_CODES.get(status, "redirected" if status < 400 else "refused"), permanent=True)

    def _lasts(self, told: "httpx.Response", raw: bytes) -> timedelta:
        """How long the limit lasts: as the answer says, else a minute, doubled each time."""
        now, after = self._clock(), told.headers.get("retry-after", "")
        spent = told.headers.get("x-ratelimit-remaining") == "0"
        seconds = _whole(after)
        if seconds is None and after:
            seconds = _until(after, now)
        reset = _whole(told.headers.get("x-ratelimit-reset", "")) if spent else None
        reset = _reset(raw) if reset is None else reset
        if seconds is None and reset is not None:
            seconds = max(1, reset if reset < _MOMENTS else reset - int(now.timestamp()))
        if seconds is not None:
            return min(timedelta(seconds=seconds), DAY)
        return min(MINUTE * float(2 ** min(self._met - 1, 10)), LONGEST)


_MOMENTS = 10**9
"""From here on a reset is a moment, in seconds since the epoch; below it, so many seconds from now."""

_CODES = {
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    410: "gone",
}


def _limited(told: "httpx.Response", raw: bytes) -> bool:
    """Does a 403 or a 503 mean that too much was asked?"""
    if told.status_code == 403 and (told.headers.get("x-ratelimit-remaining") == "0" or b"rate limit" in raw.lower()):
        return True
    return told.status_code in (403, 503) and "retry-after" in told.headers


def _whole(text: str) -> int | None:
    """*text* as a number of seconds, if it is one."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def _until(date: str, now: datetime) -> int | None:
    """The seconds from *now* to *date*, if it is one."""
    then = _moment(date)
    return None if then is None else max(0, ceil((then - now).total_seconds()))


def _moment(date: str) -> datetime | None:
    """*date* in the form of mail and HTTP, if it is one."""
    try:
        then = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    return then.replace(tzinfo=then.tzinfo or UTC)


class _Limit(msgspec.Struct):
    reset: float


class _Refusal(msgspec.Struct):
    limit: _Limit


class _Refused(msgspec.Struct):
    """The body of a refusal that says when the limit is over, in seconds since the epoch."""

    error: _Refusal


def _reset(raw: bytes) -> int | None:
    try:
        reset = msgspec.json.decode(raw, type=_Refused).error.limit.reset
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ceil(reset) if 0 <= reset < 10**12 else None
