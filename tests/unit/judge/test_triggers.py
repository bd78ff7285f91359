from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bakewatch.judge.triggers import FiredTrigger, fired, leave
from bakewatch.model.bake import Watch
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.observation import Bucket, Observation, Window, to_ms
from bakewatch.model.plan import Check, Journey, Mode, Plan, Rule, Trigger, Undo
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import Looked
from bakewatch.model.verdict import Evidence, Leave, Permission
from tests.unit.judge.bakes import ERRORS, ORDERS, RELEASE, START, ZERO, plan, run

WALK = Journey(name="registrant", persona="p", file="journeys/registrant.py")
DOWN = {"registrant": run("registrant", Walked.FAILED)}
UP = {"registrant": run("registrant", Walked.PASSED)}
PUBLIC = structs.replace(ZERO, public=True)


def weighed(check: Check, **changes: Any) -> Evidence:
    """A fired check, with two events in two buckets."""
    base = Evidence(check=check.name, fired=True, seen=1.0, count=2, buckets_hit=2)
    return structs.replace(base, **changes)


def again(check: Check, count: int = 2, actors: int = 0, own: int = 0, gap: str = "") -> Observation:
    """The second query's answer about *check*, as one bucket."""
    buckets = () if gap else (Bucket(to_ms(START), count, 100, own, actors),)
    return Observation(question=check.name, window=Window(START, START), width=86400, buckets=buckets, gap=gap)


def over(of: Plan, before: tuple[JourneyRun, ...] = (), **release: Any) -> Watch:
    """A watch by the plan *of*."""
    return Watch(
        plan=of,
        release=structs.replace(RELEASE, **release),
        live_since=START,
        started=START,
        ends=START,
        past_until=START,
        before=before,
    )


def allowed(
    of: Plan,
    *evidence: Evidence,
    runs: dict[str, JourneyRun] | None = None,
    second: tuple[Observation, ...] = (),
    tip: bool = True,
    **release: Any,
) -> Leave:
    """What the triggers that fired may do."""
    whole = over(of, **release)
    walked = UP if runs is None else runs
    return leave(whole, fired(whole, evidence, walked), evidence, walked, second, tip_is_release=tip)


def codes(one: Leave) -> list[str]:
    """The codes of its reasons."""
    return [reason.code for reason in one.reasons]


class TestFired:
    def test_nothing_fires_while_nothing_is_wrong(self) -> None:
        calm = Evidence(check="column", fired=False, seen=1.0)
        assert fired(over(plan(ZERO, journeys=(WALK,))), [calm], UP) == ()

    def test_a_trigger_names_what_carried_it(self) -> None:
        found = fired(over(plan(ZERO, ERRORS, journeys=(WALK,))), [weighed(ZERO)], DOWN)
        assert found == (
            FiredTrigger(trigger="t-column", culprits=("check:column",)),
            FiredTrigger(trigger="t-registrant", culprits=("journey:registrant",)),
        )

    def test_all_of_all_and_one_of_any_are_needed(self) -> None:
        both = Trigger(name="t", all=("check:column", "check:errors"), any=("check:orders", "journey:registrant"))
        of = plan(ZERO, ERRORS, ORDERS, journeys=(WALK,), triggers=(both,))
        assert fired(over(of), [weighed(ZERO), weighed(ERRORS)], UP) == ()
        assert fired(over(of), [weighed(ZERO)], DOWN) == ()
        (one,) = fired(over(of), [weighed(ZERO), weighed(ERRORS)], DOWN)
        assert one.culprits == ("check:column", "check:errors", "journey:registrant")

    def test_a_trigger_that_names_nothing_never_fires(self) -> None:
        assert fired(over(plan(ZERO, triggers=(Trigger(name="t"),))), [weighed(ZERO)], DOWN) == ()

    @pytest.mark.parametrize(("walked", "repeated"), [("failed", False), ("unwalked", True), ("passed", True)])
    def test_a_journey_counts_only_when_it_failed_twice(self, walked: str, repeated: bool) -> None:
        runs = {"registrant": run("registrant", Walked(walked), repeated=repeated)}
        assert fired(over(plan(journeys=(WALK,))), [], runs) == ()

    def test_a_journey_that_failed_before_the_release_at_the_same_step_is_not_held_against_it(self) -> None:
        of = plan(journeys=(WALK,))
        assert fired(over(of, before=(DOWN["registrant"],)), [], DOWN) == ()
        other = structs.replace(DOWN["registrant"], failed_step=CleanText("another step"))
        assert fired(over(of, before=(other,)), [], DOWN) != ()

    def test_a_journey_that_failed_while_the_database_was_away_is_not_held_against_the_release(self) -> None:
        load = Check(name="load", stream="database", rule=Rule.VOLUME, where="transactions")
        of = plan(load, journeys=(WALK,))

        def looked(minute: int, gap: str) -> Looked:
            at = START + timedelta(minutes=minute)
            told = Observation(question="load", window=Window(START, at), width=10, gap=gap)
            return Looked(at=at, number=1, observations=(told,))

        at = START + timedelta(minutes=5)
        down = {"registrant": structs.replace(DOWN["registrant"], at=at)}
        there = structs.replace(over(of), looks=(looked(4, ""), looked(6, "")))
        assert fired(there, [], down) != ()
        gone = structs.replace(there, looks=(looked(4, ""), looked(6, "unreachable")))
        assert fired(gone, [], down) == ()


class TestLeave:
    def test_a_confirmed_signature_may_act(self) -> None:
        assert allowed(plan(ZERO), weighed(ZERO), second=(again(ZERO),)) == Leave(permission=Permission.AUTO)

    def test_mode_off_allows_nothing_and_mode_ask_asks(self) -> None:
        off = allowed(plan(ZERO, undo=Undo(mode=Mode.OFF)), weighed(ZERO), second=(again(ZERO),))
        assert (off.permission, codes(off)) == (Permission.OFF, ["mode_off"])
        ask = allowed(plan(ZERO, undo=Undo(mode=Mode.ASK)), weighed(ZERO), second=(again(ZERO),))
        assert (ask.permission, codes(ask)) == (Permission.ASK, ["mode_ask"])

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"touches_plan": True}, "touches_plan"),
            ({"reverts": "team/live@" + "e" * 40}, "is_revert"),
            ({"touches_migrations": True}, "touches_migrations"),
            ({"tip": False}, "not_tip"),
        ],
    )
    def test_some_releases_are_only_undone_by_asking(self, change: dict[str, Any], code: str) -> None:
        one = allowed(plan(ZERO), weighed(ZERO), second=(again(ZERO),), **change)
        assert (one.permission, codes(one)) == (Permission.ASK, [code])

    def test_every_reason_is_told(self) -> None:
        one = allowed(plan(PUBLIC), weighed(ZERO, count=1, buckets_hit=1), touches_plan=True, tip=False)
        assert codes(one) == ["touches_plan", "not_tip", "no_second_answer", "single_event", "public_evidence"]

    def test_a_single_event_asks_until_a_journey_fails_too(self) -> None:
        single = weighed(ZERO, count=1, buckets_hit=1)
        assert codes(allowed(plan(ZERO, journeys=(WALK,)), single, second=(again(ZERO),))) == ["single_event"]
        of = plan(ZERO, journeys=(WALK,), triggers=(Trigger(name="t", any=("check:column",)),))
        assert allowed(of, single, runs=DOWN, second=(again(ZERO),)).permission is Permission.AUTO

    def test_two_events_in_one_bucket_are_a_single_event(self) -> None:
        assert codes(allowed(plan(ZERO), weighed(ZERO, buckets_hit=1), second=(again(ZERO),))) == ["single_event"]

    def test_our_own_events_count_for_a_declared_signature(self) -> None:
        mine = weighed(ZERO, count=0, own=2)
        assert allowed(plan(ZERO), mine, second=(again(ZERO, count=0, own=2),)).permission is Permission.AUTO

    def test_a_second_query_that_finds_nothing_makes_it_ask(self) -> None:
        one = allowed(plan(ZERO), weighed(ZERO), second=(again(ZERO, count=0),))
        assert (one.permission, codes(one)) == (Permission.ASK, ["not_confirmed"])

    def test_a_second_query_that_was_not_answered_makes_it_ask(self) -> None:
        one = allowed(plan(ZERO), weighed(ZERO), second=(again(ZERO, gap="unreachable"),))
        assert (one.permission, codes(one)) == (Permission.ASK, ["no_second_answer"])

    def test_a_contradicted_check_does_not_stop_one_that_carries_the_trigger_alone(self) -> None:
        either = Trigger(name="t", any=("check:column", "check:errors"))
        of = plan(ZERO, ERRORS, triggers=(either,))
        second = (again(ZERO, count=0), again(ERRORS, count=50))
        assert allowed(of, weighed(ZERO), weighed(ERRORS), second=second).permission is Permission.AUTO

    def test_a_contradicted_check_that_is_needed_stops_the_trigger(self) -> None:
        both = Trigger(name="t", all=("check:column", "check:errors"))
        of = plan(ZERO, ERRORS, triggers=(both,))
        second = (again(ZERO, count=0), again(ERRORS, count=50))
        assert codes(allowed(of, weighed(ZERO), weighed(ERRORS), second=second)) == ["not_confirmed"]

    def test_of_what_must_not_fall_nothing_is_an_answer_too(self) -> None:
        assert allowed(plan(ORDERS), weighed(ORDERS), second=(again(ORDERS, count=0),)).permission is Permission.AUTO

    def test_what_anyone_can_provoke_asks(self) -> None:
        one = allowed(plan(PUBLIC), weighed(ZERO), second=(again(ZERO, actors=1),))
        assert (one.permission, codes(one)) == (Permission.ASK, ["public_evidence"])

    def test_two_signed_in_actors_vouch_for_it(self) -> None:
        assert allowed(plan(PUBLIC), weighed(ZERO), second=(again(ZERO, actors=2),)).permission is Permission.AUTO

    def test_a_failing_journey_vouches_for_it(self) -> None:
        of = plan(PUBLIC, journeys=(WALK,), triggers=(Trigger(name="t", any=("check:column",)),))
        assert allowed(of, weighed(ZERO), runs=DOWN, second=(again(ZERO),)).permission is Permission.AUTO

    def test_a_trigger_carried_by_journeys_alone_may_act(self) -> None:
        assert allowed(plan(journeys=(WALK,)), runs=DOWN).permission is Permission.AUTO

    def test_nothing_fired_is_no_leave_to_act(self) -> None:
        assert allowed(plan(ZERO)).permission is Permission.ASK


@given(
    st.builds(
        weighed,
        st.sampled_from([ZERO, PUBLIC]),
        count=st.integers(0, 3),
        own=st.integers(0, 2),
        buckets_hit=st.integers(0, 3),
    ),
    st.lists(st.builds(again, st.just(ZERO), st.integers(0, 3), st.integers(0, 3)), max_size=1),
    st.booleans(),
)
def test_it_acts_by_itself_only_on_confirmed_repeated_evidence(
    one: Evidence, second: list[Observation], public: bool
) -> None:
    of = plan(structs.replace(ZERO, public=public))
    if allowed(of, one, second=tuple(second)).permission is Permission.AUTO:
        assert one.count + one.own >= 2
        assert one.buckets_hit >= 2
        assert sum(bucket.count for answer in second for bucket in answer.buckets) > 0
        assert not public or max(bucket.actors for answer in second for bucket in answer.buckets) >= 2
