"""What a longer history tells: noise, drift and the time of the day; and that the judge weighs with it."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from msgspec import structs

from bakewatch.judge import habits, rules
from bakewatch.judge.measure import Measure
from bakewatch.judge.sight import Sight
from bakewatch.model.bake import Watch
from bakewatch.model.habit import Habit
from bakewatch.model.observation import Bucket, Observation, Window, to_ms
from bakewatch.stats import noise
from bakewatch.stats.noise import Array, Noise
from tests.unit.judge.bakes import CALLS, ERRORS, START, plan, steady, watch

FIVE = timedelta(minutes=5)


def past(name: str, count: Array, of: Array | int = 1000, *, until: datetime = START) -> Observation:
    """A history in five-minute blocks that ends at *until*."""
    first = until - len(count) * FIVE
    ofs = np.broadcast_to(of, count.shape)
    rows = [Bucket(to_ms(first) + block * 300_000, int(count[block]), int(ofs[block])) for block in range(len(count))]
    return Observation(question=name, window=Window(first, until), width=300.0, buckets=tuple(rows))


def studied(check: str, count: Array, of: Array | int = 1000) -> Habit:
    base = watch(plan(ERRORS, CALLS), {}, minutes=1)
    return habits.study(structs.replace(base, baseline=(past(check, count, of),)))[check]


def clumps(size: int, blocks: int, seed: int = 4) -> Array:
    return size * np.random.default_rng(seed).poisson(6, blocks).astype(float)


def test_a_share_has_noise_and_no_season() -> None:
    found = studied("errors", clumps(5, 7 * 288))
    assert found.noise.phi == pytest.approx(5, rel=0.2)
    assert (found.season, found.days) == ((), 7.0)


def test_a_volume_is_measured_against_the_time_of_the_day() -> None:
    """Busy at noon, quiet at midnight: neither is noise."""
    slots = (np.arange(7 * 288) + to_ms(START) // 300_000 - 7 * 288) % 288
    mean = 1000 * (1 + 0.8 * np.sin(slots * 2 * math.pi / 288))
    found = studied("calls", np.random.default_rng(1).poisson(mean).astype(float))
    assert len(found.season) == 288
    assert found.season[72] == pytest.approx(1.8, rel=0.08)
    assert found.season[216] == pytest.approx(0.2, rel=0.15)
    assert found.noise.phi < 1.6


def test_what_never_happened_has_no_season() -> None:
    assert studied("calls", np.zeros(7 * 288)) == Habit(days=7.0)


@pytest.mark.parametrize("blocks", [0, 12, 48, 2 * 288])
def test_less_than_three_days_tell_no_season_and_no_small_drift(blocks: int) -> None:
    found = studied("calls", np.full(blocks, 50.0))
    assert found.season == ()
    assert np.min(found.noise.taus) >= noise.TAU
    assert found.days == pytest.approx(blocks / 288, abs=0.01)


def weighed(of: Watch, habit: Habit, check: str) -> float | None:
    (one,) = (
        one
        for one in rules.weigh(structs.replace(of, habits={check: habit}), START + timedelta(minutes=30))
        if one.check == check
    )
    return one.ln_e


def test_a_noisier_service_is_given_more_doubt() -> None:
    made = watch(plan(ERRORS), {"errors": steady(3)}, past={"errors": steady(1)})
    calm, noisy = (weighed(made, Habit(Noise(phi)), "errors") for phi in (1.0, 6.0))
    assert calm is not None and noisy is not None
    assert noisy < calm


def test_a_morning_rush_is_no_rise() -> None:
    """Three times the calls of the last four hours are nothing new where every day has them."""
    made = watch(plan(CALLS), {"calls": steady(30)}, past={"calls": steady(10)})
    rush = [1.0] * 288
    for minute in range(0, 35, 5):
        rush[(to_ms(START) // 300_000 + minute // 5) % 288] = 3.0
    unknown, known = weighed(made, Habit(), "calls"), weighed(made, Habit(season=tuple(rush)), "calls")
    assert unknown is not None and known is not None
    assert unknown > 10
    assert known < 0


def test_seconds_of_the_watch_weigh_one_on_average() -> None:
    made = watch(plan(CALLS), {"calls": steady(30)}, past={"calls": steady(10)})
    season = tuple(float(one) for one in np.random.default_rng(2).uniform(0.2, 5, 288))
    sight = Sight(structs.replace(made, habits={"calls": Habit(season=season)}), START + timedelta(minutes=30))
    measure = Measure.of(sight, CALLS)
    cells = [one for one in sight.series["calls"] if one.start < to_ms(START + timedelta(minutes=30))]
    assert sum(map(measure.exposure, cells)) == pytest.approx(1800, rel=0.01)


def test_an_incident_does_not_teach_what_is_usual_at_this_time_of_the_day() -> None:
    """Forty bad minutes yesterday must not hide the same harm today."""
    count = np.random.default_rng(12).poisson(60, 7 * 288).astype(float)
    calm = studied("calls", count)
    count[-288 : -288 + 8] *= 20
    assert studied("calls", count).season == pytest.approx(calm.season, rel=0.1)
