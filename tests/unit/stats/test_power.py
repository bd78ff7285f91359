"""What could have been seen is a promise: simulated, it is kept."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakewatch.stats import mixture, noise, power

ALARM = math.log(100)
LENGTHS = np.array([20.0, 240.0])
WATCH = np.arange(0, 30, 0.5)
AT = np.concatenate([[-240.0, -20.0], WATCH])


def share_found(x0: noise.Array, rate: float, *, falling: bool = False, number: int = 400) -> float:
    """The share of half-hours with *rate* events a minute in which the watch raises an alarm."""
    random = np.random.default_rng(3)
    past = np.broadcast_to([x0[1] - x0[0], x0[0]], (number, 2))
    count = np.concatenate([past, random.poisson(rate / 2, (number, len(WATCH)))], axis=1).astype(float)
    exposure = np.broadcast_to(np.concatenate([[220.0, 20.0], np.full(len(WATCH), 0.5)]), count.shape)
    found = np.zeros(number, dtype=bool)
    for known in range(12, len(AT) + 1, 10):
        parts = mixture.split(AT[:known], count[:, :known], exposure[:, :known], length=30.0)
        found |= mixture.combine(mixture.ln_evidence(parts, falling=falling)) >= ALARM
    return float(found.mean())


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.1, 2.0, 100.0])
def test_the_rise_that_it_promises_to_find_is_found(rate: float) -> None:
    x0 = np.round(rate * LENGTHS)
    least = power.smallest_rise(30.0, x0, LENGTHS, ALARM)
    assert least is not None
    assert share_found(x0, least) >= 0.93


@pytest.mark.parametrize("rate", [0.5, 2.0, 100.0])
def test_the_loss_that_it_promises_to_find_is_found(rate: float) -> None:
    x0 = np.round(rate * LENGTHS)
    lost = power.smallest_fall(30.0, x0, LENGTHS, ALARM)
    assert lost is not None
    assert share_found(x0, rate * (1 - lost), falling=True) >= 0.92


def test_it_does_not_promise_far_too_little() -> None:
    x0 = np.round(2.0 * LENGTHS)
    least = power.smallest_rise(30.0, x0, LENGTHS, ALARM)
    assert least is not None
    assert share_found(x0, 0.75 * least) < 0.9


def test_a_fall_from_almost_nothing_is_never_found() -> None:
    assert power.smallest_fall(30.0, np.array([0.0, 3.0]), LENGTHS, ALARM) is None


def test_a_change_inside_the_drift_is_never_promised() -> None:
    x0 = 1e6 * LENGTHS
    least = power.smallest_rise(30.0, x0, LENGTHS, ALARM)
    assert least is not None
    assert least / 1e6 > math.exp(4 * noise.TAU)


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 50), st.floats(1, 60), st.floats(1.1, 10))
def test_more_exposure_sees_smaller_harm(rate: float, exposure: float, more: float) -> None:
    x0 = np.round(rate * LENGTHS)
    less, longer = (power.smallest_rise(one, x0, LENGTHS, ALARM) for one in (exposure, exposure * more))
    assert longer is not None
    assert less is None or longer <= less * 1.02


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 1e5))
def test_means_reach_and_stay_under_what_was_asked(count: float) -> None:
    assert power.mean_that_reaches(count) - 1.645 * math.sqrt(power.mean_that_reaches(count)) == pytest.approx(
        count, abs=1e-6, rel=1e-6
    )
    under = power.mean_that_stays_under(count)
    assert under + 1.645 * math.sqrt(under) == pytest.approx(count, abs=1e-6, rel=1e-6)


@pytest.mark.parametrize("rate", [0.5, 5.0, 100.0])
def test_a_larger_rise_is_found_sooner(rate: float) -> None:
    x0 = np.round(rate * LENGTHS)
    found = [power.minutes_to_find(ratio, 1.0, x0, LENGTHS, ALARM) for ratio in (1.5, 2.0, 5.0, 10.0)]
    known = [math.inf if one is None else one for one in found]
    assert known == sorted(known, reverse=True)
    assert known[-1] < 30


def test_the_minutes_that_it_names_agree_with_the_rise_that_it_names() -> None:
    x0 = np.round(2.0 * LENGTHS)
    minutes = power.minutes_to_find(5.0, 1.0, x0, LENGTHS, ALARM)
    assert minutes is not None
    least = power.smallest_rise(minutes, x0, LENGTHS, ALARM)
    assert least == pytest.approx(5.0 * 2.0, rel=0.08)
