"""The troubles of a machine: a full disk, a locked database, a clock that jumps, two commands at once."""

import json
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.rows import common
from benchmarks.table import Row
from benchmarks.trial import HARMFUL, HARMLESS, LANES, Facts, Trial, production, say, trial

DISK = "16m"
FULL_FOR = 6.0
"""So many seconds the disk stays full."""
HANGING = 75.0
"""So many seconds after it has space again the command may take to its end."""
SCALE = 0.05
JUMP = 600 * SCALE
"""Ten minutes of the plan: the clock is as wrong against the plan's durations as by ten minutes against whole ones."""
JUMPS = {
    "forward, then back": (JUMP, -JUMP, 0.0),
    "back, then forward": (-JUMP, JUMP, 0.0),
}
MOMENTS = {True: (17, 25, 45), False: (17, 25, 33)}
"""The operations at which it jumps, in a harmful case (the first look, before the undo, in the proof) and another."""


def _in_lanes(cases: list[Callable[[], list[Facts]]]) -> list[Facts]:
    with ThreadPoolExecutor(LANES) as lanes:
        found = [facts for case in lanes.map(lambda one: one(), cases) for facts in case]
    for facts in found:
        say(str(facts))
    return found


def disk_full() -> Iterator[Row]:
    """The data directory has no space left: while it watches, while it undoes, while it proves, and at a restart."""
    words = ("live ", "FIRED ", "undo ", "restart")
    try:
        found = _in_lanes([partial(_full_case, word) for word in words])
    except PermissionError as error:
        yield Row("disk full", "run", f"not run: {error}", False)
        return
    struck = sum(one.struck for one in found)
    value = f"{struck}: {', '.join(map(str.strip, words))}"
    yield Row("disk full: moments", str(len(words)), value, struck == len(words))
    yield from common("disk full", found)


def _full_case(word: str) -> list[Facts]:
    with trial(f"disk full at `{word.strip()}`", scale=SCALE) as tortured, _small(tortured.stack.data) as disk:
        process = tortured.start()
        said = tortured.until(process, "live " if word == "restart" else word)
        if word == "restart":
            tortured.kill(process)
        with _filled(disk):
            tortured.facts.struck += said and not shutil.disk_usage(disk).free
            if word == "restart":
                process = tortured.start()
            time.sleep(FULL_FOR)
        tortured.wait(process, HANGING)
        return [tortured.finish()]


@contextmanager
def _small(folder: Path) -> Iterator[Path]:
    """A small file system at *folder*; `PermissionError` when this machine does not let us mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = shutil.which("mount")
    done = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if not done or done.returncode:
        raise PermissionError(done.stderr.strip() if done else "there is no `mount`")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _filled(disk: Path) -> Iterator[None]:
    """*disk* without space meanwhile: what is freed by others is taken at once."""
    filler = disk / "filler"
    stopped = False

    def fill() -> None:
        with filler.open("ab", buffering=0) as file:
            while not stopped:
                try:
                    file.write(b"\0" * 4096)
                except OSError:
                    time.sleep(0.01)

    with ThreadPoolExecutor(1) as one:
        filling = one.submit(fill)
        while shutil.disk_usage(disk).free and not filling.done():
            time.sleep(0.005)
        try:
            yield
        finally:
            stopped = True
    filler.unlink()


def locked() -> Iterator[Row]:
    """Another process holds an exclusive lock on the database."""
    cases = [(seconds, word) for seconds in (3.0, 20.0) for word in ("live ", "undo ")]
    found = _in_lanes([partial(_locked_case, seconds, word) for seconds, word in cases])
    struck = sum(one.struck for one in found)
    value = f"{struck}: 3 s and 20 s, while it bakes and while it proves"
    yield Row("locked: locks held", str(len(cases)), value, struck == len(cases))
    yield from common("locked", found)


def _locked_case(seconds: float, word: str) -> list[Facts]:
    with trial(f"locked {seconds:.0f} s at `{word.strip()}`", scale=SCALE) as tortured:
        process = tortured.start()
        said = tortured.until(process, word)
        # This process is the other one.
        other = sqlite3.connect(tortured.stack.data / "bakewatch.sqlite", isolation_level=None, timeout=60)
        other.execute("BEGIN EXCLUSIVE")
        tortured.facts.struck += said and process.poll() is None
        time.sleep(seconds)
        other.execute("ROLLBACK")
        other.close()
        tortured.wait(process)
        return [tortured.finish()]


def clock() -> Iterator[Row]:
    """The clock of the process jumps by ten minutes of the plan, the other way, and back."""
    cases = [(harmful, name) for name in JUMPS for harmful in (True, False)]
    found = _in_lanes([partial(_clock_case, harmful, name) for harmful, name in cases])
    struck = sum(one.struck for one in found)
    value = f"{struck}, each by ten minutes of the plan ({JUMP:.0f} s)"
    yield Row("clock: jumps", str(len(cases) * 3), value, struck == len(cases) * 3)
    unearned = [line for one in found for line in one.complaints if line.startswith("PASS")]
    yield Row("clock: passed without evidence", "0", "; ".join(unearned) or "0", not unearned)
    yield from common("clock", found)


def _clock_case(harmful: bool, name: str) -> list[Facts]:
    with trial(f"clock {name}", scale=SCALE, harmful=harmful) as tortured:
        at = zip(MOMENTS[harmful], JUMPS[name], strict=True)
        process = tortured.start("verify", *(f"--jump={number}:{seconds}" for number, seconds in at))
        tortured.wait(process)
        _check(tortured)
        return [tortured.finish()]


def _check(tortured: Trial) -> None:
    """Did the clock jump? A pass needs a watch that really lasted: by this process's clock, which did not jump."""
    told = [json.loads(line) for line in tortured.trace.read_text().splitlines()]
    real = {one["published"]: one["real"] for one in told if "published" in one}
    tortured.facts.struck += sum("jump" in one for one in told)
    end = tortured.closed()
    if end is not None and end.ending.value == "passed":
        watched = real["Concluded"] - real["Confirmed"]
        if watched < 0.8 * 360 * SCALE:
            tortured.facts.complaints.append(f"PASS after {watched:.0f} s of {360 * SCALE:.0f}")


def two() -> Iterator[Row]:
    """Two commands at once on one data directory: of one release, and of two."""
    found = _in_lanes([_two_of_one, _two_of_two])
    yield Row("two: timelines", "3", str(sum(one.events > 0 for one in found)), all(one.events for one in found))
    yield from common("two", found)


def _two_of_one() -> list[Facts]:
    with trial("two of one release", scale=SCALE) as tortured:
        both = [tortured.start() for _ in range(2)]
        codes = [tortured.wait(process) for process in both]
        if codes[0] != codes[1]:
            tortured.facts.complaints.append(f"two of one release ended with {codes[0]} and {codes[1]}")
        return [tortured.finish()]


def _two_of_two() -> list[Facts]:
    with production(scale=SCALE) as stack:
        older = Trial("two releases, the older", stack, stack.merge(1, HARMLESS), harmful=False)
        newer = Trial("two releases, the newer", stack, stack.merge(2, HARMFUL), harmful=True)
        try:
            both = [(one, one.start()) for one in (older, newer)]
            for one, process in both:
                one.wait(process)
            return [one.finish() for one in (older, newer)]
        finally:
            older.stop()
            newer.stop()
