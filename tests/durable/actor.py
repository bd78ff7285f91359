"""The real command with a scripted production behind it, as a process of its own that a test may kill.

`python -m tests.durable.actor WORDS…` is `bakewatch WORDS…`. What happens is said by files in the working directory:
`hurt` (the journey fails), `slow` (an undo takes that many seconds), `bug` (walking raises; for one commit only, when
it names that), `full` (walking finds the disk full), `long` (the bake lasts), `late` (the release is not served yet,
and production is asked rarely). What was done to the world is written to `marks`, a line each.
"""

import errno
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from bakewatch import app
from bakewatch.cli.main import main
from bakewatch.config import RepositorySettings, Settings
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.notice import Notice
from bakewatch.model.observation import CanarySent
from bakewatch.model.plan import Bake, Confirm, Journey, Persona, Plan
from bakewatch.model.release import Merged, Release, Sighting
from bakewatch.model.rollback import Brake, Rollback
from bakewatch.ports import World
from bakewatch.testing.world import PARENT, RELEASE
from bakewatch.vendors.no_archive import NoArchive
from tests.flow.stories import MERGED, PLAN

CONFIG = """\
data = "data"
[service]
name = "live"
[repository]
remote = "/nonexistent"
[platform]
kind = "endpoint"
addresses = ["http://127.0.0.1:9"]
"""


class Production:
    """Serves the release, and does what the files say."""

    def __init__(self, order: app.Order) -> None:
        self._commit = order.release.commit

    def _mark(self, what: str) -> None:
        with Path("marks").open("a") as file:
            file.write(f"{os.getpid()} {what}\n")

    def sight(self) -> list[Sighting]:
        self._mark("sight")
        commit = PARENT if Path("late").exists() else self._commit
        return [Sighting(address="live", at=datetime.now(UTC), commit=commit)]

    def earlier(self, commit: str) -> str:
        return ""

    def tip(self) -> str:
        return self._commit

    def contains(self, head: str, commit: str) -> bool:
        return False

    def undone_by(self, release: Release) -> str:
        return ""

    def stayed(self, release: Release) -> bool:
        return True

    def merges(self, since: datetime) -> list[Merged]:
        return []

    def touches(self, old: str, new: str, below: Sequence[str]) -> bool:
        return False

    def brake(self, release: Release) -> Brake:
        return Brake(pulled=False)

    def send(self, tag: str) -> list[CanarySent]:
        return []

    def walk(self, journey: Journey, persona: Persona, address: str, tag: str) -> JourneyRun:
        if Path("bug").exists() and Path("bug").read_text() in self._commit:
            raise KeyError("hong@example.com")
        if Path("full").exists():
            raise OSError(errno.ENOSPC, "hong@example.com")
        walked = Walked.FAILED if Path("hurt").exists() else Walked.PASSED
        return JourneyRun(journey=journey.name, persona=journey.persona, at=datetime.now(UTC), walked=walked)

    def sweep(self, tag: str) -> None:
        return None

    def notify(self, notice: Notice) -> None:
        self._mark(f"notify {notice.transition}")

    def roll_back(self, release: Release) -> Rollback:
        self._mark("push begins")
        time.sleep(float(Path("slow").read_text()))
        self._mark("push ends")
        return Rollback(method="git", at=datetime.now(UTC), problem="conflict", permanent=True)


_real_world = app.world


def _world(order: app.Order, environ: Any = None) -> World:
    _real_world(order, environ)
    production = Production(order)
    return World(
        platform=production,
        repository=production,
        sources={},
        canaries=production,
        journeys=production,
        method=production,
        notifier=production,
        archive=NoArchive(),
        addresses=("live",),
        clock=app.clock,
    )


def order(data: Path, commit: str, token_env: str = "") -> app.Order:
    """A release with one journey, baked for less than a second, or for minutes when there is a file `long`."""
    duration, scale = ("100m", 0.05) if Path("long").exists() else ("1m", 0.01)
    plan = structs.replace(
        PLAN,
        time_scale=scale,
        confirm=Confirm(times=1, every="99m", within="99m") if Path("late").exists() else PLAN.confirm,
        bake=Bake(duration=duration, look_every="30s", journeys_every="30s"),
        streams={},
        checks=(),
        triggers=PLAN.triggers[2:],
    )
    settings = Settings(
        repository=RepositorySettings(remote="/nonexistent", token_env=token_env),
        platform={"kind": "endpoint", "addresses": ["http://127.0.0.1:9"]},
    )
    return app.Order(
        release=structs.replace(MERGED, commit=commit or RELEASE, merged_at=datetime.now(UTC)),
        plan=plan,
        settings=settings,
        data=str(data),
        plan_dir=str(data),
        base=str(data),
    )


def _prepare(settings: Settings, plan: Plan, data: Path, config: Path, *, commit: str = "", **_: Any) -> app.Order:
    return order(data, commit, os.environ.get("TOKEN_ENV", ""))


if __name__ == "__main__":
    app.world, app.prepare = _world, _prepare
    main()
