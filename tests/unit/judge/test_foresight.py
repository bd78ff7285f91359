"""What is said before a bake is what the bake then could have seen."""

from datetime import timedelta

import numpy as np
import pytest
from msgspec import structs

from bakewatch.judge import rules
from bakewatch.judge.foresight import foresee
from bakewatch.model.bake import Watch
from bakewatch.model.foresight import RATIOS, Foresight
from bakewatch.model.habit import Habit
from bakewatch.model.plan import Check
from bakewatch.stats.noise import Noise
from tests.unit.judge.bakes import CALLS, ERRORS, ORDERS, START, ZERO, Rate, plan, steady, watch


def made(check: Check, rate: Rate, *, before: bool = True, minutes: float = 30) -> Watch:
    return watch(plan(check), {check.name: rate}, past={check.name: rate} if before else None, minutes=minutes)


def foreseen(check: Check, rate: Rate, *, habit: Habit | None = None) -> Foresight:
    whole = structs.replace(made(check, rate), looks=(), habits={check.name: habit} if habit else {})
    (one,) = foresee(whole)
    return one


@pytest.mark.parametrize("check", [ZERO, ERRORS, CALLS, ORDERS], ids=lambda one: one.rule.value)
@pytest.mark.parametrize("count", [0, 1, 20])
def test_it_promises_what_is_found_to_have_been_true(check: Check, count: int) -> None:
    said = foreseen(check, steady(count))
    (seen,) = rules.weigh(made(check, steady(count), minutes=32), START + timedelta(minutes=32))
    assert said.target == seen.target
    if seen.could_see is None:
        assert said.could_see is None
    else:
        assert said.could_see == pytest.approx(seen.could_see, rel=0.12)


def test_a_larger_change_is_found_sooner() -> None:
    for check in (ERRORS, ORDERS):
        said = foreseen(check, steady(20))
        found = [31.0 if one is None else one for one in said.minutes]
        assert len(found) == len(RATIOS)
        assert found == sorted(found, reverse=True)
        assert found[-1] < 5


def test_a_noisy_service_is_promised_less() -> None:
    calm, noisy = (foreseen(ERRORS, steady(2), habit=Habit(Noise(phi))) for phi in (1.0, 8.0))
    assert calm.could_see is not None and noisy.could_see is not None
    assert noisy.could_see > calm.could_see
    assert (noisy.minutes[1] or 99) > (calm.minutes[1] or 99) or noisy.minutes[1] is None


def test_the_minutes_of_a_change_come_before_the_end_of_the_bake() -> None:
    said = foreseen(ERRORS, steady(1))
    assert all(one is None or one <= 30 for one in said.minutes)


def test_too_little_traffic_is_said_to_be_too_little() -> None:
    said = foreseen(ERRORS, steady(0, of=1))
    assert not said.sharp


@pytest.mark.parametrize("check", [ZERO, ERRORS, CALLS, ORDERS], ids=lambda one: one.rule.value)
def test_without_history_nothing_is_promised(check: Check) -> None:
    (said,) = foresee(structs.replace(made(check, steady(1), before=False), looks=()))
    assert (said.minutes, said.rate) == ((), None)
    assert check is ZERO or said.could_see is None


@pytest.mark.parametrize("check", [ZERO, ERRORS, CALLS, ORDERS], ids=lambda one: one.rule.value)
def test_a_bake_that_is_shorter_than_its_warm_up_sees_nothing_of_a_comparison(check: Check) -> None:
    base = made(check, steady(5))
    short = structs.replace(base.plan, bake=structs.replace(base.plan.bake, duration="1m"))
    brief = structs.replace(base, plan=short, ends=START + timedelta(minutes=1), looks=())
    with np.errstate(all="raise", under="ignore"):
        (said,) = foresee(brief)
    assert check is ZERO or (said.could_see, set(said.minutes)) == (None, {None})
