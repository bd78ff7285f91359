"""What all peers look at: events and exposure minute by minute, before a watch and during it.

For errors the exposure is requests, for a volume it is minutes. Shapes: W watches.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.streams import WATCH, Watches

Array = NDArray[np.float64]


class Minutes(NamedTuple):
    """The 30 minutes before a watch and its own 30, (W, 30) each, and the rate of the 4 hours before it, (W,)."""

    events_before: Array
    exposure_before: Array
    events: Array
    exposure: Array
    base: Array


def of_watches(watches: Watches) -> Minutes:
    """Errors per request."""
    base = watches.errors_before.sum(axis=1) / watches.requests_before.sum(axis=1)
    before = watches.errors_last.astype(float), watches.requests_last.astype(float)
    return Minutes(*before, _summed(watches.errors), _summed(watches.requests), base)


def of_volume(before: Array, watch: Array) -> Minutes:
    """Counts per minute: 4 hours (W, 240) and the watch (W, 30)."""
    ones = np.ones_like(watch)
    return Minutes(before[:, -WATCH:], ones, watch, ones, before.mean(axis=1))


def rates(events: Array, exposure: Array, every: int = 1) -> Array:
    """Events per exposure in spans of *every* minutes, (W, 30/every); NaN where nothing was exposed."""
    spans = (len(events), -1, every)
    happened, exposed = events.reshape(spans).sum(axis=2), exposure.reshape(spans).sum(axis=2)
    return np.asarray(np.divide(happened, exposed, out=np.full(exposed.shape, np.nan), where=exposed > 0))


def first(alarms: NDArray[np.bool_], times: Array) -> Array:
    """The time of each row's first alarm, (W,), of *alarms* (W, K) at *times* (K,); infinity where there is none."""
    return np.asarray(np.where(alarms, times, np.inf).min(axis=1))


def _summed(counts: NDArray[np.int64]) -> Array:
    """Whatever buckets the watch has, as minutes."""
    return np.asarray(counts.reshape(len(counts), WATCH, -1).sum(axis=2), dtype=np.float64)
