"""What anybody may expect of the detector, whatever the numbers. Simulations are seeded."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakewatch.stats import mixture
from bakewatch.stats.mixture import ONSETS, Split
from bakewatch.stats.noise import PLAIN, Array, Blur, Noise

ALARM = math.log(100)
PAST = np.arange(-240, 0, 5.0)
WATCH = np.arange(0, 30, 0.25)
AT = np.concatenate([PAST, WATCH])
WIDTH = np.concatenate([np.full(len(PAST), 5.0), np.full(len(WATCH), 0.25)])


def ln_e(count: Array, exposure: Array, known: int, noise: Noise = PLAIN) -> Array:
    """ln E of each watch (W,) once so many buckets of it are known."""
    until = len(PAST) + known
    parts = mixture.split(AT[:until], count[:, :until], exposure[:, :until], length=30.0)
    blur = noise.at(known / 4 - 30 * ONSETS)
    return mixture.combine(mixture.ln_evidence(parts, blur=blur))


def first_alarm(count: Array, exposure: Array, every: int, noise: Noise = PLAIN) -> Array:
    """The bucket of each watch's first alarm, looking each *every* buckets; infinite without one."""
    found = np.full(len(count), math.inf)
    for known in range(every, len(WATCH) + 1, every):
        alarm = np.isinf(found) & (ln_e(count, exposure, known, noise) >= ALARM)
        found = np.where(alarm, known, found)
    return found


def exposures(number: int) -> Array:
    return np.broadcast_to(WIDTH, (number, len(AT))).copy()


@pytest.mark.parametrize("every", [1, 4, 40, 120])
def test_however_often_one_looks_the_false_alarms_stay_below_what_was_promised(every: int) -> None:
    count = np.random.default_rng(11).poisson(4 * WIDTH, (400, len(AT))).astype(float)
    assert np.isfinite(first_alarm(count, exposures(400), every)).mean() <= 0.01


def test_clumps_that_the_noise_knows_of_are_no_alarm() -> None:
    """Each error comes five times: without knowing that, the same evidence cries wolf."""
    count = 5 * np.random.default_rng(12).poisson(0.8 * WIDTH, (400, len(AT))).astype(float)
    blind, knowing = (np.isfinite(first_alarm(count, exposures(400), 4, Noise(phi))).mean() for phi in (1.0, 5.0))
    assert knowing <= 0.01
    assert blind > 0.05


def test_more_harm_is_found_no_later() -> None:
    """The same watches, each with the same events and more on top."""
    random = np.random.default_rng(13)
    quiet = random.poisson(2 * WIDTH, (200, len(AT)))
    during = AT >= 0
    found, count = [], quiet
    for more in (2.0, 2.0, 8.0):
        count = count + random.poisson(more * WIDTH * during, (200, len(AT)))
        found.append(first_alarm(count.astype(float), exposures(200), 1))
    assert all((later <= sooner).mean() >= 0.98 for sooner, later in zip(found, found[1:], strict=False))
    assert [np.isfinite(one).mean() for one in found][-1] == 1.0


def test_a_missing_minute_changes_nothing_but_what_is_missing() -> None:
    """Neither event nor exposure: that is as if the minute had not been, and no rise of the others."""
    count = np.random.default_rng(14).poisson(20 * WIDTH, (100, len(AT))).astype(float)
    exposure = exposures(100)
    gap = (AT >= 6) & (AT < 12)
    count[:, gap] = exposure[:, gap] = 0
    assert (ln_e(count, exposure, len(WATCH)) < ALARM).all()


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(len(AT))))
def test_the_order_of_the_buckets_does_not_matter(order: list[int]) -> None:
    count = np.random.default_rng(15).poisson(3 * WIDTH).astype(float)
    straight = mixture.split(AT, count, WIDTH, length=30.0)
    mixed = mixture.split(AT[order], count[order], WIDTH[order], length=30.0)
    assert all(one == pytest.approx(other) for one, other in zip(straight, mixed, strict=True))


@pytest.mark.parametrize("scale", [2, 10, 50])
@pytest.mark.parametrize(("x1", "x0"), [(60, 20), (120, 50), (400, 150)])
def test_counts_that_are_scaled_with_their_noise_weigh_no_more(scale: int, x1: int, x0: int) -> None:
    """Ten times the events in clumps of ten say no more than the clumps do; a third less, as some clumps are larger."""

    def weight(factor: int, phi: float) -> float:
        parts = Split(*(np.full((1, 1), one) for one in (x1 * factor, 30.0, x0 * factor, 30.0)))
        return float(mixture.ln_evidence(parts, blur=Blur(phi, 0.1))[0, 0])

    alone, many = weight(1, 1.0), weight(scale, float(scale))
    assert 0.6 * alone <= many <= alone
    assert weight(2 * scale, 2.0 * scale) == pytest.approx(many, rel=0.06)


@pytest.mark.parametrize("tau", [0.02, 0.1, 1.0])
@pytest.mark.parametrize("phi", [1.0, 1e6])
@pytest.mark.parametrize(
    ("x1", "n1", "x0", "n0"),
    [
        (0, 0, 0, 0),
        (5, 10, 0, 100),
        (5, 10, 0, 0),
        (5, 0, 5, 100),
        (10**9, 1e9, 10**9, 8e9),
        (10**9, 1e-3, 1, 1e9),
        (3, 1e9, 10**9, 1e-3),
        (1, 1e-9, 1, 1e9),
    ],
)
def test_no_numbers_make_nonsense(x1: float, n1: float, x0: float, n0: float, phi: float, tau: float) -> None:
    parts = Split(*(np.full((15, 2), float(one)) for one in (x1, n1, x0, n0)))
    with np.errstate(all="raise", under="ignore"):
        for falling in (False, True):
            found = mixture.ln_evidence(parts, falling=falling, blur=Blur(phi, tau))
            assert not np.isnan(found).any()
            assert not np.isposinf(found).any()
        assert math.isfinite(float(mixture.ln_not_worse(parts, blur=Blur(phi, tau))))


def test_one_bucket_is_enough_to_be_weighed() -> None:
    at, count, exposure = np.array([-5.0, 0.0]), np.array([10.0, 500.0]), np.array([5.0, 0.25])
    parts = mixture.split(at, count, exposure, length=30.0)
    assert mixture.combine(mixture.ln_evidence(parts)) > ALARM


def test_an_hour_of_history_is_a_baseline() -> None:
    recent = AT >= -60
    count = np.random.default_rng(16).poisson(5 * WIDTH, (100, len(AT)))[:, recent].astype(float)
    count[50:, AT[recent] >= 0] *= 6
    exposure = exposures(100)[:, recent]
    parts = mixture.split(AT[recent], count, exposure, length=30.0)
    alarm = mixture.combine(mixture.ln_evidence(parts)) >= ALARM
    assert not alarm[:50].any()
    assert alarm[50:].all()
