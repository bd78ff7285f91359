"""What happens around a release without being its doing: a crowd, a bot, a stranger, late log lines.

A scene is played while `scene.json` in the stack's folder names it. The load generator and the log shipper watch that
file; `live_event.demo` writes it. What happens to the database is done by whoever plays the scene (`played`).
"""

import asyncio
import contextlib
import json
import math
import random
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from live_event.tables import PUBLIC_KEY

MINUTE = 4.8
"""Seconds of a minute of the plan, at its time scale of 0.08."""


@dataclass(frozen=True)
class Scene:
    """When it is played: in minutes of the plan after production serves the release. A *standing* one is played all the
    time, history included."""

    title: str
    begins: float = 2.0
    lasts: float = 20.0
    standing: bool = False


SCENES = {
    "flash_crowd": Scene("the traffic triples", begins=6, lasts=14),
    "traffic_doubled": Scene("the traffic doubles", begins=1, lasts=40),
    "crowd_at_start": Scene("the event begins: the traffic triples with the deploy", begins=0, lasts=40),
    "fading": Scene("the traffic falls to a third", begins=2, lasts=40),
    "bot": Scene("a bot looks for what is not there", begins=4, lasts=16),
    "outsider": Scene("somebody without an account asks for a column that does not exist", begins=4, lasts=40),
    "log_delay": Scene("log lines come up to two minutes of the plan late", begins=1, lasts=24),
    "log_outage": Scene("no log line comes any more", begins=8, lasts=40),
    "clock_skew": Scene("the clock of the logs is 20 seconds of the plan ahead", begins=1, lasts=24),
    "database_restart": Scene("the provider restarts the database", begins=10, lasts=1),
    "database_outage": Scene("the database is away for two minutes of the plan", begins=10, lasts=2),
    "known_error": Scene("an old fault goes on as ever", standing=True),
}
LATE = 2 * MINUTE
"""So late log lines come in the scene `log_delay`."""
AHEAD = MINUTE / 3
"""So far the clock of the logs is ahead in the scene `clock_skew`."""
CROWD_COMES_WITHIN = 2 * MINUTE
LEAST = 3.0
"""So many times less people do at last in the scene `fading`."""


def now_playing(folder: Path) -> str:
    """The scene that is played now; empty when none is."""
    try:
        return str(json.loads((folder / "scene.json").read_text())["scene"])
    except (OSError, ValueError, KeyError):
        return ""


def play(folder: Path, name: str) -> None:
    """From now on *name* is played; empty: nothing more."""
    fresh = folder / "scene.json.new"
    fresh.write_text(json.dumps({"scene": name}))
    fresh.replace(folder / "scene.json")  # whoever reads it finds a whole file


def lateness(folder: Path) -> float:
    """By how much log lines may be late now, in seconds; infinite: they do not come."""
    return {"log_delay": LATE, "log_outage": math.inf}.get(now_playing(folder), 0.0)


def skew(folder: Path) -> float:
    """By how much the clock of the logs is ahead now, in seconds."""
    return AHEAD if now_playing(folder) == "clock_skew" else 0.0


Deeds = Mapping[str, Callable[[], None]]
"""What is to be done when a scene begins, by the scene's name."""


@contextmanager
def played(folder: Path, name: str, served: Callable[[], bool], deeds: Deeds) -> Iterator[None]:
    """Play the scene *name*, if it is one, at its time once the release is *served*; it ends with the block at the
    latest."""
    scene = SCENES.get(name)
    if scene is None or scene.standing:
        yield
        return
    over = threading.Event()
    director = threading.Thread(
        target=_direct, args=(folder, name, scene, served, over, deeds), daemon=True, name="scene"
    )
    director.start()
    try:
        yield
    finally:
        over.set()
        director.join(30)


def _direct(
    folder: Path, name: str, scene: Scene, served: Callable[[], bool], over: threading.Event, deeds: Deeds
) -> None:
    while not served():
        if over.wait(0.2):
            return
    if not over.wait(scene.begins * MINUTE):
        play(folder, name)
        if name in deeds:
            deeds[name]()
        over.wait(scene.lasts * MINUTE)
        play(folder, "")


class Cast(Protocol):
    """Who plays the visitors."""

    known_error: bool
    slowness: float
    """How many times as long they wait between two deeds."""

    def arrive(self, number: int) -> asyncio.Task[None]:
        """One more visitor than so many comes."""


class Stage:
    """Plays in the load generator what *folder* says. *size*: how many visitors there are anyway."""

    def __init__(self, folder: Path, client: httpx.AsyncClient, cast: Cast, size: int) -> None:
        self._folder, self._client, self._cast, self._size = folder, client, cast, size
        self._playing = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def watch(self) -> None:
        """Follow the control file for ever."""
        try:
            while True:
                await self.turn(now_playing(self._folder))
                await asyncio.sleep(0.2)
        finally:
            await self.turn("")

    async def turn(self, wanted: str) -> None:
        """Play *wanted* instead of what is played."""
        if wanted == self._playing:
            return
        for one in self._tasks:
            one.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks, self._playing = [], wanted
        self._cast.known_error, self._cast.slowness = wanted == "known_error", 1.0
        acts: dict[str, Callable[[], Coroutine[None, None, None]]] = {
            "flash_crowd": lambda: self._crowd(2 * self._size),
            "crowd_at_start": lambda: self._crowd(2 * self._size),
            "traffic_doubled": lambda: self._crowd(self._size),
            "fading": self._fade,
            "bot": self._bot,
            "outsider": self._outsider,
        }
        if wanted in acts:
            self._tasks.append(asyncio.create_task(acts[wanted]()))

    async def _fade(self) -> None:
        """People do less and less."""
        while self._cast.slowness < LEAST:
            self._cast.slowness += 0.2
            await asyncio.sleep(MINUTE)

    async def _crowd(self, size: int) -> None:
        """So many more, one after the other."""
        crowd: list[asyncio.Task[None]] = []
        try:
            for number in range(size):
                crowd.append(self._cast.arrive(self._size + number))
                await asyncio.sleep(CROWD_COMES_WITHIN / size)
            await asyncio.gather(*crowd, return_exceptions=True)
        finally:
            for one in crowd:
                one.cancel()

    async def _bot(self) -> None:
        """Ten guesses a second."""
        chance = random.Random(1)
        while True:
            word = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=8))
            await self._stranger(chance.choice((f"/rest/v1/{word}", f"/auth/v1/{word}", f"/{word}.php")), "bot")
            await asyncio.sleep(0.1)

    async def _outsider(self) -> None:
        """What anybody can do who has read the public key in the page."""
        while True:
            await self._stranger("/rest/v1/registrations?select=id", "curl")
            await asyncio.sleep(MINUTE / 4)

    async def _stranger(self, path: str, agent: str) -> None:
        headers = {"apikey": PUBLIC_KEY, "user-agent": agent, "cf-connecting-ip": "203.0.113.7"}
        with contextlib.suppress(httpx.HTTPError):
            await self._client.get(path, headers=headers)
