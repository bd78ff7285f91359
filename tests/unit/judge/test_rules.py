import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from bakewatch.judge.rules import weigh
from bakewatch.model.bake import Watch
from bakewatch.model.observation import Bucket, Observation, Window
from bakewatch.model.plan import Check, Rule
from bakewatch.model.verdict import Evidence
from tests.unit.judge.bakes import (
    CALLS,
    ERRORS,
    ORDERS,
    START,
    ZERO,
    Rate,
    history,
    now,
    plan,
    since,
    steady,
    watch,
)

LOAD = Check(name="load", stream="database", rule=Rule.VOLUME, where="rollbacks")


def weighed(of: Watch) -> Evidence:
    """The evidence of the only check."""
    (one,) = weigh(of, now(of))
    return one


def codes(one: Evidence) -> list[str]:
    """The codes of its reasons."""
    return [reason.code for reason in one.reasons]


def compared(check: Check, before: Rate, after: Rate, minutes: float = 30) -> Evidence:
    """*check* with one rate before the deploy and another after it."""
    return weighed(watch(plan(check), {check.name: after}, past={check.name: before}, minutes=minutes))


class TestZero:
    def test_nothing_seen_over_enough_requests_is_sharp(self) -> None:
        one = weighed(watch(plan(ZERO), {}))
        assert not one.fired
        assert one.could_see == pytest.approx(1 - 0.05 ** (1 / one.exposure))
        assert (one.target, one.sharp, one.reasons) == (0.01, True, ())

    def test_the_first_event_fires(self) -> None:
        one = weighed(watch(plan(ZERO), {"column": since(10, 1)}, minutes=10.5))
        assert one.fired
        assert one.first_at == START + timedelta(minutes=10)
        assert (one.count, one.buckets_hit) == (3, 3)

    def test_an_event_of_the_transition_counts(self) -> None:
        of = watch(plan(ZERO), {"column": lambda moment: (int(moment == START), 10)}, minutes=5)
        assert weighed(structs.replace(of, started=START + timedelta(minutes=2))).fired

    def test_our_own_traffic_counts_and_is_told_apart(self) -> None:
        of = watch(plan(ZERO), {}, minutes=2)
        rows = (Bucket(1_770_433_200_000, 0, 5, 1),)
        mine = Observation(
            question="column", window=Window(START, START + timedelta(minutes=2)), width=10, buckets=rows
        )
        last = structs.replace(of.looks[-1], observations=(*of.looks[-1].observations, mine))
        one = weighed(structs.replace(of, looks=(*of.looks[:-1], last)))
        assert (one.fired, one.count, one.own, one.buckets_hit) == (True, 0, 1, 1)

    def test_requests_in_blind_minutes_carry_nothing(self) -> None:
        one = weighed(watch(plan(ZERO), {}, mute=["postgres"]))
        assert (one.exposure, one.could_see, one.sharp) == (0, None, False)
        assert codes(one) == ["blind"]

    def test_an_event_in_a_blind_minute_still_counts(self) -> None:
        one = weighed(watch(plan(ZERO), {"column": since(3, 1)}, mute=["edge"]))
        assert one.fired

    def test_too_little_traffic_is_not_sharp(self) -> None:
        one = weighed(watch(plan(ZERO), {"column": steady(0, 1)}))
        assert (one.exposure, one.sharp) == (180, False)
        assert codes(one) == ["too_little_traffic"]

    def test_without_a_whole_it_speaks_of_minutes(self) -> None:
        one = weighed(watch(plan(structs.replace(ZERO, of="")), {}))
        assert one.exposure == 1800
        assert one.could_see == pytest.approx(0.1, rel=0.01)
        assert (one.target, one.sharp) == (1.0, True)

    def test_what_it_must_see_follows_the_plan_and_a_bad_past(self) -> None:
        declared = weighed(watch(plan(structs.replace(ZERO, sees=0.0001)), {}))
        assert (declared.target, declared.sharp) == (0.0001, False)
        bad = weighed(watch(plan(ZERO), {}, past={"column": steady(1)}))
        assert bad.target == pytest.approx(0.05)

    def test_what_a_faltering_source_did_show_counts_and_its_silence_carries_nothing(self) -> None:
        def gap(number: int, _: str) -> str:
            return "error" if number % 3 == 0 else ""

        shown = weighed(watch(plan(ZERO), {"column": steady(1)}, gap=gap))
        silent = weighed(watch(plan(ZERO), {"column": steady(0)}, gap=gap))
        assert (shown.fired, silent.fired) == (True, False)
        assert codes(shown) == codes(silent) == ["provider_errors"]


class TestProportion:
    def test_the_same_share_as_before_is_no_evidence(self) -> None:
        one = compared(ERRORS, steady(2), steady(2))
        assert not one.fired
        assert one.ratio == pytest.approx(1.0)
        assert one.ln_e is not None
        assert one.ln_e < 0
        assert one.sharp

    def test_a_share_five_times_as_high_fires_soon(self) -> None:
        one = compared(ERRORS, steady(1), steady(5), minutes=4)
        assert one.fired
        assert one.ratio == pytest.approx(5.0)
        assert one.low is not None
        assert one.high is not None
        assert one.low < 5 < one.high
        assert one.ln_e is not None
        assert one.threshold is not None
        assert one.ln_e >= one.threshold

    def test_a_release_that_brings_the_first_errors_fires(self) -> None:
        one = compared(ERRORS, steady(0), steady(1), minutes=6)
        assert (one.fired, one.ratio, one.high) == (True, None, None)
        assert one.low is not None
        assert one.low > 1

    def test_a_healthy_service_without_errors_is_sharp(self) -> None:
        one = compared(ERRORS, steady(0), steady(0))
        assert (one.fired, one.sharp, one.target) == (False, True, 0.01)

    def test_harm_that_begins_late_fires_and_says_since_when(self) -> None:
        one = compared(ERRORS, steady(1), since(20, 8, before=1), minutes=24)
        assert one.fired
        (reason,) = one.reasons
        assert reason.code == "onset"
        assert reason.numbers["minute"] == pytest.approx(17.5, abs=2)

    def test_what_was_bad_before_does_not_fire(self) -> None:
        assert not compared(ERRORS, steady(20), steady(20)).fired

    def test_below_the_minimum_effect_nothing_fires(self) -> None:
        one = compared(ERRORS, steady(200, 2000), steady(340, 2000))
        assert one.ln_e is not None
        assert one.threshold is not None
        assert one.ln_e > one.threshold
        assert not one.fired
        assert codes(one) == ["below_minimum_effect"]

    def test_the_plan_may_ask_for_more_extra_events(self) -> None:
        strict = structs.replace(ERRORS, minimum_extra=10_000)
        assert not compared(strict, steady(1), steady(9)).fired

    def test_without_a_past_nothing_fires(self) -> None:
        one = weighed(watch(plan(ERRORS), {"errors": steady(50)}))
        assert (one.fired, one.ln_e, one.sharp) == (False, None, False)
        assert codes(one) == ["no_baseline"]

    def test_a_past_of_gaps_is_no_past(self) -> None:
        of = watch(plan(ERRORS), {"errors": steady(50)}, past={"errors": steady(1)})
        gaps = tuple(structs.replace(one, buckets=(), gap="error") for one in of.baseline)
        assert codes(weighed(structs.replace(of, baseline=gaps))) == ["no_baseline"]

    def test_the_warm_up_is_left_out(self) -> None:
        one = compared(ERRORS, steady(0), lambda moment: (9 * (moment < START + timedelta(seconds=90)), 100))
        assert (one.fired, one.count) == (False, 0)

    def test_young_buckets_are_not_judged_yet(self) -> None:
        of = watch(plan(ERRORS), {"errors": since(9.5, 50)}, past={"errors": steady(0)}, minutes=10)
        assert weighed(of).count == 0

    def test_blind_minutes_have_neither_count_nor_exposure(self) -> None:
        of = watch(plan(ERRORS), {"errors": steady(9)}, past={"errors": steady(0)}, mute=["edge"])
        one = weighed(of)
        assert (one.count, one.exposure, one.fired) == (0, 0, False)

    def test_too_little_traffic_is_said(self) -> None:
        one = compared(ERRORS, steady(0, 1), steady(0, 1))
        assert not one.sharp
        assert codes(one) == ["too_little_traffic"]

    def test_a_whole_in_a_silent_stream_can_not_make_a_share_rise(self) -> None:
        across = structs.replace(ERRORS, stream="postgres", of_stream="auth")
        one = weighed(watch(plan(across), {"errors": steady(9)}, past={"errors": steady(1)}))
        assert (one.fired, one.exposure) == (False, 0)

    def test_several_checks_share_the_chance_of_a_false_alarm(self) -> None:
        of = watch(plan(ERRORS, ORDERS, ZERO), {}, minutes=2)
        first, second, third = weigh(of, now(of))
        assert first.threshold == second.threshold == pytest.approx(math.log(200) - 0.6, abs=0.001)
        assert third.threshold is None


class TestVolume:
    def test_a_storm_of_calls_fires(self) -> None:
        one = compared(CALLS, steady(2), steady(14), minutes=5)
        assert one.fired
        assert one.ratio == pytest.approx(7.0)

    def test_it_speaks_of_events_per_minute(self) -> None:
        one = compared(CALLS, steady(2), steady(2))
        assert one.target == pytest.approx(60.0)
        assert one.could_see is not None
        assert 12 < one.could_see < 60

    def test_scaled_time_keeps_events_per_minute_of_the_plan(self) -> None:
        of = watch(plan(CALLS, time_scale=0.5), {"calls": steady(2)}, past={"calls": steady(2)}, minutes=15)
        assert weighed(of).target == pytest.approx(30.0)

    def test_a_store_that_was_empty_before_has_no_past(self) -> None:
        of = watch(plan(CALLS), {"calls": steady(14)}, baseline=history({"calls": steady(0)}, hours=0))
        one = weighed(of)
        assert (one.fired, codes(one)) == (False, ["no_baseline"])

    def test_what_was_not_kept_is_no_quiet_time(self) -> None:
        kept, steadily = history({"calls": steady(2)}, hours=0.5), {"calls": steady(2)}
        assert not weighed(watch(plan(CALLS), steadily, baseline=kept)).fired
        zeros = structs.replace(kept[0], window=history(steadily)[0].window)
        assert weighed(watch(plan(CALLS), steadily, baseline=(zeros,))).fired, "taken for zeros, it cries wolf"

    def test_a_quiet_question_in_a_stream_that_flows_has_one(self) -> None:
        of = watch(plan(CALLS), {"calls": steady(1)}, past={"calls": steady(0, 0)})
        assert weighed(of).fired

    def test_a_source_that_measures_says_how_much_time_it_covered(self) -> None:
        of = watch(plan(LOAD), {"load": steady(30, 5_000)}, past={"load": steady(10, 10_000)}, minutes=6)
        one = weighed(of)
        assert one.fired
        assert one.ratio == pytest.approx(6.0)

    def test_a_rise_in_an_unproven_stream_fires_but_its_calm_proves_nothing(self) -> None:
        auth = structs.replace(CALLS, stream="auth")
        storm, calm = compared(auth, steady(2), steady(14)), compared(auth, steady(2), steady(2))
        assert storm.fired
        assert (calm.fired, calm.seen, codes(calm)) == (False, 0.0, ["unproven"])


class TestFloor:
    def test_the_loss_of_most_successes_fires(self) -> None:
        one = compared(ORDERS, steady(20), steady(4), minutes=6)
        assert one.fired
        assert one.ratio == pytest.approx(0.2)

    def test_more_successes_do_not(self) -> None:
        assert not compared(ORDERS, steady(20), steady(60)).fired

    def test_a_loss_below_the_minimum_effect_does_not(self) -> None:
        one = compared(ORDERS, steady(200, 1000), steady(110, 1000))
        assert (one.fired, codes(one)) == (False, ["below_minimum_effect"])

    def test_it_speaks_of_the_share_lost(self) -> None:
        one = compared(ORDERS, steady(20), steady(20))
        assert (one.could_see, one.target, one.sharp) == (0.5, 0.5, True)

    def test_a_stream_that_falls_silent_is_blindness_not_a_fall(self) -> None:
        of = watch(plan(ORDERS), {"orders": steady(20)}, past={"orders": steady(20)}, mute=["edge"])
        assert not weighed(of).fired
        timed = structs.replace(ORDERS, of="", stream="auth")
        of = watch(plan(timed), {"orders": steady(20)}, past={"orders": steady(20)}, mute=["auth"])
        assert not weighed(of).fired

    def test_few_successes_can_not_show_their_loss(self) -> None:
        one = compared(ORDERS, lambda moment: (int(moment.hour == 1 and moment.minute == 0), 100), steady(0))
        assert (one.could_see, one.sharp) == (None, False)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from([ZERO, ERRORS, CALLS, ORDERS, LOAD]), st.integers(0, 40), st.integers(0, 40))
def test_a_dead_source_never_fires(check: Check, before: int, after: int) -> None:
    rates = {check.name: steady(after)}
    of = watch(plan(check), rates, past={check.name: steady(before)}, minutes=8, gap=lambda number, _: "unreachable")
    one = weighed(of)
    assert (one.fired, one.seen, one.sharp) == (False, 0.0, False)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from([ZERO, ERRORS, CALLS]),
    st.integers(0, 3),
    st.integers(0, 12),
    st.integers(0, 20),
)
def test_one_look_more_that_was_not_answered_never_makes_a_check_fire(
    check: Check, before: int, after: int, lost: int
) -> None:
    """The last look is a gap in one watch and was never made in the other."""
    rates, past = {check.name: steady(after)}, {check.name: steady(before)}
    minutes = 1 + lost / 2
    short = watch(plan(check), rates, past=past, minutes=minutes)
    last = round(minutes * 2) + 1
    longer = watch(
        plan(check), rates, past=past, minutes=minutes + 0.5, gap=lambda number, _: "error" if number == last else ""
    )
    at = now(longer)
    assert weigh(short, at)[0].fired or not weigh(longer, at)[0].fired
