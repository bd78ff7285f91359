"""One tortured case: a small production with one release in it, the command on it again and again, and what is proved.

After every run of the command what is recorded by then must begin with what was recorded before.
"""

import re
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.ministack import Stack, running

from bakewatch.durable import history
from bakewatch.model.release import TRAILER
from bakewatch.model.timeline import Closed, Confirmed, Event, Looked, RolledBack, event_of
from bakewatch.model.verdict import Ending

ROOT = Path(__file__).parent.parent
COMMAND = (str(Path(sys.executable).with_name("bakewatch")),)
KILLER = (sys.executable, "-m", "benchmarks.killer")
HARMFUL, HARMLESS = {"broken": "x\n"}, {"app.txt": "2\n"}
CODES = {Ending.PASSED: 0, Ending.UNDONE: 1, Ending.INCONCLUSIVE: 3, Ending.NOT_UNDONE: 5, Ending.NOT_CURED: 6}
PATIENCE = 180.0
"""So long one run of the command may take, in seconds; one that takes longer is killed and counts as no end."""
LANES = 2
"""So many cases are tortured at the same time."""
_CLEAR = re.compile(r"no space left|disk is full", re.IGNORECASE)
"""What may be said of a full disk."""
ONCE = ("opened", "concluded", "proved", "closed")


@dataclass
class Facts:
    """What was seen of one case."""

    name: str
    harmful: bool
    kills: int = 0
    starts: int = 0
    struck: int = 0
    """So often the trouble really happened: the disk was full, the lock was held, the clock jumped."""
    changed: int = 0
    """So often the recorded prefix was another one after a restart."""
    twice: int = 0
    """So many recorded events stand there a second time."""
    reverts: int = 0
    """Commits on the remote's main that undo the release."""
    ending: str = ""
    """Empty: it never came to an end."""
    reason: str = ""
    events: int = 0
    gaps: int = 0
    still_broken: bool = False
    complaints: list[str] = field(default_factory=list)
    """What the command said that it should never say: a bug, a traceback, another exit code than its ending's."""


class Halted(Exception):
    """The torture was told to stop."""


_HALTED = threading.Event()
_RUNNING: list["Trial"] = []


class Trial:
    """Runs the command on one release of a stack, and keeps count. Not for use but through `trial`."""

    def __init__(self, name: str, stack: Stack, commit: str, *, harmful: bool) -> None:
        self.stack, self.commit, self.id = stack, commit, f"mini@{commit}"
        self.facts = Facts(name=name, harmful=harmful)
        self.recorded: list[str] = []
        self.trace = stack.folder / f"trace-{commit[:8]}.ndjson"
        self._started: list[subprocess.Popen[bytes]] = []
        _RUNNING.append(self)

    def start(self, command: str = "verify", *sabotage: str) -> subprocess.Popen[bytes]:
        """Start `bakewatch verify` or `resume`, through the killer when there is something to sabotage."""
        words = [command, "--config", str(self.stack.config)]
        words += ["--commit", self.commit] if command == "verify" else []
        argv = [*KILLER, *sabotage, "--trace", str(self.trace), "--", *words] if sabotage else [*COMMAND, *words]
        if _HALTED.is_set():
            raise Halted
        with self._said(len(self._started)).open("wb") as said:
            process = subprocess.Popen(
                argv, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=ROOT, start_new_session=True
            )
        self._started.append(process)
        self.facts.starts += 1
        return process

    def said(self, process: subprocess.Popen[bytes]) -> str:
        """What a run of the command has said so far."""
        return self._said(self._started.index(process)).read_text(errors="replace")

    def _said(self, number: int) -> Path:
        return self.stack.folder / f"said-{self.commit[:8]}-{number}.txt"

    def until(self, process: subprocess.Popen[bytes], word: str, patience: float = 60.0) -> bool:
        """Wait until the command says *word*; false when it ended, or did not say it in time."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and process.poll() is None:
            if word in self.said(process):
                return True
            time.sleep(0.02)
        return word in self.said(process)

    def wait(self, process: subprocess.Popen[bytes], patience: float = PATIENCE) -> int | None:
        """Wait until a run ends, and look at what is recorded; its exit code, or nothing when it had to be killed."""
        try:
            code: int | None = process.wait(patience)
        except subprocess.TimeoutExpired:
            self.facts.complaints.append(f"did not end within {patience:.0f} s")
            process.kill()
            process.wait()
            code = None
        self.compare()
        for line in re.findall(r"^bakewatch: .*|^Traceback .*", self.said(process), re.MULTILINE):
            if "bug of ours" in line or not _CLEAR.search(line):
                self.facts.complaints.append(f"exit {code}: {self._short(line)}")
        return code

    def _short(self, line: str) -> str:
        """*line* without what is another in every case."""
        return line.replace(str(self.stack.folder), "…").replace(self.commit, "…")

    def kill(self, process: subprocess.Popen[bytes]) -> bool:
        """Kill a run, and look at what is recorded; false when it had ended by itself."""
        killed = process.poll() is None
        process.kill()
        killed = self.wait(process) == -9 and killed
        self.facts.kills += killed
        return killed

    def compare(self) -> None:
        """What was recorded before must still stand at the beginning, and nothing twice."""
        now = self.lines()
        if now[: len(self.recorded)] != self.recorded:
            self.facts.changed += 1
        self.recorded = now
        self.facts.twice = max(self.facts.twice, doubles(now))

    def lines(self) -> list[str]:
        """The recorded events, as they stand in the database."""
        path = self.stack.data / "bakewatch.sqlite"
        if not path.exists():
            return []
        opened = sqlite3.connect(path, timeout=60)
        try:
            made = opened.execute("select 1 from sqlite_master where name = 'streams'").fetchone()
        finally:
            opened.close()
        if made is None:
            return []
        with history.client(self.stack.data) as client:
            return list(history.lines(client, self.id))

    def events(self) -> list[Event]:
        """What was recorded when it was last looked at."""
        return [event_of(line) for line in self.recorded]

    def closed(self) -> Closed | None:
        """The recorded end, if there is one."""
        last = event_of(self.recorded[-1]) if self.recorded else None
        return last if isinstance(last, Closed) else None

    def finish(self, commands: Sequence[str] = ("verify", "verify", "verify")) -> Facts:
        """Run the command until the case has its end, then once more, which must change nothing; returns the facts."""
        code: int | None = None
        for command in commands:
            if self.closed() is None:
                code = self.wait(self.start(command if self.recorded else "verify"))
        end = self.closed()
        if end is not None:
            before = self.recorded
            code = self.wait(self.start())
            self.facts.changed += self.recorded != before
            if code != CODES.get(end.ending):
                self.facts.complaints.append(f"exit {code} after the ending {end.ending.value}")
        return self.settle()

    def settle(self) -> Facts:
        """Take down how it all ended."""
        self.compare()
        facts, end, told = self.facts, self.closed(), self.events()
        facts.ending, facts.reason = (end.ending.value, end.reason) if end is not None else ("", "")
        facts.events, facts.gaps = len(told), sum('"event":"interrupted"' in line for line in self.recorded)
        facts.reverts = self.stack.git("log", "--format=%B", "main", cwd=self.stack.remote).count(
            f"{TRAILER}: {self.id}"
        )
        done = [one for one in told if isinstance(one, RolledBack) and one.rollback.commit and not one.rollback.already]
        if len(done) > 1:
            facts.complaints.append(f"{len(done)} undos are recorded")
        facts.still_broken = self.stack.served()[1]
        return facts

    def stop(self) -> None:
        """End what this trial started and still runs."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()


def doubles(lines: Sequence[str]) -> int:
    """How many events stand there a second time: the same line, what happens once per case, the number of a look."""
    told = [event_of(line) for line in lines]
    tags = Counter(re.findall(r'"event":"(\w+)"', "\n".join(lines)))
    again = len(lines) - len(set(lines)) + sum(max(0, tags[tag] - 1) for tag in ONCE)
    numbers: set[int] = set()
    for event in told:
        if isinstance(event, Confirmed):
            numbers = set()
        if isinstance(event, Looked):
            again += event.number in numbers
            numbers.add(event.number)
    return again


def slower(stack: Stack, proof: str) -> None:
    """Give the plan durations that restarts do not use up."""
    text = stack.config.read_text()
    for old, new in (
        ('within = "5m"', 'within = "10h"'),
        ('proof = "3m"', f'proof = "{proof}"\nlive_within = "10h"\nretry_within = "10h"\nretry_every = "20s"'),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    stack.commit("take more time", {"bakewatch.toml": text})
    stack.git("push", "-q", "origin", "main")


@contextmanager
def production(*, scale: float, proof: str = "3m", duration: str = "6m") -> Iterator[Stack]:
    """A small production in a folder of its own, with a plan that has time."""
    with (
        tempfile.TemporaryDirectory(prefix="torture-") as folder,
        running(Path(folder), duration=duration, rate=20.0, scale=scale) as stack,
    ):
        # A killed client leaves a broken connection behind, which is nothing to print.
        vars(stack.server)["handle_error"] = lambda request, address: None
        slower(stack, proof)
        yield stack


@contextmanager
def trial(name: str, *, scale: float, proof: str = "3m", duration: str = "6m", harmful: bool = True) -> Iterator[Trial]:
    """A production with one release, which is live and has not been looked at yet."""
    with production(scale=scale, proof=proof, duration=duration) as stack:
        commit = stack.merge(1, HARMFUL if harmful else HARMLESS)
        tortured = Trial(name, stack, commit, harmful=harmful)
        try:
            yield tortured
        finally:
            tortured.stop()


def halt() -> None:
    """End everything that any trial runs, and let none start anything any more."""
    _HALTED.set()
    for one in tuple(_RUNNING):
        one.stop()


_SAYING = threading.Lock()


def say(line: str) -> None:
    """Print *line*, whole."""
    with _SAYING:
        print(time.strftime("%H:%M:%S"), line, flush=True)
