"""One attendee of the example's event, as the live page behaves: pings, listens, now and then a message."""

import asyncio
import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from live_event.database import PUBLIC_EVENT

PING_SECONDS = 20.0
CHAT_SECONDS = 120.0
"""In the mean."""
AT_ONCE = 8
"""So many come at the same time: each of them costs the hash of a password."""
EVENT = f"/api/events/{PUBLIC_EVENT}"


@dataclass
class Measured:
    """Seconds that answers took, by kind of request, and what went wrong. `heard`: until a message came to others."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: Counter[str] = field(default_factory=Counter)

    def answers(self, kind: str) -> int:
        """How many there were."""
        return len(self.seconds[kind])

    def p95(self, kind: str) -> float:
        """The 95th percentile; 0 of nothing."""
        found = self.seconds[kind]
        return statistics.quantiles(found, n=20, method="inclusive")[-1] if len(found) > 1 else sum(found)


class Attendee:
    """Somebody who came, and stays until cancelled."""

    def __init__(self, client: httpx.AsyncClient, number: int) -> None:
        self._client, self._chance = client, random.Random(number)
        self._socket = f"{str(client.base_url).replace('http', 'ws', 1).rstrip('/')}{EVENT}/socket"
        self._credentials = {"email": f"attendee{number}@live-event.example", "password": f"an evening {number}"}
        self._token = ""
        self.measured = Measured()

    async def come(self) -> None:
        """Sign up and be registered; an error ends the measurement."""
        answer = await self._client.post("/auth/v1/signup", json=self._credentials)
        self._token = answer.raise_for_status().json()["access_token"]
        (await self._client.post(f"{EVENT}/access/track", headers=self._headers())).raise_for_status()

    async def stay(self) -> None:
        """Listen, ping and talk."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._ping())
            group.create_task(self._talk())

    async def _ping(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, PING_SECONDS))
        while True:
            due = time.perf_counter() + PING_SECONDS
            await self._timed("ping", "POST", f"{EVENT}/presence/ping", None, 204)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async def _talk(self) -> None:
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / CHAT_SECONDS))
            await self._timed("chat", "POST", f"{EVENT}/chat", {"body": f"hello {self._chance.random()}"}, 201)

    async def _timed(self, kind: str, method: str, path: str, body: dict[str, str] | None, wanted: int) -> None:
        started = time.perf_counter()
        try:
            answer = await self._client.request(method, path, json=body, headers=self._headers())
        except httpx.HTTPError as error:
            self.measured.problems[f"{kind} {type(error).__name__}"] += 1
            return
        self.measured.seconds[kind].append(time.perf_counter() - started)
        if answer.status_code != wanted:
            self.measured.problems[f"{kind} {answer.status_code}"] += 1

    async def _listen(self) -> None:
        """Hear what others say. The service and this generator have the same clock."""
        try:
            async with connect(self._socket, proxy=None) as socket:
                await socket.send(json.dumps({"access_token": self._token}))
                async for frame in socket:
                    told = json.loads(frame)
                    if told["kind"] == "message":
                        written = datetime.fromisoformat(told["message"]["created_at"]).timestamp()
                        self.measured.seconds["heard"].append(time.time() - written)
        except (OSError, WebSocketException) as error:
            self.measured.problems[f"socket {type(error).__name__}"] += 1
        else:
            self.measured.problems["socket closed"] += 1

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"}


Come = Callable[[int], Awaitable[list[Attendee]]]


@asynccontextmanager
async def arriving(addresses: Sequence[str]) -> AsyncIterator[Come]:
    """What lets so many more come, spread over *addresses*; everybody leaves with the block."""
    stays: list[asyncio.Task[None]] = []
    gate = asyncio.Semaphore(AT_ONCE)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=one, timeout=20, trust_env=False, limits=limits))
            for one in addresses
        ]

        async def one(number: int) -> Attendee:
            attendee = Attendee(clients[number % len(clients)], number)
            async with gate:
                await attendee.come()
            stays.append(asyncio.create_task(attendee.stay()))
            return attendee

        async def come(more: int) -> list[Attendee]:
            first = len(stays)
            return list(await asyncio.gather(*(one(number) for number in range(first, first + more))))

        try:
            yield come
        finally:
            for task in stays:
                task.cancel()
            await asyncio.gather(*stays, return_exceptions=True)
