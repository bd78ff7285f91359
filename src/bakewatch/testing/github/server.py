"""The loopback server: who asks, within which limits, and what was asked so far."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from bakewatch.testing.github.exchange import Asked, Exchange, Reply, reply
from bakewatch.testing.github.limits import Limits
from bakewatch.testing.github.routes import Call, Routes
from bakewatch.testing.github.state import Account, Refused, State

_UNSEEN = ("authorization", "host", "connection", "accept-encoding")
"""Headers that are not kept."""


class Server:
    """Serves *state* by *routes* from `start` to `stop`. One request at a time."""

    def __init__(self, state: State, clock: Callable[[], datetime]) -> None:
        self._state = state
        self.limits = Limits(clock)
        self.exchanges: list[Exchange] = []
        self.routes: Routes | None = None
        self.lock = threading.RLock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", "0")))
                kept = {name: value for name, value in headers.items() if name not in _UNSEEN}
                asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), kept, body)
                told = outer.answer(asked, headers.get("authorization", ""))
                self.send_response(told.status)
                for name, value in {**told.headers, "content-length": str(len(told.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

            def log_message(self, format: str, *args: object) -> None:
                return None

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no more."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, asked: Asked, authorization: str) -> Reply:
        """The answer to *asked*, kept with it."""
        with self.lock:
            told = self._answer(asked, authorization)
            if told.status == 304:
                self.limits.give_back()
            told = Reply(told.status, {**told.headers, **self.limits.headers()}, told.body)
            self.exchanges.append(Exchange(asked, told))
            return told

    def _answer(self, asked: Asked, authorization: str) -> Reply:
        try:
            account = self._account(authorization)
            if asked.path == "/rate_limit":
                return reply(asked, 200, self.limits.told(), self.url)
            limited = self.limits.take(asked.method != "GET")
            if limited:
                why, headers = limited
                told = reply(asked, self.limits.status, Refused(self.limits.status, why).body, self.url)
                return Reply(told.status, told.headers | headers, told.body)
            if not asked.headers.get("user-agent"):
                raise Refused(403, "Request forbidden by administrative rules. A User-Agent header is required.")
            if self._state.lacks(authorization.removeprefix("Bearer "), asked.method, asked.path):
                raise Refused(403, "Resource not accessible by personal access token")
            assert self.routes is not None
            call = Call(account, asked.query, json.loads(asked.body) if asked.body else {})
            return reply(asked, *self.routes.answer(asked.method, asked.path, call), self.url)
        except Refused as refused:
            return reply(asked, refused.status, refused.body, self.url)

    def _account(self, authorization: str) -> Account:
        scheme, _, token = authorization.partition(" ")
        account = self._state.accounts.get(token) if scheme == "Bearer" else None
        if account is None:
            raise Refused(401, "Bad credentials")
        return account
