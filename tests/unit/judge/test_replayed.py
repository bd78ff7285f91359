"""From alarms of checks to rollbacks of the plan, and to advice."""

import math
from datetime import timedelta

import numpy as np
import pytest
from msgspec import structs

from bakewatch.judge.backtest import Trial
from bakewatch.judge.replayed import replayed, walked
from bakewatch.model.plan import Plan, Rule, Trigger
from bakewatch.model.release import Merged
from bakewatch.model.replay import Change, Replay
from tests.unit.judge.bakes import CALLS, ERRORS, START, ZERO, plan

NEVER = math.inf


def made(check: str, minutes: list[float], counted: list[bool] | None = None, **more: object) -> Trial:
    known = np.array(counted if counted is not None else [True] * len(minutes))
    base: dict[str, object] = {"studied": 7.0, "answered": 7.0, **more}
    return Trial(check, known, np.array(minutes), **base)  # type: ignore[arg-type]


def told(of: Plan, *trials: Trial, days: float = 7, gaps: dict[str, str] | None = None) -> Replay:
    return replayed(of, trials, at=START, days=days, gaps=gaps or {})


def changes(done: Replay) -> list[list[Change]]:
    return [[one.change for one in check.advice] for check in done.checks]


class TestTriggers:
    def of(self, *, all: tuple[str, ...] = (), any: tuple[str, ...] = ()) -> Plan:
        return plan(ERRORS, CALLS, triggers=(Trigger(name="t", all=all, any=any),))

    def test_all_must_have_alarmed_and_one_of_any(self) -> None:
        errors, calls = made("errors", [3, NEVER, 4, NEVER]), made("calls", [NEVER, 5, 9, NEVER])
        both, one = self.of(all=("check:errors", "check:calls")), self.of(any=("check:errors", "check:calls"))
        assert told(both, errors, calls).alarms.alarms == 1
        assert told(one, errors, calls).alarms.alarms == 3

    def test_a_journey_passes(self) -> None:
        alarming = made("errors", [3.0]), made("calls", [3.0])
        needs_it = self.of(all=("check:errors", "journey:walk"))
        assert told(needs_it, *alarming).triggers[0].alarms.alarms == 0
        alone = self.of(any=("journey:walk",))
        assert told(alone, *alarming).triggers[0].alarms.bakes == 0
        beside = self.of(any=("journey:walk", "check:errors"))
        assert told(beside, *alarming).triggers[0].alarms.alarms == 1

    def test_what_is_not_known_has_not_fired(self) -> None:
        errors, calls = made("errors", [3.0, 3.0], [False, True]), made("calls", [NEVER] * 2, [False] * 2)
        any_, all_ = self.of(any=("check:errors", "check:calls")), self.of(all=("check:errors", "check:calls"))
        (one,) = told(any_, errors, calls).triggers
        assert (one.alarms.bakes, one.alarms.alarms, one.unanswered) == (1, 1, ("calls",))
        assert told(all_, errors, calls).triggers[0].alarms.bakes == 0

    def test_releases_are_told_one_by_one(self) -> None:
        merges = [Merged(commit=name * 40, at=START + timedelta(hours=hour)) for hour, name in enumerate("abc")]
        errors = made("errors", [NEVER, 4, 2], [True, True, False])
        calls = made("calls", [NEVER, 6, NEVER], [True, True, False])
        quiet, harmed, unknown = walked(self.of(all=("check:errors", "check:calls")), merges, [errors, calls])
        assert (quiet.judged, quiet.checks, quiet.triggers) == (2, {}, {})
        assert (harmed.commit, harmed.checks, harmed.triggers) == ("b" * 40, {"errors": 4, "calls": 6}, {"t": 6})
        assert (unknown.judged, unknown.checks, unknown.triggers) == (0, {}, {})


def test_alarms_have_their_exact_interval() -> None:
    done = told(plan(ERRORS), made("errors", [2.0] * 3 + [NEVER] * 97))
    assert (done.alarms.bakes, done.alarms.per_100) == (100, 3.0)
    assert (done.alarms.low, done.alarms.high) == pytest.approx((0.623, 8.518), abs=0.01)
    nothing = told(plan(ERRORS), made("errors", [NEVER] * 3, [False] * 3))
    assert (nothing.empty, nothing.alarms.per_100) == (True, None)
    assert (nothing.alarms.low, nothing.alarms.high) == (0.0, 100.0)


def test_delays_are_those_of_half_and_of_nearly_all_bakes() -> None:
    found = np.array([4.0] * 10 + [6.0] * 9 + [20.0])
    some = np.array([4.0] * 10 + [NEVER] * 10)
    lost, none = np.full(20, NEVER), np.zeros(0)
    quiet = [NEVER] * 20
    one, two, five = told(plan(ERRORS), made("errors", quiet, faults=(found, some, lost, none))).checks[0].delays
    assert (one.ratio, one.found, one.median, one.slowest) == (1.5, 1.0, 4.0, 6.0)
    assert (two.found, two.median, two.slowest) == (0.5, 4.0, None)
    assert (five.found, five.median, five.slowest) == (0.0, None, None)


class TestAdvice:
    FINE = (np.full(20, 3.0),) * 4

    def test_a_plan_that_does_well_is_left_alone(self) -> None:
        fine = made("errors", [NEVER] * 300, faults=self.FINE), made("column", [NEVER] * 300)
        assert changes(told(plan(ERRORS, ZERO), *fine)) == [[], []]

    def test_one_that_cannot_see_a_clear_fault_is_too_weak(self) -> None:
        half = np.array([4.0, NEVER])
        done = told(plan(ERRORS), made("errors", [NEVER] * 2, faults=(half, half, half, half)))
        (said,) = done.checks[0].advice
        assert (said.change, said.numbers) == (Change.TOO_WEAK, {"found": 0.5})

    def test_one_that_alarms_too_often_cries_wolf(self) -> None:
        done = told(plan(ERRORS), made("errors", [3.0] * 20 + [NEVER] * 80, faults=self.FINE))
        assert changes(done) == [[Change.CRIES_WOLF]]
        once = told(plan(ERRORS), made("errors", [3.0] + [NEVER] * 99, faults=self.FINE))
        assert changes(once) == [[]], "one of a hundred is what the plan allows"

    def test_what_is_forbidden_must_not_be_usual(self) -> None:
        assert changes(told(plan(ZERO), made("column", [3.0, NEVER]))) == [[Change.FIRES_BY_ITSELF]]

    def test_what_the_numbers_rest_on_is_said(self) -> None:
        short = made("errors", [NEVER], studied=1.5, answered=2.0, faults=self.FINE)
        assert changes(told(plan(ERRORS), short)) == [[Change.SHORT_HISTORY, Change.ASSUMED_NOISE]]
        assert changes(told(plan(ERRORS), made("errors", [NEVER]))) == [[Change.NOTHING_BEFORE]]

    def test_new_signatures_are_measured_elsewhere_and_what_needs_them_is_unknown(self) -> None:
        new = structs.replace(ERRORS, name="new", rule=Rule.NOVELTY)
        alone = Trigger(name="alone", any=("check:new",))
        beside = Trigger(name="beside", any=("check:new", "check:errors"))
        trials = made("new", [NEVER] * 2, [False] * 2), made("errors", [3.0, NEVER], faults=self.FINE)
        done = told(plan(new, ERRORS, triggers=(alone, beside)), *trials)
        assert changes(done)[0] == [Change.MEASURED_BEFORE]
        one, other = done.triggers
        assert (one.alarms.bakes, one.alarms.per_100, one.unanswered) == (0, None, ("new",))
        assert (other.alarms.bakes, other.alarms.alarms, other.unanswered) == (2, 1, ("new",))

    def test_without_an_answer_the_cause_is_all_that_is_said(self) -> None:
        done = told(plan(ERRORS), made("errors", [NEVER], [False], answered=0.0), gaps={"errors": "timeout"})
        (said,) = done.checks[0].advice
        assert (said.change, said.detail, done.gaps) == (Change.NO_HISTORY, "timeout", ("timeout",))
        assert ERRORS.rule is Rule.PROPORTION
