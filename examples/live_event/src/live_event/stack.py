"""The whole service in one folder: database, platform, log streams and visitors. Everything stops with the block."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from live_event import past, scenes
from live_event.database import READER, SERVICE, Database, running
from live_event.forward import Forwarder
from live_event.lifeline import as_child
from live_event.platform import Platform
from live_event.ship import Shipper
from live_event.team import EXAMPLE, Team

ADDRESSES = ("http://127.0.0.1:8787", "http://127.0.0.1:8788")
"""What the plan of the example says; a running stack has other ports."""
DISTANCE = 0.03
"""Seconds between the service and its database, in the mean: latencies of one machine would tell of its other load."""


BUILD = 9.6
"""Seconds that the platform takes to build a deployment in a demonstration: two minutes of the plan."""


def browser() -> str:
    """A browser that the journey `browser` can drive; empty when there is none."""
    return shutil.which("chromium") or shutil.which("google-chrome") or ""


def without_browser(plan: str) -> str:
    """*plan* without the journey that needs one."""
    plan = plan.replace(', "journey:browser"', "").replace(', "browser"', "")
    return re.sub(r'\[\[journeys\]\][^\n]*\nname = "browser"\n.*?\n\n', "", plan, flags=re.DOTALL)


@dataclass(frozen=True)
class Stack:
    """A running service."""

    folder: Path
    database: Database
    platform: Platform
    team: Team
    environ: dict[str, str]
    """What whoever watches it needs: the reader's address and the personas' passwords."""

    @property
    def logs(self) -> Path:
        """Where the streams are, as they were shipped."""
        return self.folder / "logs"

    @property
    def config(self) -> Path:
        """The operator's copy of the plan."""
        return self.folder / "bakewatch.toml"


@contextmanager
def serving(folder: Path, build: float = 0.0) -> Iterator[Stack]:
    """The service with its healthy base deployed, in the empty *folder* (absolute); nobody visits yet.

    *build*: seconds that each further deployment takes.
    """
    passwords = {f"LIVE_EVENT_{name}_PASSWORD": secrets.token_urlsafe(12) for name in ("REGISTRANT", "ADMIN")}
    people = {
        "registrant@live-event.example": (passwords["LIVE_EVENT_REGISTRANT_PASSWORD"], "member"),
        "admin@live-event.example": (passwords["LIVE_EVENT_ADMIN_PASSWORD"], "admin"),
    }
    written = folder / "written"
    written.mkdir(parents=True)
    with running(folder) as database:
        database.prepare(people)
        environ = {
            **os.environ,
            "LIVE_EVENT_DATABASE_URL": database.url_of(SERVICE),
            "LIVE_EVENT_LOGS": str(written),
            "LIVE_EVENT_SECRET": secrets.token_urlsafe(24),
            "LIVE_EVENT_DISTANCE": str(DISTANCE),
        }
        team = Team(folder)
        team.create()
        platform = Platform(team.remote, folder / "platform", environ, database.url, build)
        plan = (EXAMPLE / "bakewatch.toml").read_text()
        for said, real in zip(ADDRESSES, platform.addresses, strict=True):
            plan = plan.replace(said, real)
        if not browser():
            print("no browser is installed (chromium or google-chrome): the journey `browser` is left out", flush=True)
            plan = without_browser(plan)
        (folder / "bakewatch.toml").write_text(plan)
        seen = passwords | {"LIVE_EVENT_READER_URL": database.url_of(READER)}
        with _shipping(folder, written, database.jsonlogs):
            platform.start()
            try:
                platform.wait_for(team.start(plan))
                yield Stack(folder, database, platform, team, seen)
            finally:
                platform.stop()


@contextmanager
def _shipping(folder: Path, written: Path, jsonlogs: Path | None) -> Iterator[None]:
    """What the service and its database write becomes the streams that a watcher follows."""
    shipper = Shipper(written, folder / "logs", lambda: scenes.lateness(folder), lambda: scenes.skew(folder))
    forwarder = Forwarder(jsonlogs, written) if jsonlogs else None
    shipper.start()
    if forwarder:
        forwarder.start()
    try:
        yield
    finally:
        if forwarder:
            forwarder.stop()
        shipper.stop()


@contextmanager
def visited(stack: Stack, history: timedelta, warm_up: float = 30.0) -> Iterator[None]:
    """Visitors come; after *warm_up* seconds of them, *history* is made from what they did."""
    argv = [sys.executable, "-m", "live_event.load", *stack.platform.addresses, "--folder", str(stack.folder)]
    load = subprocess.Popen(argv, env={**os.environ, **as_child()}, start_new_session=True)
    try:
        time.sleep(warm_up)
        past.generate(stack.logs, history)
        yield
    finally:
        load.terminate()
        load.wait(15)
