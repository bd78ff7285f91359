"""A platform and a forge in memory, beside a scripted world: they change what that world serves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bakewatch.errors import ForgeError, HostingError
from bakewatch.model.forge import Bulletin, Pull, Trace
from bakewatch.model.hosting import Build, Differences, Hosted, Move, Told
from bakewatch.model.release import Release
from bakewatch.model.rollback import Brake, Rollback
from bakewatch.model.text import CleanText
from bakewatch.ports import Message
from bakewatch.testing.runtime import START
from bakewatch.testing.world import PARENT, RELEASE, REVERT, ScriptedWorld

GOOD, BAD, NEW = "dpl_good", "dpl_bad", "dpl_new"
"""The deployments of the parent, the release and the revert."""
_COMMITS = {GOOD: PARENT, BAD: RELEASE, NEW: REVERT}
_IDS = {commit: name for name, commit in _COMMITS.items()}


@dataclass
class ScriptedHosting:
    """Set the fields, then give it to the world. A rollback takes two asks, and holds production until a promotion."""

    world: ScriptedWorld
    builds: dict[str, Build] = field(default_factory=dict)
    """What becomes of a deployment, *ready* where nothing is said."""
    unknown: set[str] = field(default_factory=set)
    """Commits of which it never made a deployment."""
    staged: set[str] = field(default_factory=set)
    rolling: bool = False
    pinned: str = ""
    current: str = ""
    """The deployment that it has moved production to; empty: what is merged goes live."""
    problem: str = ""
    """It cannot be asked."""
    targets: tuple[str, ...] = (GOOD,)
    differ: Differences = Differences()
    gone: bool = False
    move_problems: dict[str, str] = field(default_factory=dict)
    """What goes wrong, for good, when production is moved to a deployment."""
    rollbacks: int = 0
    promotions: int = 0
    asked: int = 0
    _under_way: dict[str, int] = field(default_factory=dict)
    _built: datetime | None = None

    def domains(self) -> list[str]:
        return []

    def tell(self, commit: str) -> Told:
        now = self.world.clock()
        self.asked += 1
        if self.problem:
            return Told(at=now, problem=self.problem)
        deployment = None if commit in self.unknown else self._hosted(_IDS[commit], now)
        return Told(at=now, deployment=deployment, current=self.current, pinned=self.pinned, rolling=self.rolling)

    def _hosted(self, name: str, now: datetime) -> Hosted:
        build = self.builds.get(name, Build.READY)
        if name == NEW and build is Build.READY:
            self._built = self._built or now + timedelta(seconds=40)
            build = Build.READY if now >= self._built else Build.BUILDING
        commit = _COMMITS[name]
        return Hosted(id=name, commit=commit, build=build, created_at=START, staged=commit in self.staged)

    def candidates(self) -> list[Hosted]:
        now = self.world.clock()
        if self.problem:
            raise HostingError(self.problem)
        return [self._hosted(one, now) for one in self.targets]

    def differences(self, target: str) -> Differences:
        self.world.clock()
        if self.gone:
            raise HostingError("gone", permanent=True)
        return self.differ

    def roll_back(self, target: str, why: str) -> Move:
        move = self._move(target)
        if not move.already and not move.problem:
            self.rollbacks += 1
            self.world.undo_helps = False
        if move.done:
            self.pinned = target
        return move

    def promote(self, target: str) -> Move:
        move = self._move(target)
        if not move.already and not move.problem:
            self.promotions += 1
        if move.done:
            self.pinned = ""
        return move

    def _move(self, target: str) -> Move:
        now = self.world.clock()
        if self.problem:
            return Move(at=now, problem=self.problem)
        if target in self.move_problems:
            return Move(at=now, problem=self.move_problems[target], permanent=True)
        asks = self._under_way[target] = self._under_way.get(target, 0) + 1
        if asks == 2:
            self.current = target
            self.world.deploy(_COMMITS[target], now)
        return Move(at=now, done=asks >= 2, already=asks > 1)


@dataclass
class ScriptedForge:
    """A forge on which nobody but us does anything, unless a test says so."""

    world: ScriptedWorld
    opted_out: Brake = Brake(pulled=False)
    mergeable: bool = True
    merged_from: datetime | None = None
    """From then on a person has merged what we proposed."""
    deaf: bool = False
    proposals: int = 0
    shown: list[Bulletin] = field(default_factory=list)
    answers: list[tuple[timedelta, str]] = field(default_factory=list)
    """What a person who may answers, and how long after the merge."""
    silent: bool = False
    """It cannot be asked what was answered."""
    left: Trace | None = None
    """What an earlier case has shown."""

    def pull(self, number: int) -> Pull:
        raise ForgeError("not_found", permanent=True)

    def pulls_of(self, commit: str) -> list[Pull]:
        return []

    def brake(self, release: Release) -> Brake:
        self.world.clock()
        return self.opted_out

    def propose(self, release: Release, branch: str, title: str, body: str, *, head: str, merge: bool) -> Rollback:
        now = self.world.clock()
        assert head
        assert body.endswith(f"Bakewatch-Undoes: {release.bake_id}")
        self.proposals = 1
        by_person = self.merged_from is not None and now >= self.merged_from
        if by_person or (merge and self.mergeable):
            self.world.undo_problems.clear()
            done = self.world.roll_back(release)
            return Rollback(method="forge", at=now, commit=done.commit, already=done.already, link="https://forge/1")
        return Rollback(method="forge", at=now, problem="needs_a_person", permanent=True, link="https://forge/1")

    def publish(self, bulletin: Bulletin) -> None:
        self.world.clock()
        if self.deaf:
            raise ForgeError("forbidden", permanent=True)
        self.shown.append(bulletin)

    def trace(self, release: Release) -> Trace | None:
        return self.shown[-1].trace if self.shown else self.left

    def answer(self, release: Release, since: datetime, until: datetime) -> Message | None:
        now = self.world.clock()
        if self.silent:
            raise ForgeError("rate_limited")
        said = sorted((START + after, kind) for after, kind in self.answers)
        heard = [Message(kind=kind, by=CleanText("maintainer")) for at, kind in said if since < at <= min(now, until)]
        return heard[0] if heard else None
