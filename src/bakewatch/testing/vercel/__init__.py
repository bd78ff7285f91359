"""A stand-in for Vercel's REST API on loopback, with a state: what is pushed builds, production moves, limits bite.

with StandIn(platform) as server:
    server.platform.push(commit)
    …                       # ask server.url
    server.platform.serves("live.example")
"""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from bakewatch.testing.vercel import bodies, routes
from bakewatch.testing.vercel.hooks import Hooks, signature
from bakewatch.testing.vercel.limits import Limits
from bakewatch.testing.vercel.routes import Asked
from bakewatch.testing.vercel.state import Deployment, Ends, Platform, Refusal, Times

__all__ = ["Asked", "Deployment", "Ends", "Hooks", "Platform", "StandIn", "Times", "signature"]

TICK = 0.05
"""Seconds of the clock after which what is due happens, even when nobody asks."""


class StandIn:
    """The server. Everything that it was asked is in `asked`, everything that it answered in `answered`."""

    def __init__(
        self, platform: Platform | None = None, *, token: str = "tokenlive", hooks: Hooks | None = None
    ) -> None:
        self.platform = platform or Platform(lambda: datetime.now(UTC))
        self.limits = Limits(self.platform.clock)
        self.tokens = {token}
        """Those that are good; take one out to revoke it."""
        self.hooks = hooks
        self.asked: list[Asked] = []
        self.answered: list[tuple[int, Any]] = []
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(TICK,), daemon=True),
            threading.Thread(target=self._tick, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def answer(self, asked: Asked, token: str) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers of the answer to *asked*."""
        with self.platform.lock:
            self.platform.settle()
            status, body, headers = self._answer(asked, token)
            self.asked.append(asked)
            self.answered.append((status, body))
            return status, body, headers

    def _answer(self, asked: Asked, token: str) -> tuple[int, Any, dict[str, str]]:
        endpoint, parts = routes.find(asked.method, asked.path)
        if status := self.limits.ordered(endpoint):
            code = "rate_limited" if status == 429 else "internal_server_error"
            return status, bodies.failure(code, "It was ordered so."), {}
        if spent := self.limits.spent(endpoint):
            return 429, *self._limited(*spent)
        if token not in self.tokens:
            return 403, bodies.failure("forbidden", "Not authorized", invalidToken=True), {}
        try:
            status, body = routes.answer(self.platform, endpoint, asked, [unquote(part) for part in parts])
        except Refusal as refusal:
            return refusal.status, bodies.failure(refusal.code, refusal.text), {}
        return status, body, {}

    def _limited(self, total: int, until: datetime) -> tuple[bodies.Body, dict[str, str]]:
        milliseconds = bodies.milliseconds(until)
        limit = {"remaining": 0, "reset": milliseconds // 1000, "resetMs": milliseconds, "total": total}
        text = f"The rate limit of {total} exceeded. Try again later."
        after = max(1, round((until - self.platform.clock()).total_seconds()))
        headers = {"retry-after": str(after)} if self.limits.retry_after else {}
        return bodies.failure("rate_limited", text, limit=limit), headers

    def _tick(self) -> None:
        while not self._over.wait(TICK):
            self.platform.settle()
            if self.hooks:
                self.hooks.deliver(self.platform)


def _handler(server: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), body)
            token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
            status, told, headers = server.answer(asked, token)
            raw = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            if told is not None:
                headers["content-type"] = "application/json; charset=utf-8"
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = _any

        def log_message(self, format: str, *args: object) -> None:
            return None

    return Handler
