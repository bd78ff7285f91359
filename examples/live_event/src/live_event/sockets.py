"""Chat and questions as they happen: a WebSocket on which the service says what is new.

The first frame of the client is `{"access_token": …}`: the address of a socket is logged in many places, and browsers
send no header with it. The service answers `{"kind": "ready"}`; from then on no change is missed, or the socket is
closed (1013), and the client comes again and reads what it missed.
"""

import asyncio
import contextlib
import time
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from live_event.admission import admitted, find_event
from live_event.context import Refusal, Visitor, rest, service, visitor_of
from live_event.realtime import Listener
from live_event.rest import RestError
from live_event.shown import Eyes

GREETS_WITHIN = 10.0
"""Seconds until the client has said who it is."""
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TRY_AGAIN = 4401, 4403, 4404, 1013
_CODES = {403: FORBIDDEN}

router = APIRouter()


class Farewell(Exception):
    """The socket is closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@router.websocket("/api/events/{event}/socket")
async def socket(websocket: WebSocket, event: str) -> None:
    """Say what is new until the client leaves, its token expires, or changes were missed."""
    await websocket.accept()
    with contextlib.suppress(WebSocketDisconnect):
        try:
            await _talk(websocket, event)
        except Farewell as bye:
            await websocket.close(bye.code, bye.reason)
        except Refusal as refused:
            await websocket.close(_CODES.get(refused.status, NOT_FOUND), refused.code)
        except RestError as problem:
            # What the database cannot even be asked for is not there: a NUL in the event's name.
            await websocket.close(NOT_FOUND if problem.status < 500 else TRY_AGAIN, problem.body["code"])


async def _talk(websocket: WebSocket, event_id: str) -> None:
    who = await _greeting(websocket)
    shared = service(websocket)
    tables = rest(websocket, who)
    with shared.hub.listening(event_id) as news:
        event = await find_event(tables, event_id)
        await admitted(tables, event, who)
        await websocket.send_json({"kind": "ready"})
        telling = asyncio.create_task(_tell(websocket, Eyes(who, event_id, shared.secret), news))
        leaving = asyncio.create_task(_until_gone(websocket))
        try:
            seconds = who.until - time.time()
            over, _ = await asyncio.wait({telling, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            for one in over:
                one.result()
            if not over:
                raise Farewell(UNAUTHORIZED, "the token has expired")
        finally:
            telling.cancel()
            leaving.cancel()
            await asyncio.gather(telling, leaving, return_exceptions=True)


async def _greeting(websocket: WebSocket) -> Visitor:
    try:
        async with asyncio.timeout(GREETS_WITHIN):
            said: Any = await websocket.receive_json()
    except (TimeoutError, ValueError, KeyError):
        said = None
    token = said.get("access_token") if isinstance(said, dict) else None
    who = visitor_of(websocket, token) if isinstance(token, str) else None
    if who is None:
        raise Farewell(UNAUTHORIZED, "the first frame holds no valid access_token")
    return who


async def _tell(websocket: WebSocket, eyes: Eyes, news: Listener) -> None:
    while (change := await news.get()) is not None:
        await websocket.send_json(eyes.frame(change))
    raise Farewell(TRY_AGAIN, "changes were missed")


async def _until_gone(websocket: WebSocket) -> None:
    """Nothing that the client says further means anything."""
    while True:
        await websocket.receive()
        if websocket.client_state.name == "DISCONNECTED":
            raise WebSocketDisconnect
