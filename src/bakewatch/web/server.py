"""A listening address, and the server on it in a thread of its own."""

import asyncio
import socket
import threading
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from bakewatch.errors import ConfigError

AT_ONCE = 64
"""So many connections are served; more are told to come again."""
PATIENCE = 5
"""Seconds that an answer which is being given may still take."""
HURRY = 10.0
"""Seconds after which a connection without a request under way is closed: it would keep others out."""


def listen(host: str, port: int) -> socket.socket:
    """A socket on *host* and *port* (0: a free one). `ConfigError` when it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        what = f"cannot listen on {host} port {port}: {getattr(error, 'strerror', None) or 'no such address'}"
        raise ConfigError(what, right="another --host or --port, or [serve]") from None


def address(listening: socket.socket) -> str:
    """The URL of *listening*."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Hurried(H11Protocol):
    """HTTP that waits for nobody who never finishes a request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(HURRY, self._hurry)

    def _hurry(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.loop.call_later(HURRY, self._hurry)


class Server:
    """Serves *app* on a socket while the block lasts."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            http=_Hurried,
            ws="none",
            server_header=False,
            proxy_headers=False,
            limit_concurrency=AT_ONCE,
            timeout_graceful_shutdown=PATIENCE,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="web", daemon=True)

    def check(self) -> None:
        """Raises when nobody is served any more: that ends the process, so that whoever started it sees it."""
        if not self._thread.is_alive():
            raise RuntimeError("the server has gone")

    def __enter__(self) -> "Server":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE + 1)
