"""A plan, a release and a way to tell one story through them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from msgspec import structs

from bakewatch.flow.case import Case
from bakewatch.flow.verify import verify
from bakewatch.model.forge import Trace
from bakewatch.model.plan import Bake, Check, Journey, Mode, Persona, Plan, Rule, Service, Stream, Trigger, Undo
from bakewatch.model.release import MergeKind, Release
from bakewatch.model.timeline import Timeline
from bakewatch.model.verdict import Ending
from bakewatch.ports import World
from bakewatch.testing import Crash, InlineRuntime, Journal, ScriptedWorld
from bakewatch.testing.runtime import START, Clock
from bakewatch.testing.world import PARENT, RELEASE

PLAN = Plan(
    service=Service(name="live", timezone="Asia/Seoul"),
    bake=Bake(look_every="30s"),
    undo=Undo(mode=Mode.AUTO),
    streams={
        "edge_logs": Stream(source="logs", canary="canary"),
        "postgres_logs": Stream(source="logs", canary="canary"),
    },
    checks=(
        Check(name="missing_column", stream="postgres_logs", rule=Rule.ZERO, where="42703", of="calls"),
        Check(name="errors", stream="edge_logs", rule=Rule.PROPORTION, where="5xx", of="calls", required=True),
    ),
    personas={"registrant": Persona(email="r@example.com")},
    journeys=(Journey(name="registrant", persona="registrant", file="journeys/registrant.py"),),
    triggers=(
        Trigger(name="dod-1", any=("check:missing_column",)),
        Trigger(name="errors", any=("check:errors",)),
        Trigger(name="regression", any=("journey:registrant",)),
    ),
)

MERGED = Release(
    repository="team/live",
    branch="main",
    commit=RELEASE,
    parent=PARENT,
    merged_at=START,
    kind=MergeKind.MERGE,
    pulls=(1,),
)


def rate_from(harm: float, of: float = 10.0, after: timedelta = timedelta(0)) -> Callable[..., tuple[float, float]]:
    """*harm* events a second while the release is served, from *after* its merge on; *of* actions a second."""

    def rate(moment: object, commit: str) -> tuple[float, float]:
        assert hasattr(moment, "timestamp")
        return (harm if commit == RELEASE and moment >= START + after else 0.0), of  # type: ignore[operator]

    return rate


@dataclass
class Told:
    """A story that was told to its end."""

    ending: Ending
    timeline: Timeline
    world: ScriptedWorld
    journal: Journal

    def events(self, *names: str) -> list[object]:
        """The events of these kinds, in order."""
        return [event for event in self.timeline if type(event).__name__ in names]

    @property
    def reason(self) -> str:
        """Why the case closed as it did."""
        return str(getattr(self.timeline[-1], "reason", ""))


@dataclass
class Story:
    """Everything that a test may set before the story is told."""

    plan: Plan = PLAN
    release: Release = MERGED
    arrange: Callable[[ScriptedWorld], None] = lambda world: None
    deploy_after: timedelta | None = timedelta(seconds=40)
    journal: Journal = field(default_factory=Journal)
    services: Callable[[World, ScriptedWorld], World] = lambda world, scripted: world
    """Puts a platform and a forge beside the world; called once."""
    left: Trace | None = None
    """What an earlier attempt has shown."""
    downtime: timedelta = timedelta(0)
    """How long nobody watches after a crash."""

    def tell(self, *, crash_at: int | None = None, crash_after_work: bool = False) -> Told:
        """Tell it once, in a new world; with *crash_at*, die there and resume in the same world."""
        clock = Clock()
        runtime = InlineRuntime(clock, self.journal, crash_at=crash_at, crash_after_work=crash_after_work)
        world = ScriptedWorld(runtime)
        if self.deploy_after is not None:
            world.deploy(RELEASE, START + self.deploy_after)
        self.arrange(world)
        vendors = self.services(world.world(), world)
        try:
            ending = self._verify(vendors, runtime)
        except Crash:
            clock.moment += self.downtime
            messages = runtime.messages
            runtime = InlineRuntime(clock, self.journal)
            runtime.messages = messages
            world.runtime = runtime
            ending = self._verify(vendors, runtime)
        return Told(ending, self.journal.timeline(), world, self.journal)

    def _verify(self, world: World, runtime: InlineRuntime) -> Ending:
        attempt = 1 if self.left is None else self.left.attempt + 1
        case = Case(world=world, run=runtime, release=self.release, plan=self.plan, attempt=attempt, left=self.left)
        return verify(case)


def with_mode(mode: Mode) -> Plan:
    """The plan, undoing in another mode."""
    return structs.replace(PLAN, undo=Undo(mode=mode))
