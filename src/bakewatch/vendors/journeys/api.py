"""The HTTP client of a journey: httpx, with a record of every exchange."""

import time
from typing import Any

import httpx
import msgspec

from bakewatch.vendors.journeys.wire import Exchange, marked, short

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Per request: five seconds to connect, ten for each wait after that."""

MAX_REDIRECTS = 10
MAX_EXCHANGES = 500
"""More are made, but not recorded."""


class Api(httpx.Client):
    """An httpx client for the application under watch.

    Every request carries the tag: in `x-bakewatch`, and in `user-agent` and `x-client-info`, of which hosted logs keep
    at least one. Redirects are followed within the same scheme, host and port
    only; another one is returned as it is. Proxy settings of the environment are left alone.
    """

    def __init__(
        self, address: str, tag: str, exchanges: list[Exchange], transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"x-bakewatch": tag, "user-agent": marked(tag), "x-client-info": marked(tag)}
        super().__init__(base_url=address, headers=headers, timeout=TIMEOUT, trust_env=False, transport=transport)
        self._exchanges = exchanges

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send *request*, record the exchange, and follow redirects that stay at home."""
        follow = options.pop("follow_redirects", None) is not False
        answer = self._exchange(request, options)
        for _ in range(MAX_REDIRECTS):
            onward = answer.next_request
            if not follow or onward is None or _origin(onward.url) != _origin(request.url):
                break
            answer.close()
            answer = self._exchange(onward, options)
        return answer

    def _exchange(self, request: httpx.Request, options: dict[str, Any]) -> httpx.Response:
        made = Exchange(method=short(request.method, 10), path=short(request.url.path, 300))
        if len(self._exchanges) < MAX_EXCHANGES:
            self._exchanges.append(made)
        began = time.monotonic()
        try:
            answer = super().send(request, follow_redirects=False, **options)
        finally:
            made.ms = round((time.monotonic() - began) * 1000)
        made.status = answer.status_code
        made.code = error_code(answer)
        return answer


def error_code(answer: httpx.Response) -> str:
    """The `error_code` or `code` in the JSON body of an answer that is an error; empty when there is none."""
    if answer.status_code < 400 or not answer.is_closed:
        return ""
    try:
        body = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    found = (body.get(key) for key in ("error_code", "code"))
    return next((short(code, 100) for code in found if isinstance(code, str)), "")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
