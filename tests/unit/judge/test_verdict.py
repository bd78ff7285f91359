from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from bakewatch.judge.rules import weigh
from bakewatch.judge.triggers import fired
from bakewatch.judge.verdict import conclude, extension
from bakewatch.model.bake import Watch
from bakewatch.model.journey import Walked
from bakewatch.model.plan import Bake, Check, Journey, Rule
from bakewatch.model.verdict import Outcome, Verdict
from tests.unit.judge.bakes import (
    CALLS,
    ERRORS,
    ORDERS,
    START,
    ZERO,
    now,
    plan,
    run,
    since,
    steady,
    watch,
)

WALK = Journey(name="registrant", persona="p", file="journeys/registrant.py")
PASSED, FAILED = run("registrant", Walked.PASSED), run("registrant", Walked.FAILED)
LOAD = Check(name="load", stream="database", rule=Rule.VOLUME, where="rollbacks")
AUTH = structs.replace(CALLS, stream="auth")


def judged(of: Watch) -> Verdict:
    """The verdict at the end of *of*."""
    at, runs = now(of), of.latest_runs()
    evidence = weigh(of, at)
    return conclude(of, at, evidence, runs, fired(of, evidence, runs))


def causes(of: Watch) -> list[tuple[str, str]]:
    """Why it is not a pass, and about what."""
    one = judged(of)
    assert one.outcome is Outcome.INCONCLUSIVE
    return [(reason.code, reason.about) for reason in one.reasons]


class TestConclude:
    def test_a_healthy_release_passes(self) -> None:
        of = plan(ZERO, ERRORS, journeys=(WALK,))
        whole = watch(of, {"errors": steady(1)}, past={"errors": steady(1)}, runs=[PASSED])
        assert judged(whole) == Verdict(outcome=Outcome.PASS)

    def test_a_fired_trigger_fails_with_its_culprits(self) -> None:
        one = judged(watch(plan(ZERO), {"column": since(9, 1)}))
        assert (one.outcome, one.triggers) == (Outcome.FAIL, ("t-column",))
        assert [(reason.code, reason.about) for reason in one.reasons] == [("fired", "check:column")]

    def test_a_journey_that_failed_twice_fails(self) -> None:
        assert judged(watch(plan(journeys=(WALK,)), {}, runs=[FAILED])).outcome is Outcome.FAIL

    def test_a_silent_stream_is_blind(self) -> None:
        assert causes(watch(plan(ZERO), {}, mute=["postgres"])) == [("blind", "check:column")]

    def test_a_stream_without_a_canary_is_unproven(self) -> None:
        whole = watch(plan(AUTH), {"calls": steady(2)}, past={"calls": steady(2)})
        assert causes(whole) == [("unproven", "check:calls")]

    def test_a_source_that_answers_with_errors_is_named(self) -> None:
        whole = watch(plan(ZERO), {}, gap=lambda number, _: "error" if number % 3 == 0 else "")
        assert causes(whole) == [("provider_errors", "check:column")]

    def test_too_little_traffic_is_told_with_its_numbers(self) -> None:
        one = judged(watch(plan(ZERO), {"column": steady(0, 1)}))
        assert [reason.code for reason in one.reasons] == ["too_little_traffic"]
        assert set(one.reasons[0].numbers) == {"could_see", "target"}

    def test_no_baseline_is_told(self) -> None:
        assert causes(watch(plan(ERRORS), {})) == [("no_baseline", "check:errors")]

    def test_a_journey_never_walked_or_that_could_not_be_is_told(self) -> None:
        assert causes(watch(plan(journeys=(WALK,)), {})) == [("journey_unwalked", "journey:registrant")]
        lame = structs.replace(run("registrant", Walked.UNWALKED), problem="timeout")
        assert judged(watch(plan(journeys=(WALK,)), {}, runs=[lame])).reasons[0].detail == "timeout"

    def test_a_failing_journey_that_no_trigger_names_is_told(self) -> None:
        of = plan(journeys=(WALK,), triggers=())
        assert causes(watch(of, {}, runs=[FAILED])) == [("journey_failed", "journey:registrant")]

    def test_a_fired_check_that_no_trigger_names_is_told(self) -> None:
        of = plan(ZERO, triggers=(), journeys=(WALK,))
        assert causes(watch(of, {"column": steady(1)}, runs=[PASSED])) == [("check_fired", "check:column")]

    def test_what_is_not_required_may_be_blind(self) -> None:
        of = plan(ZERO, structs.replace(ERRORS, required=False))
        assert judged(watch(of, {}, mute=["edge"])).outcome is Outcome.PASS

    def test_a_plan_that_requires_nothing_can_not_pass(self) -> None:
        assert causes(watch(plan(), {})) == [("no_required_check", "")]

    def test_a_watch_that_is_not_over_can_not_pass(self) -> None:
        assert ("not_over", "") in causes(watch(plan(ZERO), {}, minutes=28))

    def test_every_cause_is_told(self) -> None:
        whole = watch(plan(ZERO, ERRORS, journeys=(WALK,)), {}, mute=["postgres"])
        assert [code for code, _ in causes(whole)] == ["blind", "no_baseline", "journey_unwalked"]

    def test_without_evidence_nothing_passes(self) -> None:
        whole = watch(plan(ZERO), {})
        assert conclude(whole, now(whole), (), {}, ()).outcome is Outcome.INCONCLUSIVE


class TestExtension:
    def test_a_watch_that_saw_everything_is_not_extended(self) -> None:
        whole = watch(plan(ZERO), {})
        assert extension(whole, now(whole)) == (timedelta(0), ())

    def test_blind_minutes_are_made_up_for(self) -> None:
        whole = watch(plan(ZERO), {}, gap=lambda number, _: "error" if number > 52 else "")
        assert extension(whole, now(whole)) == (timedelta(minutes=3), ("postgres",))

    def test_what_was_granted_is_not_granted_again(self) -> None:
        def hole(number: int, question: str) -> str:
            return "error" if 52 < number <= 60 else ""

        whole = watch(plan(ZERO), {}, minutes=33, ends=START + timedelta(minutes=33), gap=hole)
        assert extension(whole, now(whole)) == (timedelta(0), ())

    def test_it_never_grows_beyond_the_plan(self) -> None:
        whole = watch(plan(ZERO), {}, mute=["postgres"])
        assert extension(whole, now(whole)) == (timedelta(minutes=15), ("postgres",))
        longer = watch(plan(ZERO), {}, minutes=45, mute=["postgres"], ends=START + timedelta(minutes=45))
        assert extension(longer, now(longer)) == (timedelta(0), ())

    def test_scaled_time_scales_it(self) -> None:
        whole = watch(plan(ZERO, time_scale=0.5), {}, minutes=15, mute=["postgres"])
        assert extension(whole, now(whole))[0] == timedelta(minutes=7.5)

    def test_it_waits_for_lines_that_may_still_come(self) -> None:
        short = plan(ZERO, bake=Bake(duration="4m"))
        whole = watch(short, {}, minutes=4, late=timedelta(seconds=80))
        assert extension(whole, now(whole)) == (timedelta(minutes=1), ("postgres",))

    def test_no_time_is_spent_on_what_can_never_be_seen_or_is_not_required(self) -> None:
        of = plan(AUTH, structs.replace(ERRORS, required=False))
        whole = watch(of, {}, mute=["edge"])
        assert extension(whole, now(whole)) == (timedelta(0), ())


CHECKS = st.lists(st.sampled_from([ZERO, ERRORS, CALLS, ORDERS, AUTH, LOAD]), min_size=1, max_size=3, unique=True)


@settings(deadline=None, max_examples=15)
@given(CHECKS, st.sampled_from(["unreachable", "error"]), st.integers(0, 9))
def test_a_dead_source_neither_passes_nor_fails(checks: list[Check], code: str, rate: int) -> None:
    of = plan(*once(checks))
    rates = {check.name: steady(rate) for check in checks}
    whole = watch(of, rates, past=rates, minutes=30, gap=lambda number, question: code)
    assert judged(whole).outcome is Outcome.INCONCLUSIVE


@settings(deadline=None, max_examples=15)
@given(CHECKS)
def test_empty_logs_never_pass(checks: list[Check]) -> None:
    """Every question is answered, and no answer holds a line, not even a canary."""
    of = plan(*once(checks))
    past = {check.name: steady(1) for check in checks}
    whole = watch(of, {}, past=past, mute=["edge", "postgres", "auth", "database"])
    assert judged(whole).outcome is not Outcome.PASS


@settings(deadline=None, max_examples=15)
@given(CHECKS, st.integers(0, 5), st.integers(0, 5))
def test_without_any_success_nothing_passes(checks: list[Check], before: int, after: int) -> None:
    """No answer, no walk that passed: whatever the numbers are, there is nothing to bless."""
    of = plan(*once(checks), journeys=(WALK,))
    rates = {check.name: steady(after) for check in checks}
    past = {check.name: steady(before) for check in checks}
    whole = watch(of, rates, past=past, minutes=30, runs=[run("registrant", Walked.UNWALKED)])
    assert judged(whole).outcome is not Outcome.PASS


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([ZERO, ERRORS, CALLS]), st.integers(0, 4), st.sets(st.integers(0, 12), max_size=5))
def test_a_gap_never_turns_inconclusive_into_fail(check: Check, rate: int, lost: set[int]) -> None:
    """The same watch with some looks unanswered: what did not fail with all answers does not fail with fewer."""
    rates, past = {check.name: steady(rate)}, {check.name: steady(2)}
    whole = watch(plan(check), rates, past=past, minutes=6)
    holey = watch(plan(check), rates, past=past, minutes=6, gap=lambda number, _: "error" if number in lost else "")
    if judged(whole).outcome is not Outcome.FAIL:
        assert judged(holey).outcome is not Outcome.FAIL


def once(checks: list[Check]) -> list[Check]:
    """One check per name: two of the samples share one."""
    return list({check.name: check for check in checks}.values())
