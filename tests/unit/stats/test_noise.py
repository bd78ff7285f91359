"""The noise of a service is what its history shows, and no incident, gap or lack of history makes it absurd."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakewatch.stats import noise
from bakewatch.stats.noise import Array

WEEK = 7 * 288
EXPOSURE = np.full(WEEK, 5.0)


def history(mean: Array | float, *, seed: int = 5) -> Array:
    """A week of blocks, each a Poisson count of *mean*."""
    return np.random.default_rng(seed).poisson(mean, WEEK).astype(float)


def wandering(sd: float, hours: float, seed: int = 6) -> Array:
    """The logarithm of a rate that wanders by *sd* and forgets within *hours*, block by block."""
    random = np.random.default_rng(seed)
    keep = math.exp(-noise.BLOCK / 60 / hours)
    value, path = 0.0, np.empty(WEEK)
    for block, step in enumerate(random.normal(0, sd * math.sqrt(1 - keep**2), WEEK)):
        value = keep * value + step
        path[block] = value
    return path


@pytest.mark.parametrize("mean", [50.0, 1e4, 1e9])
def test_chance_alone_is_no_noise(mean: float) -> None:
    found = noise.fit(history(mean), EXPOSURE)
    assert found.phi == pytest.approx(1.0, abs=0.12)
    assert np.max(found.taus) <= 2 * noise.LEAST_TAU


@pytest.mark.parametrize("size", [3, 10])
def test_events_in_clumps_vary_as_much_as_the_clumps_are_large(size: int) -> None:
    found = noise.fit(size * history(20), EXPOSURE)
    assert found.phi == pytest.approx(size, rel=0.12)


def test_a_daily_shape_of_the_traffic_is_no_noise_of_the_share() -> None:
    traffic = 1000 * (1 + 0.8 * np.sin(np.arange(WEEK) * 2 * math.pi / 288))
    found = noise.fit(history(0.01 * traffic), traffic)
    assert found.phi == pytest.approx(1.0, abs=0.12)
    assert np.max(found.taus) <= 2 * noise.LEAST_TAU


def test_a_wandering_rate_is_drift_and_no_scatter() -> None:
    found = noise.fit(history(2000 * np.exp(wandering(0.3, 12))), EXPOSURE)
    assert found.phi < 8
    assert 0.1 < found.taus[2][1] < 0.4
    assert found.taus[0][0] < found.taus[2][1]


def test_older_changes_are_granted_no_less_drift() -> None:
    taus = np.array(noise.fit(history(500 * np.exp(wandering(0.4, 3))), EXPOSURE).taus)
    assert (np.diff(taus, axis=0) >= 0).all()


def test_a_missing_block_is_no_zero() -> None:
    count, exposure = history(1000), EXPOSURE.copy()
    count[100:140] = exposure[100:140] = 0
    found, whole = noise.fit(count, exposure), noise.fit(history(1000), EXPOSURE)
    assert found.phi == pytest.approx(whole.phi, rel=0.05)
    assert np.max(found.taus) <= 2 * noise.LEAST_TAU


def test_too_little_history_keeps_the_drift_scale_that_nobody_measured() -> None:
    found = noise.fit(history(1000)[:288], EXPOSURE[:288])
    assert np.min(found.taus) == noise.TAU


@pytest.mark.parametrize("blocks", [0, 1, 2, 12])
@pytest.mark.parametrize("mean", [0.0, 5.0])
def test_almost_no_history_is_no_trouble(blocks: int, mean: float) -> None:
    found = noise.fit(history(mean)[:blocks], EXPOSURE[:blocks])
    assert found.phi >= 1
    assert np.min(found.taus) >= noise.TAU


@pytest.mark.parametrize("blocks", [2, 3, 6, 12, 18])
def test_a_few_blocks_that_differ_tell_nothing_of_scatter_or_drift(blocks: int) -> None:
    count = np.where(np.arange(blocks) % 2, 300.0, 900.0)
    assert noise.fit(count, EXPOSURE[:blocks]) == noise.PLAIN


def test_a_week_in_which_next_to_nothing_happens_tells_nothing_of_drift() -> None:
    """Nothing to compare is no sign of a rate that never drifts."""
    count = np.zeros(WEEK)
    count[-1] = 3
    assert np.min(noise.fit(count, EXPOSURE).taus) == noise.TAU


def test_four_hours_tell_of_scatter_and_of_what_drifts_within_them() -> None:
    found = noise.fit(5 * history(40)[:48], EXPOSURE[:48])
    assert found.phi == pytest.approx(5, rel=0.6)
    wandering_too = noise.fit(history(2000 * np.exp(wandering(0.5, 1)))[:48], EXPOSURE[:48])
    assert wandering_too.taus[0][0] > noise.TAU
    assert wandering_too.taus[0][1] == noise.TAU


def test_the_scale_follows_the_age_of_the_change() -> None:
    one = noise.Noise(1.0, ((0.1, 0.2), (0.3, 0.4), (0.5, 0.6)))
    assert (
        np.asarray(one.at(np.array([-3.0, 0.0, 5.0, 5.1, 15.0, 30.0, 120.0])).tau)[:, 0].tolist()
        == [0.1] * 3 + [0.3] * 2 + [0.5] * 2
    )


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 10**9), st.just(0.0) | st.floats(0.01, 1e9)), max_size=60))
def test_whatever_the_history_there_are_numbers(blocks: list[tuple[int, float]]) -> None:
    count = np.array([one for one, _ in blocks], dtype=float)
    exposure = np.array([one for _, one in blocks], dtype=float)
    with np.errstate(all="raise", under="ignore"):
        found = noise.fit(np.where(exposure > 0, count, 0.0), exposure)
    assert math.isfinite(found.phi)
    assert np.isfinite(found.taus).all()


def test_an_incident_on_one_day_teaches_nothing() -> None:
    random = np.random.default_rng(21)
    count, exposure = random.poisson(12, 2016).astype(float), np.full(2016, 5.0)
    calm = noise.fit(count, exposure)
    count[1000:1024] = random.poisson(400, 24)
    assert np.flatnonzero(noise.incidents(count, exposure)).tolist() == list(range(1000, 1024))
    disturbed = noise.fit(count, exposure)
    assert disturbed.phi == pytest.approx(calm.phi, rel=0.05)
    assert np.array(disturbed.taus) == pytest.approx(np.array(calm.taus), abs=0.02)


def test_what_comes_every_day_is_no_incident() -> None:
    random = np.random.default_rng(22)
    count, exposure = random.poisson(12, 2016).astype(float), np.full(2016, 5.0)
    for day in range(7):
        count[day * 288 + 100 : day * 288 + 103] = random.poisson(400, 3)
    assert not noise.incidents(count, exposure).any()
    assert noise.fit(count, exposure).phi > 10


def test_ordinary_clumps_are_no_incidents() -> None:
    random = np.random.default_rng(23)
    clumps = random.poisson(0.5, 2016)
    count = clumps + np.where(clumps > 0, random.negative_binomial(np.maximum(clumps, 1), 1 / 3), 0)
    assert noise.incidents(count.astype(float), np.full(2016, 5.0)).sum() <= 4


def test_a_short_history_has_no_incidents() -> None:
    count = np.ones(200)
    count[100:110] = 1000
    assert not noise.incidents(count, np.full(200, 5.0)).any()
    assert not noise.incidents(np.zeros(2016), np.full(2016, 5.0)).any()
    assert not noise.incidents(np.zeros(0), np.zeros(0)).any()
