"""Plays visitors: `python -m live_event.load ADDRESS… --folder DIR`. Stops on SIGTERM, or after `--seconds`.

Visitors are spread over the addresses, and behave as the front end tells them that they load (`live_event.client`).
`DIR/scene.json` says what happens besides (`live_event.scenes`).

Every bad answer (400 outside of auth, or 500 and above) is noted with its time in `DIR/bad.ndjson`, so that it can be
told how long the service was broken, from outside. At the end `DIR/load.json` says how much was asked.
"""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from live_event.database import PUBLIC_EVENT
from live_event.lifeline import hold_on
from live_event.scenes import Stage

EVENT = f"/api/events/{PUBLIC_EVENT}"
MIX = {
    "ping": 44,
    "look": 20,
    "read_chat": 12,
    "write_chat": 5,
    "ask": 4,
    "track": 5,
    "who_am_i": 4,
    "refresh": 3,
    "sign_in": 2,
    "lost": 1,
    "forgot_token": 1,
    "reuse_token": 0.8,
}
"""How often visitors do what: weights. The last three are the small mistakes that every service sees."""
KNOWN_ERROR = 0.03
"""How often a visitor meets the old fault instead, while it is played."""


@dataclass
class Tally:
    """What was asked, and what went wrong."""

    folder: Path
    started: float = field(default_factory=time.time)
    asked: int = 0
    bad: int = 0
    known_error: bool = False
    """Is the old fault being met?"""
    slowness: float = 1.0
    """How many times as long visitors wait between two deeds."""

    def note(self, answer: httpx.Response) -> None:
        """Count an answer."""
        self.asked += 1
        path = answer.request.url.path
        status = answer.status_code
        if status >= 500 or (status == 400 and not path.startswith("/auth/")):
            self.bad += 1
            with (self.folder / "bad.ndjson").open("a") as file:
                file.write(json.dumps({"at": datetime.now(UTC).isoformat(), "status": status, "path": path}) + "\n")

    def write(self) -> None:
        """Write the sum."""
        seconds = time.time() - self.started
        told = {"asked": self.asked, "bad": self.bad, "seconds": seconds, "per_second": self.asked / seconds}
        (self.folder / "load.json").write_text(json.dumps(told) + "\n")


class Visitor:
    """Somebody who signs in and then does this and that."""

    def __init__(self, client: httpx.AsyncClient, tally: Tally, number: int, chance: random.Random) -> None:
        self._client, self._tally, self._chance = client, tally, chance
        self._address = f"10.0.{number // 250}.{number % 250 + 1}"
        self._credentials = {"email": f"visitor{number}@live-event.example", "password": f"a visit {number}"}
        self._access = self._refresh = self._used = ""
        self._front: dict[str, Any] = {}
        """How the front end that was loaded behaves."""

    async def live(self, pause: float) -> None:
        """Visit for ever, one request every *pause* seconds on average."""
        await self._enter("signup", self._credentials)
        if not self._access:
            await self.sign_in()
        await self._load_page()
        await self.track()
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / pause) * self._tally.slowness)
            # A deploy may cut a connection: a visitor tries something else.
            with contextlib.suppress(httpx.HTTPError):
                await self._act()

    async def _act(self) -> None:
        """Do something; whoever is not signed in can only try to be."""
        names, weights = list(MIX), list(MIX.values())
        name = self._chance.choices(names, weights)[0]
        if self._tally.known_error and self._chance.random() < KNOWN_ERROR:
            name = "replay"
        await getattr(self, name if self._access else "sign_in")()

    async def ping(self) -> None:
        """Still watching. With every sign of life the page looks whether there is a newer one."""
        await self._load_page()
        answer = await self._ask("POST", f"{EVENT}/presence/ping")
        if answer.status_code == 401:
            await self.sign_in()
        if self._front.get("who_am_i_per_ping"):
            await self.who_am_i()

    async def look(self) -> None:
        """Open the live page."""
        await self._load_page()
        await self._ask("GET", f"{EVENT}/live")
        if self._front.get("enter_on_load"):
            await self.track()

    async def replay(self) -> None:
        """Look at what one missed."""
        await self._ask("GET", f"{EVENT}/replay")

    async def read_chat(self) -> None:
        """Read what others say."""
        await self._ask("GET", f"{EVENT}/chat")

    async def write_chat(self) -> None:
        """Say something."""
        await self._ask("POST", f"{EVENT}/chat", {"body": f"hello {self._chance.random()}"})

    async def ask(self) -> None:
        """Ask something nobody has asked."""
        await self._ask("POST", f"{EVENT}/questions", {"body": f"why {self._chance.random()}?"})

    async def track(self) -> None:
        """Come in again, as often as the front end takes it for necessary."""
        for _ in range(1 + int(self._front.get("enter_again", 0))):
            answer = await self._ask("POST", f"{EVENT}/access/track")
            if answer.status_code != 200 or answer.json().get("created"):
                return

    async def who_am_i(self) -> None:
        """Ask auth who one is."""
        await self._ask("GET", "/auth/v1/user")

    async def sign_in(self) -> None:
        """Sign out, and in again."""
        self._access = ""
        await self._enter("token?grant_type=password", self._credentials)

    async def refresh(self) -> None:
        """Take a new token for the old one; every tab that is open does so."""
        self._used = self._refresh
        body = {"refresh_token": self._refresh}
        tabs = [self._enter("token?grant_type=refresh_token", body) for _ in range(int(self._front.get("tabs", 1)))]
        if not all(await asyncio.gather(*tabs)):
            await self.sign_in()

    async def reuse_token(self) -> None:
        """Use a token twice, as two open tabs do; the session ends, and one signs in again."""
        if self._used:
            await self._enter("token?grant_type=refresh_token", {"refresh_token": self._used})
            self._used = ""
            await self.sign_in()

    async def lost(self) -> None:
        """Follow a link to an event that is no more."""
        await self._ask("GET", "/api/events/last-year/live")

    async def forgot_token(self) -> None:
        """Ask auth without a token."""
        answer = await self._client.get("/auth/v1/user", headers=self._headers(signed_in=False))
        self._tally.note(answer)

    async def _load_page(self) -> None:
        """Read how the front end behaves."""
        answer = await self._client.get("/client.json", headers=self._headers(signed_in=False))
        if answer.status_code == 200:
            self._front = answer.json()

    async def _enter(self, how: str, body: dict[str, str]) -> bool:
        """Sign up, in, or on; did it work?"""
        answer = await self._client.post(f"/auth/v1/{how}", json=body, headers=self._headers(signed_in=False))
        self._tally.note(answer)
        if answer.status_code == 200:
            told = answer.json()
            self._access, self._refresh = told["access_token"], told["refresh_token"]
        return answer.status_code == 200

    async def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        answer = await self._client.request(method, path, json=body, headers=self._headers())
        self._tally.note(answer)
        return answer

    def _headers(self, *, signed_in: bool = True) -> dict[str, str]:
        headers = {"cf-connecting-ip": self._address, "user-agent": "visitor"}
        return headers | ({"authorization": f"Bearer {self._access}"} if signed_in and self._access else {})


class Company:
    """All visitors, spread over the addresses."""

    def __init__(self, clients: Sequence[httpx.AsyncClient], tally: Tally, pause: float, chance: random.Random) -> None:
        self._clients, self._tally, self._pause, self._chance = clients, tally, pause, chance

    @property
    def known_error(self) -> bool:
        """Do they meet the old fault?"""
        return self._tally.known_error

    @known_error.setter
    def known_error(self, met: bool) -> None:
        self._tally.known_error = met

    @property
    def slowness(self) -> float:
        """How many times as long they wait between two deeds."""
        return self._tally.slowness

    @slowness.setter
    def slowness(self, times: float) -> None:
        self._tally.slowness = times

    def arrive(self, number: int) -> asyncio.Task[None]:
        """The visitor with this number comes."""
        client = self._clients[number % len(self._clients)]
        visitor = Visitor(client, self._tally, number, random.Random(self._chance.random()))
        return asyncio.create_task(visitor.live(self._pause))


async def play(
    addresses: Sequence[str], folder: Path, visitors: int, per_second: float, seconds: float, seed: int
) -> None:
    """Play *visitors* for *seconds* (or until cancelled), *per_second* requests in all."""
    tally = Tally(folder)
    async with contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(one)) for one in addresses]
        company = Company(clients, tally, visitors / per_second, random.Random(seed))
        tasks = [company.arrive(number) for number in range(visitors)]
        tasks.append(asyncio.create_task(Stage(folder, clients[0], company, visitors).watch()))
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, over.set)
        loop.call_later(seconds, over.set)
        await over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    tally.write()


def _client(address: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    return httpx.AsyncClient(base_url=address, timeout=10, trust_env=False, limits=limits)


def main() -> None:
    """Play until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", nargs="+")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--per-second", type=float, default=25.0)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    hold_on()
    asyncio.run(play(asked.address, asked.folder, asked.visitors, asked.per_second, asked.seconds, asked.seed))


if __name__ == "__main__":
    main()
