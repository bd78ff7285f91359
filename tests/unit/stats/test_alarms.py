"""Many watches at once are judged as each would be alone, and no watch is passed over that would alarm."""

import math

import numpy as np
import pytest
from benchmarks.detection import ours
from benchmarks.detection.streams import Cell, service, watches

from bakewatch.stats import alarms as detector
from bakewatch.stats import mixture
from bakewatch.stats.alarms import Past, bound, running
from bakewatch.stats.effect import FEWEST_EVENTS, Effect
from bakewatch.stats.mixture import ONSETS, Split
from bakewatch.stats.noise import LEAST_TAU, MOST_TAU, PLAIN, Array, Blur, Noise

QUIETLY = Noise(1.3, ((0.02, 0.05), (0.03, 0.08), (0.1, 0.2)))


def slowly(past: Past, count: Array, exposure: Array, noise: Noise, every: int, minute: int) -> list[float]:
    """The first alarms, one watch and one look after the other."""
    found = []
    before = np.arange(-48, 0) * 5.0
    for row in range(len(count)):
        alarm = math.inf
        for look in range(every, count.shape[1] + 1, every):
            at = np.concatenate([before, np.arange(look) / minute])
            x = np.concatenate([past.events[row], count[row, :look]])
            n = np.concatenate([past.exposure[row], exposure[row, :look]])
            parts = mixture.split(at, x, n, length=30.0)
            ln_e = mixture.combine(mixture.ln_evidence(parts, blur=noise.at(look / minute - ONSETS * 30)))
            if ln_e >= ours.SINGLE and count[row, :look].sum() >= FEWEST_EVENTS:
                alarm = look / minute
                break
        found.append(alarm)
    return found


@pytest.mark.parametrize("noise", [PLAIN, QUIETLY])
@pytest.mark.parametrize(("effect", "onset"), [(3.0, 0.0), (4.0, 9.0), (8.0, 21.3)])
def test_alarms_are_those_of_every_watch_alone(noise: Noise, effect: float, onset: float) -> None:
    rng = np.random.default_rng(8)
    seen = watches(service(Cell("drifting", 500), rng), 6, rng, effect, onset)
    past, count, exposure = ours.past_of(seen), seen.errors.astype(float), seen.requests.astype(float)
    for every in (5, 6):
        quick = ours.alarms(past, count, exposure, noise, ours.SINGLE, every=every)
        assert quick.tolist() == slowly(past, count, exposure, noise, every, 12)
    assert np.isfinite(quick).any()


def test_every_bucket_of_five_seconds_is_a_look() -> None:
    rng = np.random.default_rng(9)
    seen = watches(service(Cell("poisson", 500), rng), 3, rng, 6.0)
    past, count, exposure = ours.past_of(seen), seen.errors.astype(float), seen.requests.astype(float)
    quick = ours.alarms(past, count, exposure, PLAIN, ours.SINGLE)
    assert quick.tolist() == slowly(past, count, exposure, PLAIN, 1, 12)


def test_a_watch_may_come_in_minutes() -> None:
    rng = np.random.default_rng(10)
    count = rng.poisson(np.where(np.arange(30) < 12, 8.0, 24.0), (5, 30)).astype(float)
    past = Past(rng.poisson(40.0, (5, 48)).astype(float), np.full((5, 48), 5.0))
    quick = ours.alarms(past, count, np.ones((5, 30)), PLAIN, ours.SINGLE, bucket=60)
    assert quick.tolist() == slowly(past, count, np.ones((5, 30)), PLAIN, 1, 1)
    assert np.isfinite(quick).all()


def test_the_bound_is_never_below_the_evidence() -> None:
    rng = np.random.default_rng(11)
    shape = (400, len(ONSETS), 2)
    n1, n0 = rng.uniform(0, 30, shape), rng.uniform(0, 240, shape)
    size = 10 ** rng.uniform(-1, 3, (400, 1, 1))
    x0, x1 = rng.poisson(size * n0).astype(float), rng.poisson(size * n1 * rng.uniform(0.5, 4, shape)).astype(float)
    parts = Split(x1, n1, x0, n0)
    for tau in (LEAST_TAU, 0.1, 0.33, MOST_TAU):
        for phi in (1.0, 7.0):
            ln_e = mixture.combine(mixture.ln_evidence(parts, blur=Blur(phi, tau)))
            assert (bound(parts, Blur(phi, tau)) >= ln_e).all()
            assert tau > LEAST_TAU or (ln_e > ours.SINGLE).any()


def test_what_is_known_may_change_from_look_to_look() -> None:
    count, exposure = np.full((1, 360), 1.0), np.full((1, 360), 10.0)
    past = Past(np.full((1, 48), 6.0), np.full((1, 48), 600.0))

    def later(look: int) -> tuple[Array, Array]:
        seen = max(0, look - 24)
        return running(_until(count, seen)), running(_until(exposure, seen))

    at_once = ours.alarms(past, count, exposure, PLAIN, ours.SINGLE)
    assert ours.alarms_as_known(past, later, range(1, 361), PLAIN, ours.SINGLE) == pytest.approx(at_once + 2, abs=0.2)


def test_noise_puts_alarms_off() -> None:
    rng = np.random.default_rng(12)
    seen = watches(service(Cell("poisson", 500), rng), 50, rng, 3.0)
    past, count, exposure = ours.past_of(seen), seen.errors.astype(float), seen.requests.astype(float)
    calm, noisy = (
        ours.alarms(past, count, exposure, noise, ours.SINGLE, every=12).clip(max=31).mean()
        for noise in (QUIETLY._replace(phi=1.0), QUIETLY._replace(phi=4.0))
    )
    assert calm < noisy


def _until(values: Array, look: int) -> Array:
    return np.where(np.arange(values.shape[1]) < look, values, 0.0)


def alone(past: Past, count: Array, exposure: Array, noise: Noise, effect: Effect, warm_up: int) -> list[float]:
    """The first alarms by `mixture.weigh`, one watch of minutes after the other."""
    found = []
    before, falling = np.arange(-past.events.shape[1], 0) * 5.0, np.array([effect.falling])
    for row in range(len(count)):
        alarm = math.inf
        for look in range(1, count.shape[1] - warm_up + 1):
            at = np.concatenate([before, np.arange(look)])
            x = np.concatenate([past.events[row], count[row, warm_up : warm_up + look]])
            n = np.concatenate([past.exposure[row], exposure[row, warm_up : warm_up + look]])
            parts = Split(*(one[None] for one in mixture.split(at, x, n, length=30.0)))
            tau = np.asarray(noise.at(look - ONSETS * 30).tau)[None]
            (weight,) = mixture.weigh(parts, Blur(np.full((1, 1, 1), noise.phi), tau), falling, length=30.0)
            large = effect.reached(weight.x1, weight.n1, weight.x0, weight.n0)
            if weight.ln_e >= ours.SINGLE and large:
                alarm = float(warm_up + look)
                break
        found.append(alarm)
    return found


@pytest.mark.parametrize("effect", [Effect(2.0, 5), Effect(1.0, 40), Effect(2.0, 5, falling=True)])
def test_a_minimum_effect_and_a_warm_up_are_those_of_the_judge(effect: Effect) -> None:
    rng = np.random.default_rng(13)
    change = np.where(np.arange(30) < 4, 1.0, 0.3 if effect.falling else 2.6)
    count = rng.poisson(20.0 * change, (8, 30)).astype(float)
    past, exposure = Past(rng.poisson(100.0, (8, 48)).astype(float), np.full((8, 48), 5.0)), np.ones((8, 30))
    noises = [PLAIN, QUIETLY] * 4
    quick = detector.alarms(past, count, exposure, noises, ours.SINGLE, warm_up=2, effect=effect)
    slow = [
        alone(Past(past.events[[row]], past.exposure[[row]]), count[[row]], exposure[[row]], one, effect, 2)[0]
        for row, one in enumerate(noises)
    ]
    assert quick.tolist() == slow
    assert np.isfinite(quick).all()


def test_what_is_too_small_for_the_plan_does_not_alarm() -> None:
    past, exposure = Past(np.full((1, 48), 500.0), np.full((1, 48), 5.0)), np.ones((1, 30))
    count = np.full((1, 30), 180.0)
    assert np.isfinite(detector.alarms(past, count, exposure, PLAIN, ours.SINGLE)).all()
    assert np.isinf(detector.alarms(past, count, exposure, PLAIN, ours.SINGLE, effect=Effect(2.0, 5))).all()


def test_nothing_is_judged_before_the_warm_up() -> None:
    past, exposure = Past(np.full((1, 48), 5.0), np.full((1, 48), 5.0)), np.ones((1, 30))
    early = np.where(np.arange(30) < 3, 50.0, 1.0)[None]
    assert detector.alarms(past, early, exposure, PLAIN, ours.SINGLE).tolist() == [1.0]
    assert np.isinf(detector.alarms(past, early, exposure, PLAIN, ours.SINGLE, warm_up=3)).all()
    late = np.where(np.arange(30) < 3, 1.0, 50.0)[None]
    assert detector.alarms(past, late, exposure, PLAIN, ours.SINGLE, warm_up=3).tolist() == [4.0]


def test_a_rise_needs_a_few_events() -> None:
    few = Effect(1.0, 0)
    assert not few.reached(FEWEST_EVENTS - 1, 1.0, 0.0, 100.0)
    assert few.reached(FEWEST_EVENTS, 1.0, 0.0, 100.0)
    assert not few.reached(5.0, 0.0, 1.0, 1.0)
