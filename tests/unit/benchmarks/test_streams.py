"""The simulated services have the means, the scatter and the effects they claim, within five standard errors."""

import math

import numpy as np
import pytest
from benchmarks.detection.streams import (
    CELLS,
    Array,
    Cell,
    Counts,
    Noise,
    arrivals,
    by_bucket,
    by_look,
    service,
    watches,
)

NUMBER = 400
SHARE = 0.005
CLUMP = 5.0
"""E[G²]/E[G] of a geometric G of mean 3: how much the variance of a sum of whole clumps exceeds its mean."""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def minutes(counts: Counts) -> Array:
    return np.asarray(counts.reshape(len(counts), 30, 12).sum(axis=2), dtype=np.float64)


def near(value: float, mean: float, error: float) -> bool:
    return abs(value - mean) < 5 * error


def test_there_are_twenty_cells() -> None:
    assert len(set(CELLS)) == 20
    assert {one.share for one in CELLS} == {SHARE}


@pytest.mark.parametrize("noise", ["poisson", "overdispersed", "drifting", "clumped"])
def test_every_noise_has_the_shapes_and_the_share_it_claims(noise: Noise, rng: np.random.Generator) -> None:
    drawn = service(Cell(noise, 500), rng)
    seen = watches(drawn, NUMBER, rng)
    assert drawn.requests.shape == drawn.errors.shape == (2016,)
    assert seen.requests_before.shape == seen.errors_before.shape == (NUMBER, 48)
    assert seen.requests_last.shape == seen.errors_last.shape == (NUMBER, 30)
    assert seen.requests.shape == seen.errors.shape == (NUMBER, 360)
    assert all(one.dtype == np.int64 for one in (drawn.requests, drawn.errors, *seen))
    # The widest scatter of a watch's total: drift is nearly constant within a watch, and so is the daily volume.
    expected = 500 * 30 * SHARE
    spread = {"poisson": 0, "overdispersed": 0.5 / math.sqrt(30), "drifting": math.hypot(0.25, 0.6), "clumped": 0}[
        noise
    ]
    scatter = math.sqrt(CLUMP * expected + (spread * expected) ** 2)
    assert near(seen.errors.sum(axis=1).mean(), expected, scatter / math.sqrt(NUMBER))
    assert near(seen.errors_before.sum(axis=1).mean() / 8, expected, scatter / math.sqrt(NUMBER))


def test_the_last_half_hour_is_the_end_of_the_four_hours(rng: np.random.Generator) -> None:
    seen = watches(service(Cell("clumped", 500), rng), 3, rng)
    for last, before in ((seen.requests_last, seen.requests_before), (seen.errors_last, seen.errors_before)):
        assert (last.reshape(3, 6, 5).sum(axis=2) == before[:, -6:]).all()


def test_poisson_errors_scatter_as_poisson_counts_do(rng: np.random.Generator) -> None:
    counts = service(Cell("poisson", 5_000), rng).errors
    assert near(counts.var() / counts.mean(), 1.0, math.sqrt(2 / 2016))


def test_overdispersed_minutes_vary_by_half(rng: np.random.Generator) -> None:
    counts = minutes(watches(service(Cell("overdispersed", 50_000), rng), NUMBER, rng).errors)
    variation = (counts.var() - counts.mean()) / counts.mean() ** 2
    # The kurtosis of a Gamma variable of shape 4 is 4.5.
    assert near(variation, 0.25, 0.25 * math.sqrt(3.5 / counts.size))


def test_drift_runs_through_the_start_of_the_watch(rng: np.random.Generator) -> None:
    seen = watches(service(Cell("drifting", 50_000), rng), NUMBER, rng)
    after = np.log(minutes(seen.errors)[:, 0] / minutes(seen.requests)[:, 0])
    before = np.log(seen.errors_last / seen.requests_last)
    noise = 0.15**2 + 1 / (50_000 * SHARE * 0.4)
    for back in (1, 30):
        claimed = 0.25**2 * math.exp(-back / 180) / (0.25**2 + noise)
        assert np.corrcoef(before[:, -back], after)[0, 1] > claimed - 5 * (1 - claimed**2) / math.sqrt(NUMBER)
    assert near(after.std(), math.sqrt(0.25**2 + 0.15**2), 0.3 / math.sqrt(2 * NUMBER) + 0.01)


def test_drifting_requests_follow_the_day(rng: np.random.Generator) -> None:
    daily = service(Cell("drifting", 5_000), rng).requests.reshape(7, 288).mean(axis=0)
    assert daily.argmax() == pytest.approx(72, abs=6)
    assert daily.max() / daily.mean() == pytest.approx(1.6, rel=0.02)
    seen = watches(service(Cell("drifting", 5_000), rng), NUMBER, rng).requests.sum(axis=1)
    assert seen.max() > 3 * seen.min(), "watches start at any time of the day"


def test_retries_come_in_clumps(rng: np.random.Generator) -> None:
    counts = service(Cell("clumped", 50_000), rng).errors
    dispersion = counts.var() / counts.mean()
    # Clumps that are cut by the end of a bucket scatter a little less.
    assert 0.85 * CLUMP < dispersion < CLUMP * (1 + 5 * math.sqrt(2 / 2016))


def test_retries_run_through_the_start_of_the_watch(rng: np.random.Generator) -> None:
    seen = watches(service(Cell("clumped", 50_000), rng), NUMBER, rng)
    expected = 50_000 * SHARE
    error = math.sqrt(CLUMP * expected / NUMBER)
    for minute in range(1, 8):
        assert near(seen.errors_last[:, -minute].mean(), expected, error)
    assert near(minutes(seen.errors)[:, 0].mean(), expected, error)


@pytest.mark.parametrize("noise", ["poisson", "clumped"])
def test_an_effect_multiplies_the_errors_from_its_onset_on(noise: Noise, rng: np.random.Generator) -> None:
    cell = Cell(noise, 5_000)
    counts = minutes(watches(service(cell, rng), NUMBER, rng, effect=4.0, onset=10.5).errors)
    expected = cell.per_minute * SHARE
    error = math.sqrt(CLUMP * 4 * expected / NUMBER)
    assert near(counts[:, 9].mean(), expected, error)
    assert near(counts[:, 29].mean(), 4 * expected, error)
    if noise == "poisson":
        assert near(counts[:, 10].mean(), 2.5 * expected, error)
        assert near(counts[:, 11].mean(), 4 * expected, error)


def test_the_same_seed_draws_the_same(rng: np.random.Generator) -> None:
    one, other = (service(Cell("clumped", 50), np.random.default_rng(3)) for _ in range(2))
    assert (one.errors == other.errors).all() and (one.requests == other.requests).all()


def test_late_events_are_seen_when_they_arrive(rng: np.random.Generator) -> None:
    counts = np.full((100, 60), 1_000)
    arrived = arrivals(counts, 30.0, rng)
    assert (arrived.sum(axis=-1) == counts).all()
    # Of a bucket's events, which happen evenly within 5 s, this share is still to come at the look that ends it.
    missing = 6 * -math.expm1(-1 / 6)
    for lag in (0, 3, 12):
        unseen = 1 - arrived[..., : lag + 1].sum(axis=-1).mean() / 1_000
        assert near(unseen, missing * math.exp(-lag / 6), 0.5 / math.sqrt(counts.sum()))


def test_what_a_look_has_seen_is_what_arrived_until_then(rng: np.random.Generator) -> None:
    arrived = arrivals(rng.poisson(20, (3, 40)), 12.0, rng)
    seen = by_look(arrived).cumsum(axis=1)
    added = arrived.cumsum(axis=-1)
    for look in (1, 2, 17, 40):
        assert (by_bucket(added, look).sum(axis=1) == seen[:, look - 1]).all()
    assert by_bucket(np.array([[[5, 7, 8], [7, 7, 11]]]), 2).tolist() == [[7, 7]]
    assert by_look(np.array([[[5, 2, 1], [7, 0, 4]]])).tolist() == [[5, 9]]
