"""New error signatures: measured on a week of history first, then looked for."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import structs

from bakewatch.flow.look import MOST_LISTED
from bakewatch.model.habit import Novelty, Trust
from bakewatch.model.plan import Check, Plan, Rule, Trigger
from bakewatch.model.timeline import Asked, Fired, Looked, Studied
from bakewatch.model.verdict import Ending, Permission
from bakewatch.testing import ScriptedWorld
from bakewatch.testing.runtime import START
from bakewatch.testing.world import RELEASE
from tests.flow.stories import PLAN, Story, Told

NEW = Check(name="new_errors", stream="edge_logs", rule=Rule.NOVELTY)


def plan(trigger: bool = True, **check: object) -> Plan:
    """The plan with one check more, and a trigger for it."""
    triggers = (*PLAN.triggers, *([Trigger(name="new", any=("check:new_errors",))] if trigger else []))
    return structs.replace(PLAN, checks=(*PLAN.checks, structs.replace(NEW, **check)), triggers=triggers)


def usual(moment: datetime, commit: str) -> Iterable[int]:
    """Two errors that come again and again."""
    return (1, 2)


def broken(moment: datetime, commit: str) -> Iterable[int]:
    """The release has one that nobody knows."""
    return (1, 2, 3) if commit == RELEASE else (1, 2)


def restless(moment: datetime, commit: str) -> Iterable[int]:
    """Once a day something new comes by itself; the release has twenty at once."""
    day = moment.toordinal() if (moment.hour, moment.minute) == (1, 0) else 1
    return (1, day, *range(20, 40)) if commit == RELEASE else (1, day)


def chaotic(moment: datetime, commit: str) -> Iterable[int]:
    """No two errors are alike."""
    return (1, int(moment.timestamp()))


def measured(told: Told) -> Novelty:
    """What was measured before the bake."""
    *_, last = (event for event in told.timeline if isinstance(event, Studied))
    found = last.habits["new_errors"].novelty
    assert found is not None
    return found


def test_what_is_known_from_history_is_nothing_new() -> None:
    told = Story(plan=plan(), arrange=lambda world: setattr(world, "signatures", usual)).tell()
    assert told.ending is Ending.PASSED
    assert measured(told).trust is Trust.ACTS
    looks = [event for event in told.timeline if isinstance(event, Looked)]
    listed = [b.signatures for look in looks for one in look.observations for b in one.buckets]
    assert not any(listed)


def test_a_new_signature_is_undone_and_the_undo_proved() -> None:
    told = Story(plan=plan(), arrange=lambda world: setattr(world, "signatures", broken)).tell()
    assert told.ending is Ending.UNDONE
    fired = [event for event in told.timeline if isinstance(event, Fired)]
    assert fired[0].culprits == ("check:new_errors",)
    assert fired[0].leave.permission is Permission.AUTO
    assert fired[0].second[0].buckets[0].count


def test_where_new_ones_come_by_themselves_it_only_asks() -> None:
    told = Story(plan=plan(), arrange=lambda world: setattr(world, "signatures", restless)).tell()
    assert measured(told).trust is Trust.COUNTS
    asked = [event for event in told.timeline if isinstance(event, Asked)]
    assert [reason.code for reason in asked[0].reasons] == ["only_counts"]
    assert told.world.reverts == 0


def test_where_everything_is_new_it_is_refused_and_a_required_one_keeps_from_passing() -> None:
    told = Story(plan=plan(), arrange=lambda world: setattr(world, "signatures", chaotic)).tell()
    assert (told.ending, measured(told).trust) == (Ending.INCONCLUSIVE, Trust.REFUSED)
    assert measured(told).why in ("too_novel", "too_many_signatures")
    again = Story(plan=plan(trigger=False), arrange=lambda world: setattr(world, "signatures", chaotic)).tell()
    assert again.ending is Ending.PASSED


def test_history_that_is_not_answered_is_refused() -> None:
    def forgetful(world: ScriptedWorld) -> None:
        world.forgets, world.signatures = True, broken

    told = Story(plan=plan(), arrange=forgetful).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert measured(told) == Novelty(why="short_history")


def test_what_was_refused_stays_so_although_history_comes_back_later() -> None:
    """All looks look for the same signatures."""

    def late(world: ScriptedWorld) -> None:
        world.signatures = broken
        world.gaps = lambda moment: "timeout" if moment < START + timedelta(minutes=2) else ""

    told = Story(plan=plan(trigger=False), arrange=late).tell()
    studies = [event for event in told.timeline if isinstance(event, Studied)]
    assert len(studies) > 1
    assert {one.habits["new_errors"].novelty for one in studies} == {Novelty(why="short_history")}
    assert not [event for event in told.timeline if isinstance(event, Fired)]


def test_of_a_flood_of_new_signatures_only_some_are_recorded() -> None:
    def flood(moment: datetime, commit: str) -> Iterable[int]:
        return range(1, 400) if commit == RELEASE else (1, 2)

    told = Story(plan=plan(), arrange=lambda world: setattr(world, "signatures", flood)).tell()
    assert told.ending is Ending.UNDONE
    answers = [one for event in told.timeline if isinstance(event, Looked) for one in event.observations]
    answers += [one for event in told.timeline if isinstance(event, Fired) for one in event.second]
    buckets = [bucket for one in answers for bucket in one.buckets]
    assert max(len(bucket.signatures) for bucket in buckets) == MOST_LISTED
    assert max(bucket.count for bucket in buckets if bucket.signatures) >= 397
