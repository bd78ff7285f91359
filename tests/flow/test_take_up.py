"""A machine dies with its record; another one goes on with what the forge, the branch and the platform tell."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from bakewatch.flow.case import Case
from bakewatch.flow.verify import verify
from bakewatch.model.forge import Trace
from bakewatch.model.rollback import Layer
from bakewatch.model.timeline import Confirmed, RolledBack
from bakewatch.model.verdict import Ending
from bakewatch.ports import Message, World
from bakewatch.report import markdown
from bakewatch.report.compose import compose
from bakewatch.testing import Crash, InlineRuntime, Journal, ScriptedWorld
from bakewatch.testing.hosting import GOOD, ScriptedForge, ScriptedHosting
from bakewatch.testing.runtime import START, Clock
from bakewatch.testing.world import PARENT, RELEASE, REVERT
from tests.flow.stories import MERGED, PLAN, Story, Told
from tests.flow.test_stories import harmful

UNDOING = Trace(attempt=1, triggers=("dod-1",), culprits=("check:missing_column", "journey:registrant"))


class Machines:
    """One world, and one machine after another that watches it; each dies with its record but the last."""

    def __init__(self, *, hosted: bool = False, **settings: Any) -> None:
        self.clock, self.journal = Clock(), Journal()
        self.scripted = ScriptedWorld(InlineRuntime(self.clock), **settings)
        self.scripted.deploy(RELEASE, START + timedelta(seconds=40))
        self.forge = ScriptedForge(self.scripted)
        self.hosting = ScriptedHosting(self.scripted) if hosted else None
        harmful(self.scripted)

    def run(self, crash_at: int | None = None) -> Ending | None:
        """Watch from an empty record; None: it died at that operation."""
        self.journal = Journal()
        runtime = InlineRuntime(self.clock, self.journal, crash_at=crash_at, crash_after_work=True)
        self.scripted.runtime = runtime
        world = replace(self.scripted.world(), forge=self.forge, hosting=self.hosting)
        left = self.forge.shown[-1].trace if self.forge.shown else None
        attempt = left.attempt + 1 if left else 1
        try:
            return verify(Case(world=world, run=runtime, release=MERGED, plan=PLAN, attempt=attempt, left=left))
        except Crash:
            return None

    @property
    def reverts(self) -> int:
        return self.scripted.reverts


def _operations(hosted: bool) -> list[str]:
    machines = Machines(hosted=hosted)
    assert machines.run() is Ending.UNDONE
    return [name for name, _ in machines.journal.entries]


@pytest.mark.parametrize("hosted", [False, True])
def test_wherever_the_machine_dies_the_next_one_comes_to_the_same_end_and_reverts_once(hosted: bool) -> None:
    operations = _operations(hosted)
    acts = [
        at for at, name in enumerate(operations) if name in ("step publish", "step look", "step undo", "step unpin")
    ]
    acts += [at for at, name in enumerate(operations) if name.startswith("step roll")]
    for crash_at in acts:
        machines = Machines(hosted=hosted)
        assert machines.run(crash_at) is None
        where = f"{crash_at} ({operations[crash_at]})"
        ending = machines.run()
        left = machines.forge.left or machines.journal.timeline()[0].left  # type: ignore[union-attr]
        assert machines.reverts <= 1, where
        if left is not None and left.ending is not None:
            assert ending is Ending.INCONCLUSIVE, where  # `bakewatch verify` begins no such attempt
        elif ending is Ending.NOT_UNDONE:
            # The platform had gone back, and nothing was on the branch: nobody knows whether that was ours.
            assert hosted and machines.reverts == 0 and machines.journal.timeline()[-1].reason == "record_lost", where  # type: ignore[union-attr]
        else:
            assert (ending, machines.reverts) == (Ending.UNDONE, 1), where
            assert machines.hosting is None or machines.hosting.pinned == "", where


def test_a_third_machine_finishes_too() -> None:
    operations = _operations(hosted=False)
    machines = Machines()
    machines.run(operations.index("step undo"))
    machines.run(len(machines.journal.entries) // 2)
    assert (machines.run(), machines.reverts) == (Ending.UNDONE, 1)
    shown = machines.forge.shown[-1].trace
    assert shown is not None and (shown.attempt, shown.ending) == (3, Ending.UNDONE)
    report = compose(machines.journal.timeline())
    assert report.record_lost and report.undo.needed and report.undo.done is not None
    assert "[ ]" not in markdown.render(report, "ko") and "[ ]" not in markdown.render(report, "en")


def _after(arrange: Any, left: Trace = UNDOING, **more: Any) -> Told:
    def forge(world: World, scripted: ScriptedWorld) -> World:
        hosting = ScriptedHosting(scripted, pinned=GOOD, current=GOOD) if left.back else None
        return replace(world, forge=ScriptedForge(scripted, left=left), hosting=hosting)

    return Story(arrange=arrange, services=forge, left=left, **more).tell()


def _reverted(world: ScriptedWorld) -> None:
    harmful(world)
    world.undone, world.serves = REVERT, [(START, REVERT)]
    world.branch.append(REVERT)


def test_a_revert_that_is_there_is_proved_for_as_long_as_a_bake() -> None:
    told = _after(_reverted)
    assert (told.ending, told.world.reverts) == (Ending.UNDONE, 0)
    live = next(one for one in told.timeline if isinstance(one, Confirmed))
    assert live.awaited == REVERT and told.timeline[-1].at - live.at >= timedelta(minutes=30)
    assert [one.rollback.commit for one in told.timeline if isinstance(one, RolledBack)] == [REVERT]


def test_production_that_we_held_is_let_go() -> None:
    def held(world: ScriptedWorld) -> None:
        _reverted(world)
        world.serves = [(START, PARENT)]

    told = _after(held, structs.replace(UNDOING, back=GOOD))
    assert told.ending is Ending.UNDONE
    layers = [one.rollback.layer for one in told.timeline if isinstance(one, RolledBack) and not one.rollback.problem]
    assert layers == [Layer.PLATFORM, Layer.GIT, Layer.UNPIN]


def test_a_fault_that_is_seen_again_is_not_cured() -> None:
    def still(world: ScriptedWorld) -> None:
        _reverted(world)
        world.rates["missing_column"] = lambda moment, commit: (0.5, 10.0)

    assert _after(still).ending is Ending.NOT_CURED


def test_neither_the_release_nor_its_revert_leaves_it_to_a_person() -> None:
    told = _after(lambda world: world.serves.clear(), deploy_after=None)
    assert (told.ending, told.reason, told.world.reverts) == (Ending.NOT_UNDONE, "record_lost", 0)
    assert [one.transition for one in told.world.notices] == ["not_undone"]


def test_a_release_that_is_live_still_is_judged_again_whatever_the_trace_says() -> None:
    told = _after(lambda world: None, deploy_after=timedelta(0))
    assert (told.ending, told.world.reverts) == (Ending.PASSED, 0)


def test_a_trace_with_names_of_another_plan_breaks_nothing() -> None:
    told = _after(_reverted, structs.replace(UNDOING, culprits=("check:gone", "nonsense")))
    assert told.ending is Ending.UNDONE


def test_a_branch_that_cannot_be_asked_is_asked_again() -> None:
    def down(world: ScriptedWorld) -> None:
        _reverted(world)
        world.unreachable = lambda moment: moment < START + timedelta(minutes=2)

    assert _after(down).ending is Ending.UNDONE


def test_a_stop_is_heard_at_once() -> None:
    def stopped(world: ScriptedWorld) -> None:
        _reverted(world)
        world.runtime.messages.append((START, Message(kind="stop")))

    told = _after(stopped)
    assert (told.ending, told.reason) == (Ending.INCONCLUSIVE, "stopped")


@pytest.mark.parametrize(("ago", "reaches"), [(timedelta(hours=2), True), (timedelta(hours=30), False)])
def test_a_bake_begins_anew_and_whole_but_declared_signatures_count_since_it_was_live(
    ago: timedelta, reaches: bool
) -> None:
    since = START - ago
    left = Trace(attempt=1, live_since=since)
    release = structs.replace(MERGED, merged_at=since - timedelta(minutes=5))

    def burst(world: ScriptedWorld) -> None:
        world.rates["missing_column"] = lambda moment, commit: (
            1.0 if moment < since + timedelta(minutes=9) else 0.0,
            9,
        )
        world.serves = [(since, RELEASE)]

    told = _after(burst, left, release=release)
    live = next(one for one in told.timeline if isinstance(one, Confirmed))
    assert (live.live_since == since) is reaches
    fired = told.events("Fired")
    assert bool(fired) is reaches
    if not reaches:
        assert told.ending is Ending.PASSED and told.timeline[-1].at - live.at >= timedelta(minutes=30)


def test_a_trace_from_before_the_merge_blames_the_release_for_nothing() -> None:
    left = Trace(attempt=1, live_since=START - timedelta(hours=2))

    def burst(world: ScriptedWorld) -> None:
        world.rates["missing_column"] = lambda moment, commit: (1.0 if moment < START else 0.0, 9)

    told = _after(burst, left, deploy_after=timedelta(0))
    assert (told.ending, told.events("Fired"), told.world.reverts) == (Ending.PASSED, [], 0)
