import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakewatch.stats.intervals import (
    incomplete_beta,
    rate_bound_of_none,
    ratio_interval,
    share_bound_of_none,
    share_interval,
)

COUNTS = st.integers(0, 5000)
EXPOSURES = st.floats(0.5, 1e6)


@pytest.mark.parametrize(("trials", "bound"), [(30, 0.095), (100, 0.0295), (300, 0.00994), (1000, 0.00299)])
def test_no_event_in_n_trials_bounds_the_share(trials: float, bound: float) -> None:
    assert share_bound_of_none(trials) == pytest.approx(bound, rel=0.005)


def test_no_event_in_thirty_minutes_bounds_the_rate_at_three_in_thirty() -> None:
    assert rate_bound_of_none(30) == pytest.approx(0.1, rel=0.002)


def test_the_incomplete_beta_function_is_a_binomial_tail() -> None:
    tail = sum(math.comb(20, k) * 0.3**k * 0.7 ** (20 - k) for k in range(7, 21))
    assert incomplete_beta(7, 14, 0.3) == pytest.approx(tail, rel=1e-10)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 48, 0.0, 0.0740), (5, 10, 0.1871, 0.8129), (3, 100, 0.00623, 0.0852), (7, 7, 0.5904, 1.0)],
)
def test_a_share_has_its_exact_interval(hits: int, trials: int, low: float, high: float) -> None:
    assert share_interval(hits, trials) == pytest.approx((low, high), abs=1e-3)


def test_equal_counts_of_five_have_the_known_exact_interval() -> None:
    # Clopper and Pearson, 99 %, for 5 of 10: 0.1283 to 0.8717.
    low, high = ratio_interval(5, 1, 5, 1)
    assert low == pytest.approx(0.1283 / 0.8717, rel=0.005)
    assert high == pytest.approx(0.8717 / 0.1283, rel=0.005)


def test_nothing_before_leaves_the_upper_end_open() -> None:
    low, high = ratio_interval(3, 10, 0, 80)
    assert low > 1
    assert math.isinf(high)


def test_nothing_at_all_says_nothing() -> None:
    assert ratio_interval(0, 10, 0, 80) == (0.0, math.inf)


@settings(deadline=None, max_examples=60)
@given(COUNTS, EXPOSURES, COUNTS, EXPOSURES)
def test_the_interval_holds_the_estimate(x1: int, n1: float, x0: int, n0: float) -> None:
    low, high = ratio_interval(x1, n1, x0, n0)
    estimate = (x1 / n1) / (x0 / n0) if x0 else math.inf
    assert 0 <= low <= estimate * (1 + 1e-9) or x1 == x0 == 0
    assert estimate <= high * (1 + 1e-9)


@settings(deadline=None, max_examples=60)
@given(COUNTS, EXPOSURES, COUNTS, EXPOSURES)
def test_looking_backwards_turns_the_interval_over(x1: int, n1: float, x0: int, n0: float) -> None:
    low, high = ratio_interval(x1, n1, x0, n0)
    turned_low, turned_high = ratio_interval(x0, n0, x1, n1)
    assert turned_low == (pytest.approx(1 / high, rel=1e-6) if math.isfinite(high) else 0.0)
    assert turned_high == (pytest.approx(1 / low, rel=1e-6) if low else math.inf)


@pytest.mark.parametrize(("ratio", "mean"), [(1.0, 3.0), (5.0, 2.0), (1.0, 40.0)])
def test_the_interval_covers_the_truth_in_ninety_nine_of_a_hundred(ratio: float, mean: float) -> None:
    import numpy as np

    random = np.random.default_rng(7)
    missed = 0
    for x1, x0 in zip(random.poisson(mean * ratio, 600), random.poisson(mean * 4, 600), strict=True):
        low, high = ratio_interval(int(x1), 1, int(x0), 4)
        missed += not low <= ratio <= high
    assert missed <= 12
