"""What is usual at a time of the day is learnt from other days, never from the day itself."""

import math

import numpy as np
import pytest

from bakewatch.stats import noise, season

WEEK = 7 * season.DAY
SHAPE = 100 * (1 + 0.8 * np.sin(np.arange(WEEK) * 2 * math.pi / season.DAY))
THERE = np.ones(WEEK)


def test_the_shape_of_the_day_is_what_is_expected() -> None:
    found = season.forecast(SHAPE, THERE)
    assert found is not None
    past, next_day = found
    assert past == pytest.approx(SHAPE, rel=0.08)
    assert next_day == pytest.approx(SHAPE[: season.DAY], rel=0.08)


def test_what_was_forecast_makes_a_daily_shape_no_noise() -> None:
    count = np.random.default_rng(3).poisson(100 * SHAPE).astype(float)
    found = season.forecast(count, THERE)
    assert found is not None
    assert noise.fit(count, found[0]).phi == pytest.approx(1.0, abs=0.25)
    assert noise.fit(count, THERE).phi > 1.5


def test_no_day_expects_what_it_counted_itself() -> None:
    count = np.where(np.arange(WEEK) == 3 * season.DAY + 100, 1e6, 10.0)
    found = season.forecast(count, THERE)
    assert found is not None
    assert found[0][3 * season.DAY + 100] < 20 + count.mean()
    assert found[0][2 * season.DAY + 100] > 1000


def test_a_missing_day_is_no_day_of_nothing() -> None:
    there = THERE.copy()
    there[season.DAY : 2 * season.DAY] = 0
    found = season.forecast(SHAPE * there, there)
    assert found is not None
    assert found[1] == pytest.approx(SHAPE[: season.DAY], rel=0.08)


def test_history_need_not_begin_at_the_same_time_as_the_day() -> None:
    found = season.forecast(SHAPE[100:], THERE[100:])
    assert found is not None
    assert len(found[0]) == WEEK - 100
    assert found[0] == pytest.approx(SHAPE[100:], rel=0.08)


@pytest.mark.parametrize("blocks", [0, 1, 3 * season.DAY - 1])
def test_less_than_three_days_forecast_nothing(blocks: int) -> None:
    assert season.forecast(SHAPE[:blocks], THERE[:blocks]) is None


def test_a_time_at_which_nothing_happens_is_not_impossible() -> None:
    noon = np.arange(WEEK) % season.DAY == 100
    found = season.forecast(np.where(noon, 5000.0, 0.0), THERE)
    assert found is not None
    assert (found[0] > 0).all()
    assert (found[1] > 0).all()


@pytest.mark.parametrize("events", [0, 1, 200])
def test_a_few_events_in_a_week_tell_nothing_of_the_time_of_the_day(events: int) -> None:
    count = np.zeros(WEEK)
    count[:events] = 1
    assert season.forecast(count, THERE) is None
