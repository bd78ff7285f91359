"""A stand-in for Supabase on loopback, with a state: the platform's API and the project's own host in one server.

with StandIn() as server:
    server.logs.write(row)
    …                       # ask server.url
"""

import json
import sys
import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from bakewatch.testing.supabase.gotrue import Auth
from bakewatch.testing.supabase.limits import Limits
from bakewatch.testing.supabase.logs import Logs
from bakewatch.testing.supabase.metrics import Metrics
from bakewatch.testing.supabase.sql import Sql
from bakewatch.testing.supabase.state import TOKEN, Grant, Project
from bakewatch.testing.supabase.wire import Asked, Refusal, Reply, Routes, failure

__all__ = ["TOKEN", "Asked", "Grant", "Limits", "Logs", "Metrics", "Project", "Reply", "Sql", "StandIn", "failure"]

TICK = 0.05


class StandIn:
    """The server. Everything that it was asked is in `asked`, everything that it answered in `answered`."""

    def __init__(self, project: Project | None = None, *, token: str = TOKEN) -> None:
        self.project = project or Project(lambda: datetime.now(UTC))
        self.limits = Limits(self.project.clock)
        self.tokens = {token: Grant()}
        """Those that are good; take one out to revoke it."""
        self.logs = Logs(self.project)
        self.asked: list[Asked] = []
        self.answered: list[Reply] = []
        self.metrics, self.sql = Metrics(self.project), Sql(self.project, self.logs)
        parts = (self.project, self.logs, self.metrics, self.sql, Auth(self.project, self.logs))
        self._routes = Routes({name: one for part in parts for name, one in part.endpoints().items()})
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(TICK,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.logs.engine.close()

    def answer(self, asked: Asked) -> Reply:
        """The answer to *asked*."""
        with self._lock:
            try:
                reply = self._answer(asked)
            except Refusal as refusal:
                reply = refusal.reply
            self.asked.append(asked)
            self.answered.append(reply)
            return reply

    def _answer(self, asked: Asked) -> Reply:
        name, endpoint, parts = self._routes.find(asked)
        if ordered := self.limits.ordered(name):
            return ordered
        if not endpoint.permission:
            return endpoint.answer(asked, parts)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        self.project.admit(self.tokens.get(token), endpoint, parts)
        spent, told = self.limits.count(name)
        if spent:
            return Reply(429, {"message": "ThrottlerException: Too Many Requests"}, told)
        reply = endpoint.answer(asked, parts)
        return Reply(reply.status, reply.body, {**told, **reply.headers})


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(server: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), body, headers))
            raw, kind = _written(reply)
            self.send_response(reply.status)
            for name, value in {"content-type": kind, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def date_time_string(self, timestamp: float | None = None) -> str:
            return format_datetime(server.project.clock() + server.project.skew, usegmt=True)

        def log_message(self, format: str, *args: object) -> None:
            return None

    return Handler


def _written(reply: Reply) -> tuple[bytes, str]:
    if isinstance(reply.body, str):
        return reply.body.encode(), "text/plain; charset=utf-8"
    raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    return raw, "application/json; charset=utf-8"
