"""The peers count as their own rules say: sequences made by hand, and a slow Mann-Whitney interval beside the quick."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from benchmarks.detection.peers import argo, flagger, kayenta, likelihood
from benchmarks.detection.peers.argo import Argo
from benchmarks.detection.peers.flagger import Flagger
from benchmarks.detection.peers.kayenta import Kayenta
from benchmarks.detection.peers.minutes import Array, Minutes, of_volume, of_watches, rates
from benchmarks.detection.streams import Cell, service, watches

BASE = 0.01
NAN = math.nan


def seen(during: list[float], before: float = BASE, every: int = 1) -> Minutes:
    """One watch with these rates in spans of *every* minutes, then nothing out of the ordinary."""
    rate = np.repeat([*during, *[BASE] * (30 // every - len(during))], every)[None]
    exposure = np.where(np.isnan(rate), 0.0, 1_000.0)
    past = np.full((1, 30), 1_000.0)
    return Minutes(before * past, past, np.nan_to_num(rate) * exposure, exposure, np.array([before]))


def slow_f(x: Array, y: Array, shift: float, q: float) -> float:
    """f(μ) from average ranks, as the rule is written."""
    pooled = np.concatenate([x - shift, y])
    ranks = [(pooled < one).sum() + ((pooled == one).sum() + 1) / 2 for one in pooled]
    m, n = len(x), len(y)
    centred = sum(ranks[:m]) - m * (m + 1) / 2 - m * n / 2
    ties = sum(int((pooled == one).sum()) ** 3 - int((pooled == one).sum()) for one in np.unique(pooled))
    sigma = math.sqrt(m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1))))
    return float((centred - 0.5 * np.sign(centred)) / sigma - q)


def slow_root(x: Array, y: Array, q: float) -> float:
    low, high = float(x.min() - y.max()), float(x.max() - y.min())
    if slow_f(x, y, low, q) <= 0:
        return low
    if slow_f(x, y, high, q) >= 0:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if slow_f(x, y, middle, q) > 0 else (low, middle)
    return (low + high) / 2


def test_the_interval_of_four_against_four_is_that_of_the_smallest_and_largest_difference() -> None:
    # σ = √(16/12·9) = 3.46, and 1.96·3.46 + 0.5 = 7.29 of the 8 that are possible: only all 16 differences reach it.
    lower, estimate, upper = kayenta.shift(np.array([[10.0, 20, 30, 40]]), np.array([[1.0, 2, 3, 4]]), 0.95)
    assert (lower[0], estimate[0], upper[0]) == (6.0, 22.5, 39.0)


@pytest.mark.parametrize("sizes", [(5, 5), (10, 10), (8, 13), (30, 30)])
def test_the_quick_interval_is_the_slow_one(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    x, y = (rng.integers(0, 12, (20, size)).astype(float) for size in sizes)
    lower, _, upper = kayenta.shift(x, y, 0.98)
    q = NormalDist().inv_cdf(0.99)
    for row in range(20):
        assert lower[row] == pytest.approx(slow_root(x[row], y[row], q), abs=1e-9)
        assert upper[row] == pytest.approx(slow_root(x[row], y[row], -q), abs=1e-9)


def test_the_estimate_lies_where_f_is_zero() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(3, 1, (20, 9)), rng.normal(0, 1, (20, 9))
    estimate = kayenta.shift(x, y, 0.98)[1]
    for row in range(20):
        around = [slow_f(x[row], y[row], estimate[row] + step, 0.0) for step in (-1e-9, 1e-9)]
        assert around == [0.0, 0.0]


def test_values_that_are_missing_are_dropped() -> None:
    x, y = np.array([[3.0, NAN, 5, 4, 9]]), np.array([[1.0, 2, NAN, NAN, 0]])
    whole = kayenta.shift(x[:, [0, 2, 3, 4]], y[:, [0, 1, 4]], 0.9)
    assert [one[0] for one in kayenta.shift(x, y, 0.9)] == [one[0] for one in whole]


def test_kayenta_calls_high_what_is_shifted_far_enough() -> None:
    control = np.array([[1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
    assert kayenta.fails(control + 20, control).all()
    assert not kayenta.fails(control - 20, control).any(), "a fall is no increase"
    assert not kayenta.fails(control[:, ::-1], control).any(), "equal samples"
    assert not kayenta.fails(np.full((1, 5), 3.0), np.full((1, 5), 3.0)).any(), "one distinct value"
    assert not kayenta.fails(control + 4, control).any(), "the interval reaches down to nothing"
    assert not kayenta.fails(control + 20, control, Kayenta(allowed_increase=5.0)).any(), "26/5.5 of the mean"
    assert kayenta.fails(np.full((1, 5), 3.0), np.zeros((1, 5))).all(), "any ratio to zero is enough"
    assert kayenta.fails(np.full((1, 5), NAN), control[:, :5]).all(), "no data scores 0"


def test_kayenta_judges_a_growing_window_or_once() -> None:
    late = seen([BASE] * 5 + [1.0] * 25)
    # After 15 minutes 10·15 of 225 differences are above 0 where 164 are needed, after 20 minutes 300 where 279 are.
    assert kayenta.first_alarm(late, Kayenta(every=5)).tolist() == [20]
    assert kayenta.first_alarm(late, kayenta.ONCE).tolist() == [30]
    assert kayenta.first_alarm(seen([1.0] * 30)).tolist() == [5]
    assert kayenta.first_alarm(seen([])).tolist() == [math.inf]
    assert len(set(kayenta.tunings())) == len(kayenta.tunings()) and kayenta.DOCUMENTED in kayenta.tunings()


def test_argo_fails_beyond_its_limit_and_never_forgets() -> None:
    setting = Argo(every=1, failure_limit=2, limit=2.0, of_base=True)
    assert argo.first_alarm(seen([1.0, 1.0, 1.0]), setting).tolist() == [3]
    assert argo.first_alarm(seen([1.0, BASE, 1.0, BASE, BASE, 1.0]), setting).tolist() == [6]
    assert argo.first_alarm(seen([1.0, 1.0]), setting).tolist() == [math.inf]
    assert argo.first_alarm(seen([1.0]), Argo(every=1, failure_limit=0)).tolist() == [1]
    assert argo.first_alarm(seen([2 * BASE] * 30), setting).tolist() == [math.inf], "at the limit is not above it"


def test_argo_measures_whole_intervals() -> None:
    assert argo.first_alarm(seen([0.06] * 4, every=5)).tolist() == [20]
    assert argo.first_alarm(seen([0.05] * 6, every=5)).tolist() == [math.inf], "a success of 0.95 is one"
    assert argo.first_alarm(seen([0.2, 0, 0, 0, 0]), Argo(failure_limit=0)).tolist() == [math.inf]


def test_argo_gives_up_after_more_than_four_errors_in_a_row() -> None:
    setting = Argo(every=1)
    assert argo.first_alarm(seen([NAN] * 5), setting).tolist() == [5]
    assert argo.first_alarm(seen([NAN] * 4 + [BASE] + [NAN] * 4), setting).tolist() == [math.inf]


def test_flagger_rolls_back_one_tick_after_its_threshold() -> None:
    setting = Flagger(threshold=2, limit=2.0, of_base=True)
    assert flagger.first_alarm(seen([1.0, 1.0, 1.0]), setting).tolist() == [4], "the first tick runs no metrics"
    assert flagger.first_alarm(seen([BASE, 1.0, BASE, BASE, 1.0]), setting).tolist() == [6], "never reset"
    assert flagger.first_alarm(seen([1.0, 1.0]), setting).tolist() == [math.inf]
    assert flagger.first_alarm(seen([BASE] * 28 + [1.0] * 2), setting).tolist() == [math.inf], "the watch is over"
    assert flagger.first_alarm(seen([NAN] * 30), setting).tolist() == [math.inf], "a rate of nothing passes"
    assert flagger.first_alarm(seen([BASE, 0.011]), flagger.DEFAULT).tolist() == [3]


def test_a_family_of_settings_holds_no_setting_twice() -> None:
    assert len(set(argo.tunings())) == len(argo.tunings())
    assert len(set(flagger.tunings())) == len(flagger.tunings())
    assert argo.TWICE in argo.tunings() and flagger.TWICE in flagger.tunings()


def test_minutes_are_sums_of_what_was_watched() -> None:
    rng = np.random.default_rng(7)
    drawn = watches(service(Cell("poisson", 50), rng), 3, rng)
    found = of_watches(drawn)
    assert found.events[0, 2] == drawn.errors[0, 24:36].sum()
    assert found.base[1] == drawn.errors_before[1].sum() / drawn.requests_before[1].sum()
    volume = of_volume(np.ones((2, 240)), np.full((2, 30), 4.0))
    assert rates(volume.events, volume.exposure, 5).tolist() == [[4.0] * 6] * 2 and volume.base.tolist() == [1, 1]


def test_the_oracle_alarms_when_the_ratio_is_reached() -> None:
    # Each bucket holds 2 events where 0.5 are expected: ln 4 each for the events, less 0.5·3. The ratio grows by 1.27.
    found = likelihood.oracle(np.full((1, 9), 2.0), np.full((1, 9), 50.0), 0.01, 4.0, 0.5)
    assert found.tolist() == [0.5 * math.ceil(math.log(100) / (2 * math.log(4) - 1.5))]


def test_the_information_limit_is_a_threshold_over_a_divergence() -> None:
    assert likelihood.information_limit(2.5, 5.0) == pytest.approx(0.455, abs=0.001)


def test_the_plain_mixture_is_the_sum_it_is_written_as() -> None:
    x0, n0, n1 = 10, 1_000.0, 200.0

    def mean(x1: int) -> float:
        terms = [
            weight * ratio**x1 * ((n0 + n1) / (n0 + ratio * n1)) ** (x0 + 1 + x1)
            for ratio, weight in zip(likelihood.RATIOS, likelihood.WEIGHTS, strict=True)
        ]
        return sum(terms) / sum(likelihood.WEIGHTS)

    x1 = np.arange(20)
    ones = np.ones(20)
    found = likelihood.plain(x1[:, None], n1 * ones[:, None], x0 * ones, n0 * ones, 1.0)
    assert np.isfinite(found).tolist() == [mean(one) >= 100 for one in range(20)]
    assert 0 < np.isfinite(found).sum() < 20


def test_the_plain_mixture_is_rarely_wrong_and_soon_right_under_poisson_noise() -> None:
    rng = np.random.default_rng(8)
    drawn = service(Cell("poisson", 500), rng)

    def alarms(effect: float) -> Array:
        one = watches(drawn, 300, rng, effect=effect)
        base = one.errors_before.sum(axis=1), one.requests_before.sum(axis=1)
        return likelihood.plain(one.errors, one.requests, *base, 1 / 12)

    assert np.isfinite(alarms(1.0)).sum() <= 3 + 5 * math.sqrt(3)
    assert alarms(5.0).mean() < 2 * likelihood.information_limit(2.5, 5.0)
