"""What is worse than before but not worse than at other times like this one is not the release's doing alone."""

from datetime import datetime, timedelta

import pytest
from msgspec import structs

from bakewatch.judge import precedents
from bakewatch.judge.rules import weigh
from bakewatch.judge.triggers import fired, leave
from bakewatch.model.bake import Watch
from bakewatch.model.observation import Bucket, Observation, Window, from_ms
from bakewatch.model.plan import Check, Rule
from bakewatch.model.precedent import Beside, Kind
from bakewatch.model.timeline import Concluded, Confirmation, Confirmed, Opened, Timeline
from bakewatch.model.verdict import Evidence, Leave, Outcome, Permission, Verdict
from tests.unit.judge import bakes
from tests.unit.judge.bakes import CALLS, ERRORS, ORDERS, START, Rate, answer, now, plan, since, steady, watch

DAY = timedelta(days=1)
WEEK_AGO = START - 8 * DAY


def daily(usual: int, then: int) -> Rate:
    """*then* events in every bucket of the 45 minutes that begin when START does, every day; else *usual*."""

    def rate(moment: datetime) -> tuple[int, int]:
        return (then if (moment - START) % DAY < timedelta(minutes=45) else usual), 100

    return rate


def with_days(check: Check, harm: Rate, past: Rate, days: int = 3) -> Watch:
    """A watch with so many days of history, of which the last four hours are compared with too."""
    base = watch(plan(check), {check.name: harm}, past={check.name: past})
    long = answer(check.name, past, START - days * DAY, START, timedelta(minutes=5))
    return structs.replace(base, precedents=precedents.days(structs.replace(base, baseline=(long,))))


def evidence(of: Watch) -> Evidence:
    (one,) = weigh(of, now(of))
    return one


def left(of: Watch) -> Leave:
    """What triggers may do, when a second query confirms."""
    weighed, runs = weigh(of, now(of)), of.latest_runs()
    second = [
        structs.replace(answer(check.name, steady(1000), START, now(of)), window=Window(START, now(of)))
        for check in of.plan.checks
    ]
    return leave(of, fired(of, weighed, runs), weighed, runs, second, tip_is_release=True)


def recorded(check: Check, rate: Rate, at: datetime = WEEK_AGO) -> Timeline:
    """A case that passed then, with *rate* in the half-hour after its deploy."""
    moved = at - START

    def back(one: Observation) -> Observation:
        window = Window(one.window.start + moved, one.window.end + moved)
        shift = round(moved.total_seconds() * 1000)
        return structs.replace(
            one, window=window, buckets=tuple(structs.replace(row, at=row.at + shift) for row in one.buckets)
        )

    baked = watch(plan(check), {check.name: rate})
    looks = [
        structs.replace(
            look,
            at=look.at + moved,
            observations=tuple(map(back, look.observations)),
            canaries=tuple(structs.replace(one, at=one.at + moved) for one in look.canaries),
        )
        for look in baked.looks
    ]
    release = structs.replace(bakes.RELEASE, commit="e" * 40, merged_at=at)
    return (
        Opened(at=at, release=release, plan=baked.plan),
        Confirmed(at=at, awaited=release.commit, confirmation=Confirmation.LIVE, live_since=at),
        *looks,
        Concluded(at=looks[-1].at, verdict=Verdict(outcome=Outcome.PASS)),
    )


def test_what_comes_at_this_time_of_every_day_may_only_ask() -> None:
    of = with_days(ERRORS, since(0, 12), daily(1, 12))
    (day,) = evidence(of).beside
    assert evidence(of).fired
    assert (day.kind, day.number, day.agrees) == (Kind.DAY, 3, False)
    assert day.ratio == pytest.approx(1, abs=0.15)
    assert [reason.code for reason in left(of).reasons] == ["as_by_day"]
    assert left(of).permission is Permission.ASK


def test_what_never_came_at_this_time_of_the_day_may_act() -> None:
    of = with_days(ERRORS, since(0, 12), steady(1))
    (day,) = evidence(of).beside
    assert day.agrees
    assert left(of).permission is Permission.AUTO


def test_only_the_time_since_the_change_is_compared() -> None:
    of = with_days(ERRORS, since(15, 12, before=1), daily(1, 1))
    (day,) = evidence(of).beside
    assert day.count == pytest.approx(12 * 6 * 15, rel=0.1)
    assert day.ratio == pytest.approx(12, rel=0.1)


def test_a_floor_that_sinks_at_this_hour_every_day_may_only_ask() -> None:
    of = with_days(ORDERS, since(0, 10), daily(60, 10))
    (day,) = evidence(of).beside
    assert evidence(of).fired
    assert not day.agrees
    of = with_days(ORDERS, since(0, 10), steady(60))
    assert [one.agrees for one in evidence(of).beside] == [True]


def test_a_count_in_time_is_compared_with_the_same_minutes_whatever_the_season_is() -> None:
    of = with_days(CALLS, since(0, 40), daily(5, 40))
    (day,) = evidence(of).beside
    assert day.ratio == pytest.approx(1, abs=0.05)


def test_days_without_an_answer_are_no_precedents() -> None:
    base = watch(plan(ERRORS), {"errors": since(0, 12)}, past={"errors": steady(1)})
    assert precedents.days(base) == ()
    silent = answer("errors", steady(0, of=0), START - 3 * DAY, START, timedelta(minutes=5))
    assert precedents.days(structs.replace(base, baseline=(silent,))) == ()


def test_what_every_deploy_does_may_only_ask() -> None:
    base = watch(plan(ERRORS), {"errors": since(0, 12)}, past={"errors": steady(1)})
    of = structs.replace(base, precedents=precedents.of_release(base.plan, recorded(ERRORS, steady(11))))
    (release,) = evidence(of).beside
    assert (release.kind, release.number, release.agrees) == (Kind.RELEASE, 1, False)
    assert [reason.code for reason in left(of).reasons] == ["as_by_release"]


def test_a_release_after_which_nothing_happened_agrees() -> None:
    base = watch(plan(ERRORS), {"errors": since(0, 12)}, past={"errors": steady(1)})
    of = structs.replace(base, precedents=precedents.of_release(base.plan, recorded(ERRORS, steady(1))))
    assert [one.agrees for one in evidence(of).beside] == [True]
    assert left(of).permission is Permission.AUTO


def test_what_was_asked_otherwise_then_is_no_precedent() -> None:
    told = recorded(ERRORS, steady(1))
    assert precedents.of_release(plan(structs.replace(ERRORS, where="4xx")), told) == ()
    assert precedents.of_release(plan(ERRORS, time_scale=0.5), told) == ()
    assert precedents.of_release(plan(CALLS), told) == ()
    never_looked = tuple(event for event in told if isinstance(event, Opened | Confirmed))
    assert precedents.of_release(plan(ERRORS), never_looked) == ()


def test_a_minute_that_was_not_seen_then_is_left_out() -> None:
    blind = recorded(ERRORS, steady(1))
    deaf = tuple(structs.replace(one, canaries=()) if hasattr(one, "canaries") else one for one in blind)
    assert precedents.of_release(plan(ERRORS), deaf) == ()


def test_the_ratio_to_nothing_is_none() -> None:
    one = Beside(kind=Kind.DAY, number=1, count=5, exposure=10.0, base_count=0, base_exposure=10.0, agrees=True)
    assert one.ratio is None


def test_twice_the_rate_is_ruled_out_where_nothing_changed_and_not_where_it_did() -> None:
    calm = watch(plan(ERRORS), {"errors": steady(2)}, past={"errors": steady(2)})
    assert evidence(calm).not_worse == 2
    worse = watch(plan(ERRORS), {"errors": steady(4)}, past={"errors": steady(2)})
    assert evidence(worse).not_worse is None
    floor = watch(plan(ORDERS), {"orders": steady(20)}, past={"orders": steady(20)})
    assert evidence(floor).not_worse == 2
    sunk = watch(plan(ORDERS), {"orders": steady(10)}, past={"orders": steady(20)})
    assert evidence(sunk).not_worse is None
    early = watch(plan(ERRORS), {"errors": steady(2)}, past={"errors": steady(2)}, minutes=5)
    assert evidence(early).not_worse is None, "the warm-up is no part of the five minutes"


def test_one_day_on_which_it_was_as_bad_is_enough_to_ask() -> None:
    """Every seventh day something runs at this hour: seven days together hide it."""

    def weekly(moment: datetime) -> tuple[int, int]:
        return (12 if (moment - START) % (7 * DAY) < timedelta(minutes=45) else 1), 100

    of = with_days(ERRORS, since(0, 12), weekly, days=7)
    (day,) = evidence(of).beside
    assert (day.number, day.agrees) == (7, False)
    assert day.ratio is not None and day.ratio > 2


def test_growth_per_action_is_set_beside_other_days_too() -> None:
    storm = Check(name="storm", stream="edge", rule=Rule.AMPLIFICATION, where="409", public=False)

    def spread(requests: int) -> tuple[int, ...]:
        return tuple(20 if events == requests else 0 for events in range(1, 11))

    def told(one: Observation, requests: int, then: int) -> Observation:
        def row(bucket: Bucket) -> Bucket:
            noon = (from_ms(bucket.at) - START) % DAY < timedelta(minutes=45)
            return structs.replace(bucket, spread=spread(then if noon else requests))

        return structs.replace(one, buckets=tuple(map(row, one.buckets)))

    base = watch(plan(storm), {"storm": steady(1)}, past={"storm": steady(1)})
    looks = tuple(
        structs.replace(look, observations=tuple(told(one, 6, 6) for one in look.observations)) for look in base.looks
    )
    base = structs.replace(base, looks=looks, baseline=tuple(told(one, 1, 1) for one in base.baseline))
    for then, agrees in ((6, False), (1, True)):
        long = told(answer("storm", steady(1), START - 2 * DAY, START, timedelta(minutes=5)), 1, then)
        of = structs.replace(base, precedents=precedents.days(structs.replace(base, baseline=(long,))))
        assert evidence(of).fired
        assert [one.agrees for one in evidence(of).beside] == [agrees]


def test_what_fired_is_not_ruled_out() -> None:
    """A long calm before it makes twice the rate unlikely over the whole watch, whatever began lately."""
    of = watch(plan(ERRORS), {"errors": since(26, 40, before=2)}, past={"errors": steady(2)})
    assert evidence(of).fired
    assert evidence(of).not_worse is None
