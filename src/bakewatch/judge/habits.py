"""What a longer history tells of a service's habits: how its counts scatter, drift, and follow the day."""

import math

import numpy as np

from bakewatch.judge.compare import threshold_of
from bakewatch.judge.measure import COMPARED, Measure, blocks, history
from bakewatch.judge.sight import Sight
from bakewatch.judge.surprise import surprises
from bakewatch.model.bake import Watch
from bakewatch.model.habit import Habit
from bakewatch.model.plan import Check, Rule
from bakewatch.stats import noise, season
from bakewatch.stats.noise import BASELINES, BLOCK, Array

_COMPARED_WITH = round(BASELINES[-1] / BLOCK)
"""So many blocks at the end of the history are compared with the watch, and must not tell themselves what is usual."""


def study(watch: Watch) -> dict[str, Habit]:
    """The habits of every check that compares counts or looks for new signatures.

    `watch.baseline` holds blocks of `noise.BLOCK` minutes, those of rule `novelty` with all their signatures.
    """
    sight = Sight(watch, watch.started)
    found = {check.name: _habit(sight, check) for check in watch.plan.checks if check.rule in COMPARED}
    new = [check for check in watch.plan.checks if check.rule is Rule.NOVELTY]
    return found | {check.name: surprises(sight, check, math.exp(-threshold_of(watch.plan))) for check in new}


def _habit(sight: Sight, check: Check) -> Habit:
    measure = Measure(sight.plan, check)
    return learn(measure, *blocks(sight, measure, history(sight, check)))


def learn(measure: Measure, first: int, count: Array, exposure: Array) -> Habit:
    """The habit of consecutive blocks of `noise.BLOCK` minutes, of which *first* is the number since 1970; both (B,).

    A count that has no denominator is measured against what is usual at the time of the day, where that is known.
    """
    days = round(float((exposure > 0).sum()) / season.DAY, 2)
    calm = ~noise.incidents(count, exposure)
    count, exposure = count * calm, exposure * calm
    there = (exposure > 0).astype(float)
    usual = None if not measure.timed or measure.measured else season.forecast(count, there)
    if usual is None:
        return Habit(noise.fit(count, exposure), days=days)
    known = there.copy()
    known[-_COMPARED_WITH:] = 0
    daily = season.forecast(count, known)
    next_day = usual[1] if daily is None else daily[1]
    by_time = np.roll(next_day / next_day.mean(), (first + len(count)) % season.DAY)
    return Habit(noise.fit(count, usual[0] * there), tuple(round(float(one), 4) for one in by_time), days)
