"""Word of new and changed rows, from PostgreSQL's `NOTIFY` to whoever listens in this process."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

CHANNEL = "live_event"
BEHIND = 256
"""So many changes may wait for one listener."""
AGAIN = 1.0
"""Seconds until a lost connection is made again."""


@dataclass(frozen=True)
class Change:
    """A row of `chat_messages` or `questions` that is new or has changed."""

    table: str
    row: dict[str, Any]


Listener = asyncio.Queue[Change | None]
"""None: some changes were missed, and no more will come."""


class Hub:
    """Hands every change to the listeners of its event; on a connection of its own, not one of the pool's."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._following = False
        self._listeners: dict[str, set[Listener]] = defaultdict(set)

    @contextmanager
    def listening(self, event: str) -> Iterator[Listener]:
        """A queue of the changes of *event* from now on."""
        listener: Listener = asyncio.Queue(BEHIND + 1)
        self._listeners[event].add(listener)
        if not self._following:
            self._dismiss(event, listener)
        try:
            yield listener
        finally:
            self._listeners[event].discard(listener)
            if not self._listeners[event]:
                del self._listeners[event]

    async def work(self) -> None:
        """Follow the database for ever. Whoever listens while it cannot be followed is dismissed."""
        while True:
            try:
                await self._follow()
            except psycopg.Error:
                self._following = False
            for event, listeners in list(self._listeners.items()):
                for one in list(listeners):
                    self._dismiss(event, one)
            await asyncio.sleep(AGAIN)

    async def _follow(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, application_name="live_event hub", keepalives_idle=10
        )
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}".encode())
            self._following = True
            async for word in connection.notifies():
                told = json.loads(word.payload)
                self._hand_on(Change(told["table"], told["row"]))

    def _hand_on(self, change: Change) -> None:
        event = change.row["event_id"]
        for one in list(self._listeners.get(event, ())):
            if one.qsize() >= BEHIND:
                self._dismiss(event, one)
            else:
                one.put_nowait(change)

    def _dismiss(self, event: str, listener: Listener) -> None:
        listener.put_nowait(None)
        self._listeners[event].discard(listener)
