"""One run of one release in a stack of its own, and what is known of it afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from live_event.team import change

LONGEST = 900.0
"""Seconds after which a run is ended: none takes half as long."""
NOT_RUN = "not_run"
BUILD = 28.8
"""Seconds that the platform takes to build, six minutes of the plan: so long that, however many stacks there are, the
watch begins before the release is live."""


@dataclass(frozen=True)
class Run:
    """How one run went. Seconds are of the clock; minutes are the plan's."""

    release: str
    number: int
    ending: str
    outcome: str = ""
    reverts: int = 0
    culprits: tuple[str, ...] = ()
    """What demanded the undo."""
    reasons: tuple[str, ...] = ()
    """Why it is no pass, when nothing demanded an undo."""
    detected: float | None = None
    """Seconds from the first bad event until a trigger fired."""
    restored: float | None = None
    """Seconds from the first bad event until production was well again."""
    blind: int = 0
    """The most minutes that a check was blind."""
    seen: float = 0.0
    """The least share of its planned minutes that a check saw."""
    took: float = 0.0
    tried: str = ""
    """A digest of what was tried."""

    @property
    def as_expected(self) -> bool:
        """Did it end as it may, with one revert exactly where it was undone?"""
        return self.ending in change(self.release).expected and self.reverts == (self.ending == "undone")

    @property
    def right_reason(self) -> bool:
        """Was it seen by what should see it?"""
        wanted = change(self.release).seen_by
        return not wanted or self.ending == "inconclusive" or bool(set(wanted) & set(self.culprits))


def run(release: str, number: int, work: Path) -> Run:
    """Run *release* once, below *work*. Its reports stay; the stack goes."""
    folder = work / f"{release}-{number}"
    began = time.monotonic()
    with (work / f"{release}-{number}.out").open("wb") as out:
        argv = [
            sys.executable,
            "-m",
            "live_event.demo",
            "--dir",
            str(folder),
            "--releases",
            release,
            "--build",
            str(BUILD),
            "--brief",
        ]
        demo = subprocess.Popen(argv, stdout=out, stderr=out, start_new_session=True)
        _RUNNING.add(demo)
        try:
            demo.wait(LONGEST)
        except subprocess.TimeoutExpired:
            _end(demo)
        finally:
            _RUNNING.discard(demo)
    took = time.monotonic() - began
    try:
        shown: dict[str, Any] = json.loads((folder / "shown.json").read_text())[0]
        report = next(Path(one) for one in shown["reports"] if one.endswith(".json"))
        told: dict[str, Any] = json.loads(report.read_text())
    except (OSError, ValueError, LookupError, StopIteration):
        return Run(release, number, NOT_RUN, took=took)
    for one in map(Path, shown["reports"]):
        shutil.copy(one, work / f"{release}-{number}.{one.name}")
    shutil.rmtree(folder, ignore_errors=True)
    return measured(release, number, shown, told, took)


def measured(release: str, number: int, shown: dict[str, Any], report: dict[str, Any], took: float) -> Run:
    """What *shown* (the demo's own record) and the *report* say together.

    The first bad event is what came first: a bad answer that a visitor got, or what the logs show; where there was none
    of either (only a journey saw it), the moment at which the release was live.
    """
    broken, undo = report["broken"] or {}, report["undo"]
    first = min(filter(None, map(_moment, (shown["first_bad"], broken.get("since")))), default=None)
    first = first or _moment((report["live"] or {}).get("live_since"))
    fired, until = _moment(undo["fired_at"]), _moment(broken.get("until"))
    checks = [check["evidence"] or {} for one in report["criteria"] for check in one["checks"]]
    reasons = report["reasons"]
    return Run(
        release=release,
        number=number,
        ending=shown["ending"],
        outcome=report["outcome"] or "",
        reverts=shown["reverts"],
        culprits=tuple(one["about"] for one in reasons if one["code"] == "fired"),
        reasons=tuple(f"{one['code']} {one['about']}".strip() for one in reasons if one["code"] != "fired"),
        detected=_between(first, fired),
        restored=_between(first, until),
        blind=max((check.get("blind_minutes") or 0 for check in checks), default=0),
        seen=min((check.get("seen") or 0.0 for check in checks), default=0.0),
        took=took,
    )


_RUNNING: set[subprocess.Popen[bytes]] = set()


def end_all() -> None:
    """End what is running: whoever is interrupted waits for nothing."""
    for demo in tuple(_RUNNING):
        _end(demo)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _between(first: datetime | None, last: datetime | None) -> float | None:
    """A journey may see the fault in the very second in which it begins."""
    return max(0.0, (last - first).total_seconds()) if first and last else None


def _end(demo: subprocess.Popen[bytes]) -> None:
    """Let it stop its parts, which end with it however it ends."""
    demo.send_signal(signal.SIGINT)
    try:
        demo.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(demo.pid, signal.SIGKILL)
        demo.wait()
