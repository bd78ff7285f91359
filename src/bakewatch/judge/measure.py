"""What a check's count is measured against: what `of` counts, time that a source measured, or time on the clock.

Where the day's habits are known, a second of a busy hour is more than a second of a quiet one.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from bakewatch.judge.series import Cell, Series
from bakewatch.judge.sight import Sight
from bakewatch.model.observation import to_ms
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.stats.noise import BLOCK, Array

N = TypeVar("N", float, Array)

COMPARED = (Rule.PROPORTION, Rule.VOLUME, Rule.FLOOR, Rule.SLOWER)
"""The rules that compare counts: more than before, per what `of` counts or per time; of a floor, fewer."""

SHARE, RATE, LOSS = 0.01, 1.0, 0.5
"""What a check must be able to find when the plan does not say: 1 % of what `of` counts, one event a minute, the loss
of one half."""


@dataclass(frozen=True)
class Measure:
    """How one check's cells become an exposure, and a rate on that exposure becomes the plan's unit."""

    plan: Plan
    check: Check
    season: tuple[float, ...] = ()
    """How much is usual in each block of a day, 1 on average over the watch; empty: all times are alike."""

    @classmethod
    def of(cls, sight: Sight, check: Check) -> "Measure":
        """With what the service's habits tell of the time of the day."""
        usual, plan = sight.watch.habit(check).season, sight.plan
        if not usual:
            return cls(plan, check)
        block = sight.span(f"{BLOCK:g}m")
        slots = range(sight.started // block, (sight.started + sight.span(plan.bake.duration) - 1) // block + 1)
        mean = sum(usual[slot % len(usual)] for slot in slots) / len(slots)
        return cls(plan, check, tuple(one / mean for one in usual))

    @property
    def measured(self) -> bool:
        """The source says itself how much time it covered."""
        return self.plan.streams[self.check.stream].measured

    @property
    def share(self) -> bool:
        """The count is a share of what `of` counts; otherwise it is a rate in time."""
        return (bool(self.check.of) or self.check.rule is Rule.SLOWER) and not self.measured

    @property
    def timed(self) -> bool:
        """The count is a rate in time, and neither a share nor a mean of actions."""
        return not self.share and self.check.rule is not Rule.AMPLIFICATION

    @property
    def unit(self) -> float:
        """A rate times this is a share, or a number of events per minute of the plan."""
        return 1.0 if self.share else self.plan.minute.total_seconds()

    def exposure(self, cell: Cell) -> float:
        """What *cell* was exposed to: matches of `of`, or actions, else seconds."""
        if self.check.rule is Rule.AMPLIFICATION:
            return float(sum(cell.bucket.spread))
        return self.exposed(float(cell.bucket.of), cell.seconds * self._usual(cell))

    def exposed(self, of: N, seconds: N) -> N:
        """The exposure of what holds *of* matches of `of` in so many *seconds*; numbers, or arrays of them."""
        if self.measured:
            return of / 1000
        return of if self.share else seconds

    def _usual(self, cell: Cell) -> float:
        if not self.season:
            return 1.0
        block = self.plan.span(f"{BLOCK:g}m").total_seconds() * 1000
        return self.season[int(cell.bucket.at // block) % len(self.season)]

    def target(self, base_rate: float) -> float:
        """The share or rate that the check must be able to find: max(5·baseline, what the plan declares)."""
        declared = self.check.sees
        if self.check.rule is Rule.FLOOR:
            return LOSS if declared is None else declared
        least = SHARE if self.share else RATE
        return max(5 * base_rate * self.unit, least if declared is None else declared)


def history(sight: Sight, check: Check) -> Series:
    """What *check* counted before the deploy. What its source did not keep is no part of it (`Question.past`)."""
    past = sight.past.get(check.name, ())
    return tuple(cell for cell in past if cell.bucket.at < to_ms(sight.watch.past_until))


def blocks(sight: Sight, measure: Measure, past: Series) -> tuple[int, Array, Array]:
    """The number of the first block (`noise.BLOCK`) since 1970, counts and exposures of it and all that follow.

    What was not answered has no exposure.
    """
    if not past:
        return 0, np.zeros(0), np.zeros(0)
    width = sight.span(f"{BLOCK:g}m")
    first = past[0].bucket.at // width
    count, exposure = np.zeros((2, past[-1].bucket.at // width - first + 1))
    for cell in past:
        block = cell.bucket.at // width - first
        count[block] += cell.bucket.count
        exposure[block] += measure.exposure(cell)
    return first, count, exposure
