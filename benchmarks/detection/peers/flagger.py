"""The canary analysis of Flagger with one metric.

Every tick checks the metric over the interval that ends with it; a failing check adds one, which is never taken back.
The first tick runs no metrics. Whether the failed checks have reached the threshold is tested at the start of a tick:
the rollback comes one tick after the check that reached it. A rate of nothing (0/0) is NaN, which is neither below nor
above any limit: it passes.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks.detection.peers.minutes import Array, Minutes, first, rates
from benchmarks.detection.streams import WATCH


@dataclass(frozen=True)
class Flagger:
    """A canary: failed checks until the rollback, the rate above which a check fails, the interval in minutes."""

    threshold: int = 1
    limit: float = 0.01
    of_base: bool = False
    """Whether *limit* is a multiple of the rate of the 4 hours before, and not a rate."""
    every: int = 1


DEFAULT = Flagger()
"""The default threshold, and the success of at least 99 % of the documentation's examples."""
DOCUMENTED = Flagger(threshold=5)
"""Documented examples have a threshold of 5 or 10."""
TWICE = Flagger(threshold=5, limit=2.0, of_base=True)


def tunings() -> tuple[Flagger, ...]:
    """Settings to choose from in hindsight."""
    chosen = product((1, 2, 3, 5, 7, 10, 15), (1.25, 1.5, 2.0, 3.0, 5.0, 10.0))
    return tuple(Flagger(threshold, limit, of_base=True) for threshold, limit in chosen)


def first_alarm(seen: Minutes, setting: Flagger = DOCUMENTED) -> Array:
    """Minutes until the rollback, (W,); infinity where there is none within the watch."""
    measured = rates(seen.events, seen.exposure, setting.every)
    failing = measured > (setting.limit * seen.base[:, None] if setting.of_base else setting.limit)
    failing[:, 0] = False
    reached = np.cumsum(failing, axis=1)[:, :-1] >= setting.threshold
    return first(reached, np.arange(2 * setting.every, WATCH + 1, setting.every, dtype=float))
