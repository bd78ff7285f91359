"""The server on a real socket: who never finishes a request takes nobody's place for long."""

import http.client
import socket
import time
from contextlib import ExitStack

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bakewatch.web import server as module
from bakewatch.web.server import AT_ONCE, Server, listen

APP = Starlette(routes=[Route("/health", lambda request: PlainTextResponse("ok"))])


def _health(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("said", [b"", b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\n"])
def test_connections_without_a_whole_request_are_closed(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(module, "HURRY", 0.3)
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    with ExitStack() as stack, Server(APP, listening):
        for _ in range(AT_ONCE + 1):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            one.sendall(said)
        deadline = time.monotonic() + 5
        while _health(port) != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    listening.close()
