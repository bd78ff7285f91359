"""The evidence: what it ignores, what it finds, and that it does not cry wolf. Simulations are seeded."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakewatch.stats import mixture
from bakewatch.stats.mixture import Split
from bakewatch.stats.noise import PLAIN, Array, Blur

ALARM = math.log(100)
HISTORY = np.arange(-240, 0, 5.0)
WATCH = np.arange(0, 30, 0.5)
AT = np.concatenate([HISTORY, WATCH])


def watches(rate: float, ratio: float, number: int, *, onset: float = 0.0, seed: int = 1) -> tuple[Array, Array]:
    """Counts (number, B) and exposures of half-hours with *rate* events a minute, times *ratio* since *onset*."""
    random = np.random.default_rng(seed)
    width = np.concatenate([np.full(len(HISTORY), 5.0), np.full(len(WATCH), 0.5)])
    mean = rate * width * np.where(onset <= AT, ratio, 1.0)
    return random.poisson(mean, (number, len(AT))).astype(float), np.broadcast_to(width, (number, len(AT))).copy()


def alarms(count: Array, exposure: Array, *, looks: int = 10, falling: bool = False, alarm: float = ALARM) -> Array:
    """The minute of the first alarm of each watch; infinite when there was none."""
    first = np.full(len(count), math.inf)
    for look in range(1, looks + 1):
        known = len(HISTORY) + look * len(WATCH) // looks
        parts = mixture.split(AT[:known], count[:, :known], exposure[:, :known], length=30.0)
        ln_e = mixture.combine(mixture.ln_evidence(parts, falling=falling))
        first = np.where(np.isinf(first) & (ln_e >= alarm), look * 30 / looks, first)
    return first


def one(x1: float, n1: float, x0: float, n0: float, **options: bool | Blur) -> float:
    """ln E of a single comparison."""
    parts = Split(*(np.full((1, 1), value) for value in (x1, n1, x0, n0)))
    return float(mixture.ln_evidence(parts, **options)[0, 0])  # type: ignore[arg-type]


def weighed(*parts: Split, falling: bool = False) -> mixture.Weight:
    """What the last series of a batch weighs at the end of its half-hour."""
    at = PLAIN.at(30 - 30 * mixture.ONSETS)
    blur = Blur(at.phi, np.broadcast_to(at.tau, (len(parts), *np.shape(at.tau))))
    batch = Split(*(np.stack(some) for some in zip(*parts, strict=True)))
    return mixture.weigh(batch, blur, np.full(len(parts), falling), length=30.0)[-1]


@pytest.mark.parametrize("rate", [0.05, 0.5, 5, 500])
@pytest.mark.parametrize("falling", [False, True])
def test_quiet_watches_raise_no_more_alarms_than_promised(rate: float, falling: bool) -> None:
    count, exposure = watches(rate, 1.0, 800)
    assert np.isfinite(alarms(count, exposure, falling=falling)).mean() <= 0.01


def test_five_times_the_errors_are_found_within_two_minutes() -> None:
    count, exposure = watches(2.5, 5.0, 300)
    found = alarms(count, exposure, looks=60)
    assert np.isfinite(found).all()
    assert found.mean() <= 2.0


def test_harm_that_begins_late_is_found_soon_after_it_begins() -> None:
    count, exposure = watches(2.5, 5.0, 200, onset=20.0)
    delay = alarms(count, exposure, looks=60) - 20.0
    assert np.isfinite(delay).all()
    assert np.median(delay) <= 3.0


def test_the_loss_of_four_fifths_is_found() -> None:
    count, exposure = watches(10, 0.2, 200)
    assert np.median(alarms(count, exposure, looks=30, falling=True)) <= 4.0


def test_a_rise_is_no_fall_and_a_fall_no_rise() -> None:
    up, exposure = watches(10, 5.0, 50)
    down, _ = watches(10, 0.2, 50)
    assert np.isinf(alarms(up, exposure, falling=True)).all()
    assert np.isinf(alarms(down, exposure)).all()


def test_what_was_bad_before_is_no_news() -> None:
    count, exposure = watches(50, 1.0, 100)
    assert np.isinf(alarms(count, exposure)).all()


def test_without_a_past_there_is_no_evidence() -> None:
    count, exposure = watches(10, 5.0, 20)
    past = AT < 0
    count[:, past] = exposure[:, past] = 0
    # A later onset still has the minutes before it; the first one has nothing to compare with.
    parts = mixture.split(AT, count, exposure, length=30.0)
    assert np.isneginf(mixture.ln_evidence(parts)[:, 0]).all()


def test_nothing_at_all_weighs_nothing() -> None:
    nothing = np.zeros(0)
    weight = weighed(mixture.split(nothing, nothing, nothing, length=30.0))
    assert weight.ln_e == -math.inf


def test_the_leading_comparison_names_the_onset() -> None:
    count, exposure = watches(20, 8.0, 1, onset=11.5)
    weight = weighed(mixture.split(AT, count[0], exposure[0], length=30.0))
    assert weight.onset == pytest.approx(11.5, abs=0.3)
    assert weight.x1 / weight.n1 == pytest.approx(160, rel=0.1)
    assert weight.ln_e > 30


def test_onsets_scale_with_the_watch() -> None:
    parts = mixture.split(np.array([0.0, 4.9, 5.1]), np.ones(3), np.ones(3), length=5.0)
    assert parts.x1[-1, 0] == 2
    assert mixture.ONSETS[-1] * 5.0 < 4.9


def test_the_grid_contains_no_change_and_is_fine_enough() -> None:
    for tau in (0.02, 0.1, 0.33, 1.0):
        grid = mixture._grid(tau)
        assert np.min(np.abs(grid.u)) == 0
        near = np.abs(grid.u) <= 8 * tau
        assert np.max(np.diff(grid.u[near])) <= tau + 1e-12
        assert np.max(np.diff(grid.u)) <= max(0.1, tau) + 1e-12
        assert (grid.u[0], grid.u[-1]) == (pytest.approx(-1, abs=0.51), pytest.approx(4.2, abs=0.51))
        assert grid.weights.sum(axis=0) == pytest.approx([1, 1])


def test_weights_of_the_onsets_add_up_to_one() -> None:
    assert mixture.ONSET_WEIGHTS.sum() == pytest.approx(1)
    assert len(mixture.ONSETS) == len(mixture.ONSET_WEIGHTS) == 57


def test_huge_counts_do_not_overflow() -> None:
    assert math.isfinite(one(1e9, 30, 1e6, 240))
    assert one(1e9, 30, 8e9, 240) == -math.inf


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.1, 1e5), st.integers(0, 10_000), st.floats(0.1, 1e5), st.floats(1e-3, 1e3))
def test_the_unit_of_exposure_does_not_matter(x1: int, n1: float, x0: int, n0: float, unit: float) -> None:
    here, there = one(x1, n1, x0, n0), one(x1, n1 * unit, x0, n0 * unit)
    assert here == pytest.approx(there, rel=1e-6, abs=1e-6) or -math.inf in (here, there)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3000), st.floats(1, 100), st.integers(0, 3000), st.floats(1, 1000))
def test_more_events_weigh_more(x1: int, n1: float, x0: int, n0: float) -> None:
    assert one(x1 + 1, n1, x0, n0) >= one(x1, n1, x0, n0) - 1e-9


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 3000), st.floats(1, 100), st.integers(0, 3000), st.floats(1, 1000))
def test_noisier_counts_weigh_less(x1: int, n1: float, x0: int, n0: float) -> None:
    plain = one(x1, n1, x0, n0)
    if plain > 0:
        assert one(x1, n1, x0, n0, blur=Blur(3.0, 0.1)) <= plain + 1e-9


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 3000), st.floats(1, 100), st.integers(0, 3000), st.floats(1, 1000))
def test_a_fall_is_a_rise_told_backwards(x1: int, n1: float, x0: int, n0: float) -> None:
    assert one(x1, n1, x0, n0, falling=True) == one(x0, n0, x1, n1)


def test_what_is_twice_as_bad_is_seldom_called_not_worse() -> None:
    for ratio, wrong in ((2.0, True), (1.0, False)):
        count, exposure = watches(5.0, ratio, 600, seed=8)
        said = np.zeros(len(count), dtype=bool)
        for known in range(len(HISTORY) + 6, len(AT) + 1, 6):
            parts = mixture.split(AT[:known], count[:, :known], exposure[:, :known], length=30.0)
            said |= mixture.ln_not_worse(parts) >= math.log(20)
        assert said.mean() <= 0.05 if wrong else said.mean() >= 0.9


def test_clumps_speak_no_louder_than_clumps_can() -> None:
    """Of the size of a geometric clump there are moments up to a limit only, however large the ratio is."""
    u, phi = np.linspace(-1, 4.2, 200), np.array([1.0, 1.5, 4.0, 60.0])
    tilt = mixture._tilted(u, phi)
    assert tilt.event[0] == pytest.approx(u)
    assert tilt.expected[0] == pytest.approx(np.expm1(u))
    q = (phi[1:] - 1) / (phi[1:] + 1)
    assert (np.exp(tilt.event[1:]) < 1 / q[:, None]).all()
    near = np.abs(u) < 0.03
    assert tilt.event[:, near] == pytest.approx(u[near] / phi[:, None], abs=2e-4, rel=0.05)


@pytest.mark.parametrize("phi", [1.0, 2.5, 5.0])
def test_tilted_clumps_have_the_mean_that_they_are_tilted_to(phi: float) -> None:
    """Weighing a process of geometric clumps by its own likelihood ratio changes its mean by the ratio."""
    random, mean, ratio = np.random.default_rng(4), 4.0, 1.5
    p = 2 / (phi + 1)
    clumps = random.poisson(mean * p, 200_000)
    count = clumps + np.where(clumps > 0, random.negative_binomial(np.maximum(clumps, 1), p), 0)
    tilt = mixture._tilted(np.log([ratio]), np.array([phi]))
    weights = np.exp(count * tilt.event[0, 0] - mean * tilt.expected[0, 0] / phi)
    assert weights.mean() == pytest.approx(1, rel=0.03)
    assert (weights * count).mean() == pytest.approx(ratio * mean, rel=0.05)


def test_rare_clumps_cry_wolf_no_more_than_chance_alone() -> None:
    """Three events a quarter of an hour, in clumps of three."""
    random = np.random.default_rng(6)
    exposure = np.concatenate([np.full(len(HISTORY), 5.0), np.full(len(WATCH), 0.5)])
    clumps = random.poisson(0.25 / 3 * exposure, (600, len(AT)))
    count = clumps + np.where(clumps > 0, random.negative_binomial(np.maximum(clumps, 1), 1 / 3), 0)
    found = np.zeros(len(count), dtype=bool)
    for known in range(len(HISTORY) + 6, len(AT) + 1, 6):
        seen = np.broadcast_to(exposure[:known], (len(count), known))
        parts = mixture.split(AT[:known], count[:, :known].astype(float), seen, length=30.0)
        found |= mixture.combine(mixture.ln_evidence(parts, blur=Blur(5.0, 0.02))) >= 4.0
    assert found.mean() <= 0.012


def test_without_anything_seen_nothing_is_called_not_worse() -> None:
    nothing = np.zeros((2, 0))
    parts = mixture.split(np.zeros(0), nothing, nothing, length=30.0)
    assert (mixture.ln_not_worse(parts) == 0).all()


@pytest.mark.parametrize("falling", [False, True])
def test_a_series_weighs_the_same_in_a_batch(falling: bool) -> None:
    up, exposure = watches(10, 3.0, 1)
    down, _ = watches(10, 0.3, 1)
    rising, sinking = (mixture.split(AT, one[0], exposure[0], length=30.0) for one in (up, down))
    alone = weighed(sinking, falling=falling)
    assert weighed(rising, sinking, falling=falling) == alone
    assert (alone.ln_e > 10) is falling


@pytest.mark.parametrize("phi", [1.0, 1 + 1e-9, 2.0, 1e3, 1e6, 1e9, 1e12])
def test_clumps_of_any_size_are_numbers_in_order(phi: float) -> None:
    with np.errstate(all="raise", under="ignore"):
        tilt = mixture._tilted(np.linspace(-1, 4.2, 300), np.array([phi]))
    assert (np.diff(tilt.event[0]) > 0).all()
    assert (np.diff(tilt.expected[0]) > 0).all()


def test_a_service_of_a_billion_events_that_scatter_is_not_blind() -> None:
    blur = Blur(9.5e7, 0.1)
    assert one(9e10, 30, 240e9, 240, blur=blur) > ALARM
    assert one(3.1e10, 30, 240e9, 240, blur=blur) < 0


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 30_000), st.floats(0.1, 2e3), st.integers(0, 5000), st.floats(0.5, 2e3), st.floats(1, 60))
def test_clumps_say_no_more_than_chance_alone_would(x1: int, n1: float, x0: int, n0: float, phi: float) -> None:
    """However short the past is: four events of it cannot weigh e^200."""
    most = float(mixture.highest(*(np.array(value) for value in (float(x1), n1, float(x0), n0, phi))))
    assert one(x1, n1, x0, n0, blur=Blur(phi, 0.02)) <= most + 1e-9
