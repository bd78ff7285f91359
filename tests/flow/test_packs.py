"""Stories of services that nobody tuned a pack for: what breaks people undoes a release, what a scanner does not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.config import load_plan
from bakewatch.model.plan import Bake, Mode, Plan, Rule, Undo
from bakewatch.model.timeline import Fired
from bakewatch.model.verdict import Ending, Permission
from bakewatch.testing import ScriptedWorld
from bakewatch.testing.runtime import START
from bakewatch.testing.world import RELEASE
from tests.flow.stories import PLAN, Story, Told, rate_from

MINUTE = timedelta(minutes=1)


def planned(name: str) -> Plan:
    """The pack *name*, one journey, and an undo without asking.

    The world sends canaries to a stream `edge_logs`: Vercel's is called so here.
    """
    text = f'[service]\nname = "shop"\n[[packs]]\npack = "{name}"\n'
    plan = load_plan(text.encode(), "bakewatch.toml", {"logs": {"kind": "chdb"}})
    if name == "vercel":
        plan = structs.replace(
            plan,
            streams={"edge_logs": plan.streams["vercel_logs"]},
            checks=tuple(structs.replace(check, stream="edge_logs") for check in plan.checks),
        )
    bake = Bake(duration="10m", look_every="45s")
    return structs.replace(
        plan,
        personas=PLAN.personas,
        journeys=PLAN.journeys,
        undo=Undo(mode=Mode.AUTO, answer_within="2m", proof="1m"),
        bake=bake,
    )


def quiet(world: ScriptedWorld, plan: Plan) -> None:
    """What must not fall stays as it was; nothing else is counted."""
    for check in plan.checks:
        if check.rule is Rule.FLOOR:
            world.rates[check.name] = lambda moment, commit: (4.0, 10.0)


def told(name: str, arrange: Callable[[ScriptedWorld], None] = lambda world: None) -> Told:
    """The story of a release under the pack *name*."""
    plan = planned(name)

    def arranged(world: ScriptedWorld) -> None:
        quiet(world, plan)
        arrange(world)

    return Story(plan=plan, arrange=arranged).tell()


def storm(world: ScriptedWorld) -> None:
    """The release asks for a column that does not exist, and people who are signed in get the answer."""
    world.rates["db-schema-errors"] = rate_from(2.0)
    world.rates["api-signed-in-failures"] = rate_from(2.0)
    world.rates["api-schema-errors"] = rate_from(2.0)


def fired(story: Told) -> list[Fired]:
    return [event for event in story.timeline if isinstance(event, Fired)]


def test_a_quiet_service_passes() -> None:
    story = told("supabase")
    assert story.ending is Ending.PASSED
    assert not fired(story)


def test_a_storm_of_a_missing_column_with_a_failing_journey_is_undone() -> None:
    def arrange(world: ScriptedWorld) -> None:
        storm(world)
        world.actors = 0
        world.broken.add(("registrant", RELEASE))

    story = told("supabase", arrange)
    assert story.ending is Ending.UNDONE
    assert fired(story)[-1].triggers == ("supabase-broken",)


def test_the_same_storm_without_a_journey_or_people_who_vouch_for_it_only_asks() -> None:
    def arrange(world: ScriptedWorld) -> None:
        storm(world)
        world.actors = 0

    story = told("supabase", arrange)
    assert story.ending is Ending.NOT_UNDONE
    assert {event.leave.permission for event in fired(story)} == {Permission.ASK}


def scanned(world: ScriptedWorld) -> None:
    """Somebody without an account tries tables, columns and addresses."""
    world.rates["api-schema-errors"] = rate_from(5.0)
    world.rates["db-schema-errors"] = rate_from(0.5)
    world.rates["db-denied"] = rate_from(0.5)
    world.rates["auth-rate-limited"] = rate_from(3.0)
    world.actors = 0


def crowded(world: ScriptedWorld) -> None:
    """So many come at once that the database has no connection left."""
    for name in (
        "api-server-errors",
        "api-signed-in-failures",
        "api-unavailable",
        "db-timeouts",
        "db-connections-full",
    ):
        world.rates[name] = rate_from(3.0)
    for name in ("api-conflicts", "auth-rate-limited"):
        world.rates[name] = rate_from(1.0)


@pytest.mark.parametrize("arrange", [scanned, crowded])
def test_neither_a_scanner_nor_a_crowd_fires_a_trigger(arrange: Callable[[ScriptedWorld], None]) -> None:
    story = told("supabase", arrange)
    assert not fired(story)
    assert (story.ending, story.world.reverts) == (Ending.INCONCLUSIVE, 0)


def test_two_dozen_404s_of_a_scanner_keep_no_release_from_passing() -> None:
    def arrange(world: ScriptedWorld) -> None:
        ends = START + timedelta(minutes=4)
        world.rates["api-schema-errors"] = lambda moment, commit: (0.4 if ends - MINUTE < moment < ends else 0.0, 10.0)

    assert told("supabase", arrange).ending is Ending.PASSED


def crashing(world: ScriptedWorld) -> None:
    """The release throws what was never thrown before, and answers 500."""
    world.rates["vercel-server-errors"] = rate_from(1.0)
    world.signatures = lambda moment, commit: (1, 2) if commit == RELEASE else (1,)
    world.broken.add(("registrant", RELEASE))


def overloaded(world: ScriptedWorld) -> None:
    """A crowd: functions take too long, crash and answer 5xx, with the errors that everybody knows."""
    for name in ("vercel-server-errors", "vercel-crashes", "vercel-timeouts", "vercel-error-lines"):
        world.rates[name] = rate_from(2.0)
    world.signatures = lambda moment, commit: (1,)


def test_functions_that_fail_in_a_new_way_are_undone_and_those_of_a_crowd_are_not() -> None:
    harmful, crowd = told("vercel", crashing), told("vercel", overloaded)
    assert (harmful.ending, fired(harmful)[-1].triggers) == (Ending.UNDONE, ("vercel-broken",))
    assert (crowd.ending, fired(crowd)) == (Ending.INCONCLUSIVE, [])
