"""Plays visitors: `python -m live_event.load ADDRESS --folder DIR`. Stops on SIGTERM, or after `--seconds`.

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
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx

from live_event.database import PUBLIC_EVENT
from live_event.lifeline import hold_on

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


@dataclass
class Tally:
    """What was asked, and what went wrong."""

    folder: Path
    started: float = field(default_factory=time.time)
    asked: int = 0
    bad: int = 0

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

    async def live(self, pause: float) -> None:
        """Visit for ever, one request every *pause* seconds on average."""
        await self._enter("signup", self._credentials)
        if not self._access:
            await self.sign_in()
        await self._ask("POST", f"{EVENT}/access/track")
        names, weights = list(MIX), list(MIX.values())
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / pause))
            # A deploy may cut a connection: a visitor tries something else.
            with contextlib.suppress(httpx.HTTPError):
                await getattr(self, self._chance.choices(names, weights)[0])()

    async def ping(self) -> None:
        """Still watching."""
        answer = await self._ask("POST", f"{EVENT}/presence/ping")
        if answer.status_code == 401:
            await self.sign_in()

    async def look(self) -> None:
        """Open the live page."""
        await self._ask("GET", f"{EVENT}/live")

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
        """Come in again."""
        await self._ask("POST", f"{EVENT}/access/track")

    async def who_am_i(self) -> None:
        """Ask auth who one is."""
        await self._ask("GET", "/auth/v1/user")

    async def sign_in(self) -> None:
        """Sign in afresh."""
        await self._enter("token?grant_type=password", self._credentials)

    async def refresh(self) -> None:
        """Take a new token for the old one."""
        self._used = self._refresh
        await self._enter("token?grant_type=refresh_token", {"refresh_token": self._refresh})

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

    async def _enter(self, how: str, body: dict[str, str]) -> None:
        answer = await self._client.post(f"/auth/v1/{how}", json=body, headers=self._headers(signed_in=False))
        self._tally.note(answer)
        if answer.status_code == 200:
            told = answer.json()
            self._access, self._refresh = told["access_token"], told["refresh_token"]

    async def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> httpx.Response:
        answer = await self._client.request(method, path, json=body, headers=self._headers())
        self._tally.note(answer)
        return answer

    def _headers(self, *, signed_in: bool = True) -> dict[str, str]:
        headers = {"cf-connecting-ip": self._address, "user-agent": "visitor"}
        return headers | ({"authorization": f"Bearer {self._access}"} if signed_in and self._access else {})


async def play(address: str, folder: Path, visitors: int, per_second: float, seconds: float, seed: int) -> None:
    """Play *visitors* for *seconds* (or until cancelled), *per_second* requests in all."""
    tally, chance = Tally(folder), random.Random(seed)
    limits = httpx.Limits(max_connections=visitors, max_keepalive_connections=visitors)
    async with httpx.AsyncClient(base_url=address, timeout=10, trust_env=False, limits=limits) as client:
        people = [Visitor(client, tally, number, random.Random(chance.random())) for number in range(visitors)]
        tasks = [asyncio.create_task(one.live(visitors / per_second)) for one in people]
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, over.set)
        loop.call_later(seconds, over.set)
        await over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    tally.write()


def main() -> None:
    """Play until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
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
