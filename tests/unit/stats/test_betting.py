import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bakewatch.stats.betting import Baseline, baseline, smallest_growth, weigh
from bakewatch.stats.noise import Array

K = 10
SHARES = np.array([0.77, 0.18, 0.04, 0.01, 0, 0, 0, 0, 0, 0])
BEFORE = baseline(SHARES * 5000) or Baseline(0.0, 0.0, 0.0, SHARES)


def spreads(sizes: NDArray[np.int64], buckets: int) -> Array:
    """Actions of these sizes, dealt to buckets in order."""
    out = np.zeros((buckets, K))
    for place, size in enumerate(sizes):
        out[place * buckets // len(sizes), min(size, K) - 1] += 1
    return out


def minutes(buckets: int) -> Array:
    return np.arange(buckets) * 30.0 / buckets


def test_the_mean_and_deviation_of_sizes() -> None:
    one = baseline(np.array([6.0, 3, 0, 0, 0, 0, 0, 0, 0, 1]))
    assert one is not None
    assert (one.actions, one.mean) == (10.0, 2.2)
    assert one.deviation == pytest.approx(math.sqrt((6 * 1.2**2 + 3 * 0.2**2 + 7.8**2) / 10))
    assert one.bound > one.mean
    assert baseline(np.zeros(K)) is None


def test_the_same_sizes_are_no_evidence_however_often_one_looks() -> None:
    """At most one watch in a hundred may ever cross 1/alpha; actions are clumped in time on purpose."""
    chance = np.random.default_rng(7)
    alarms = 0
    for _ in range(400):
        past = 1 + chance.poisson(0.4, 3000)
        before = baseline(spreads(past, 1)[0])
        assert before is not None
        present = spreads(1 + chance.poisson(0.4, 1500), 60)
        alarms += any(
            weigh(minutes(60)[:upto], present[:upto], before, length=30.0)[0] >= math.log(100)
            for upto in range(4, 61, 4)
        )
    assert alarms <= 4


def test_retries_are_found_within_a_few_actions() -> None:
    present = spreads(np.full(40, 6), 4)
    ln_e, onset = weigh(minutes(60)[:4], present, BEFORE, length=30.0)
    assert ln_e > 20
    assert onset == 0


def test_a_late_onset_is_named() -> None:
    present = spreads(np.concatenate([np.ones(1000, dtype=int), np.full(500, 5)]), 60)
    ln_e, onset = weigh(minutes(60), present, BEFORE, length=30.0)
    assert ln_e > 20
    assert onset == pytest.approx(19.5, abs=2)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.integers(1, 400))
def test_more_harm_never_weighs_less(size: int, actions: int) -> None:
    less = weigh(minutes(10), spreads(np.full(actions, size), 10), BEFORE, length=30.0)[0]
    more = weigh(minutes(10), spreads(np.full(actions, size + 1), 10), BEFORE, length=30.0)[0]
    assert more >= less
    assert not math.isnan(less)


def test_what_it_could_see_shrinks_with_more_actions() -> None:
    seen = [smallest_growth(number, BEFORE, math.log(500)) for number in (0.0, 30.0, 300.0, 3000.0)]
    assert seen[0] is None
    numbers = [one for one in seen if one is not None]
    assert numbers == sorted(numbers, reverse=True)
    assert BEFORE.mean < numbers[-1] < 1.3 * BEFORE.mean


def test_what_it_promises_is_found() -> None:
    chance = np.random.default_rng(3)
    promised = smallest_growth(400.0, BEFORE, math.log(100))
    assert promised is not None
    found = 0
    for _ in range(200):
        sizes = chance.choice(np.arange(1, K + 1), size=400, p=SHARES) + chance.poisson(promised - BEFORE.mean, 400)
        found += weigh(minutes(60), spreads(sizes, 60), BEFORE, length=30.0)[0] >= math.log(100)
    assert found >= 180
