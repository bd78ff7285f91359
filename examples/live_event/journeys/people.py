"""Who walks through the live event, and how they hear what is new."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

Expect = Callable[[object, str], None]
"""The fixture `expect`."""


@dataclass(frozen=True)
class Account:
    """Somebody who is signed in."""

    id: str
    headers: dict[str, str]


@contextmanager
def listening(address: str, event: str, who: Account, tag: str, expect: Expect) -> Iterator[Callable[[str], bool]]:
    """A socket of *event* (its path). What it yields says whether a message or question with that text comes within
    five seconds. A socket that is refused, or does not say that it is ready, fails the walk."""
    token = who.headers["authorization"].removeprefix("Bearer ")
    place = f"{address.replace('http', 'ws', 1)}{event}/socket"
    with ExitStack() as stack:
        try:
            opened = connect(place, proxy=None, user_agent_header=f"bakewatch/{tag}", open_timeout=10)
            socket = stack.enter_context(opened)
            socket.send(json.dumps({"access_token": token}))
            ready = json.loads(socket.recv(timeout=10)) == {"kind": "ready"}
        except (TimeoutError, WebSocketException):
            ready = False
        expect(ready, "the socket opens and says that it is ready")

        def hears(text: str) -> bool:
            until = time.monotonic() + 5
            try:
                while (left := until - time.monotonic()) > 0:
                    frame = json.loads(socket.recv(timeout=left))
                    if frame.get(frame["kind"], {}).get("body") == text:
                        return True
            except (TimeoutError, ConnectionClosed):
                pass
            return False

        yield hears
