"""One vendor's HTTP API: one host, a token that shows up nowhere, its limits obeyed, every request counted."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec

from bakewatch.address import require_safe
from bakewatch.errors import PortError

if TYPE_CHECKING:
    import httpx

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer that are read."""
MINUTE = timedelta(minutes=1)
"""A limit that does not say when it ends is taken to last so long, and twice as long every time it is met again."""
LONGEST = timedelta(minutes=15)

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Answer:
    """What came back: the status, and the body as JSON (None when there is none)."""

    status: int
    body: Any
    link: str = ""
    """The header with the addresses of further pages."""


class Api:
    """Requests to one base address. Every trouble is raised as *error* (a `PortError`) with a code:

    `unreachable`, `timeout`, `rate_limited`, `unauthorized`, `forbidden`, `not_found`, `gone`, `conflict`, `refused`
    (400, 422 and the like), `redirected`, `malformed`, `status_NNN`. Nothing is tried again here, and once a limit was
    met nothing is sent until it is over: `rate_limited` is raised at once.
    """

    def __init__(
        self,
        base: str,
        *,
        token: str,
        error: type[PortError],
        clock: Callable[[], datetime],
        headers: Mapping[str, str] | None = None,
        spacing: float = 0.0,
        pause: Callable[[float], None] = time.sleep,
        timeout: float = 15.0,
    ) -> None:
        """*spacing*: seconds between two requests that change something."""
        require_safe(base)
        self._base, self._token, self._error, self._clock = base.rstrip("/"), token, error, clock
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
        if answer.status == 304 and kept is not None:
            return kept
        if etag:
            self._kept[key] = (etag, answer)
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

    def _send(
        self, method: str, path: str, params: Params | None, body: Any, headers: Mapping[str, str]
    ) -> tuple[Answer, str]:
        import httpx

        if self._closed_until is not None and self._clock() < self._closed_until:
            raise self._error("rate_limited")
        content = None if body is None else msgspec.json.encode(body)
        sent = {**self._headers, **headers, "authorization": f"Bearer {self._token}"}
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
        self._complain(told)
        answer = Answer(told.status_code, self._decoded(raw), told.headers.get("link", ""))
        return answer, told.headers.get("etag", "")

    def _read(self, told: "httpx.Response") -> bytes:
        raw = b""
        for chunk in told.iter_bytes():
            raw += chunk
            if len(raw) > MAX_BODY:
                raise self._error("malformed")
        return raw

    def _decoded(self, raw: bytes) -> Any:
        if not raw.strip():
            return None
        try:
            return msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._error("malformed") from None

    def _complain(self, told: "httpx.Response") -> None:
        """Raise what the status means, unless it means well."""
        status = told.status_code
        if told.is_success or status == 304:
            self._met = 0
            return
        if status == 429 or _limited(told):
            self._met += 1
            self._closed_until = self._clock() + self._lasts(told)
            raise self._error("rate_limited")
        if status >= 500:
            raise self._error(f"status_{status}")
        raise self._error(_CODES.get(status, "redirected" if status < 400 else "refused"), permanent=True)

    def _lasts(self, told: "httpx.Response") -> timedelta:
        """How long the limit lasts: as the answer says, else a minute, doubled each time."""
        now = self._clock()
        after, reset = told.headers.get("retry-after", ""), told.headers.get("x-ratelimit-reset", "")
        if after.isdigit():
            return timedelta(seconds=int(after))
        if after:
            try:
                return max(timedelta(0), parsedate_to_datetime(after).astimezone(UTC) - now)
            except (ValueError, TypeError):
                pass
        if told.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            return max(timedelta(seconds=1), datetime.fromtimestamp(int(reset), UTC) - now)
        return min(MINUTE * float(2 ** (self._met - 1)), LONGEST)


_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict", 410: "gone"}


def _limited(told: "httpx.Response") -> bool:
    """Does a 403 or a 503 mean that too much was asked?"""
    spent = told.headers.get("x-ratelimit-remaining") == "0"
    return told.status_code in (403, 503) and ("retry-after" in told.headers or (told.status_code == 403 and spent))
