"""A long history, minute by minute: what a replay walks over.

Shapes: M minutes, K sizes of an action.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bakewatch.model.observation import MOST_EVENTS, Observation, to_ms
from bakewatch.model.plan import Plan
from bakewatch.stats.noise import BLOCK, Array

PER_BLOCK = round(BLOCK)
"""Minutes of a block of history."""


class Axis(NamedTuple):
    """Consecutive minutes of the plan; the first begins a block, and all on whole multiples of a minute since 1970."""

    start: int
    """Milliseconds since 1970."""
    step: int
    """Milliseconds of a minute."""
    minutes: int

    @classmethod
    def until(cls, plan: Plan, now: datetime, minutes: int) -> "Axis":
        """The whole minutes before *now*, at least so many *minutes* of them."""
        step = max(1, round(plan.minute.total_seconds() * 1000))
        end = to_ms(now) // step
        first = (end - minutes) // PER_BLOCK * PER_BLOCK
        return cls(first * step, step, end - first)

    def place(self, moment: datetime) -> int:
        """The number of the minute in which *moment* lies; it may lie outside."""
        return (to_ms(moment) - self.start) // self.step


@dataclass(frozen=True)
class Track:
    """What is known of one check in every minute. A minute that no answer covers wholly is not known."""

    known: NDArray[np.bool_]
    """(M,)"""
    count: Array
    of: Array
    own: Array
    spread: Array
    """(M, K)"""

    @classmethod
    def unknown(cls, minutes: int) -> "Track":
        """Nothing was answered yet."""
        count, of, own = np.zeros((3, minutes))
        return cls(np.zeros(minutes, dtype=bool), count, of, own, np.zeros((minutes, MOST_EVENTS)))

    def add(self, axis: Axis, one: Observation) -> None:
        """Write down what *one* says, in buckets of a minute. A gap says nothing."""
        first, last = -((axis.start - to_ms(one.window.start)) // axis.step), axis.place(one.window.end)
        first, last = max(0, first), min(axis.minutes, last)
        if one.gap or first >= last:
            return
        self.known[first:last] = True
        for bucket in one.buckets:
            place = (bucket.at - axis.start) // axis.step
            if first <= place < last:
                self.count[place], self.of[place], self.own[place] = bucket.count, bucket.of, bucket.own
                if len(bucket.spread) == MOST_EVENTS:
                    self.spread[place] = bucket.spread
