"""The analysis of Argo Rollouts with one metric.

One measurement per interval, over that interval, the first at its end. The run fails when more measurements failed than
`failureLimit`; failures add up and are never forgiven. A measurement without exposure is an error: more than 4 of them
in a row (`consecutiveErrorLimit`) end the run as well.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.peers.minutes import Array, Minutes, first, rates
from benchmarks.detection.streams import WATCH

CONSECUTIVE_ERRORS = 4
"""The default of `consecutiveErrorLimit`."""


@dataclass(frozen=True)
class Argo:
    """An analysis template: its interval in minutes (a divisor of 30), and the rate above which a measurement fails."""

    every: int = 5
    failure_limit: int = 3
    limit: float = 0.05
    of_base: bool = False
    """Whether *limit* is a multiple of the rate of the 4 hours before, and not a rate."""


DOCUMENTED = Argo()
"""The example of the documentation: interval 5m, failureLimit 3, success at least 0.95."""
TWICE = Argo(limit=2.0, of_base=True)
"""The same, but a measurement fails above twice the baseline."""
TWICE_A_MINUTE = Argo(every=1, limit=2.0, of_base=True)


def tunings() -> tuple[Argo, ...]:
    """Settings to choose from in hindsight."""
    chosen = product((1, 2, 5), (0, 1, 2, 3, 5, 8), (1.25, 1.5, 2.0, 3.0, 5.0, 10.0))
    return tuple(Argo(every, failures, limit, of_base=True) for every, failures, limit in chosen)


def first_alarm(seen: Minutes, setting: Argo = DOCUMENTED) -> Array:
    """Minutes until the analysis ends badly, (W,); infinity where it does not."""
    measured = rates(seen.events, seen.exposure, setting.every)
    limit = setting.limit * seen.base[:, None] if setting.of_base else setting.limit
    failed = np.cumsum(measured > limit, axis=1) > setting.failure_limit
    blind = _runs(np.isnan(measured)) > CONSECUTIVE_ERRORS
    return first(failed | blind, np.arange(setting.every, WATCH + 1, setting.every, dtype=float))


def _runs(errors: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many errors in a row end at each measurement, (W, K)."""
    at = np.arange(1, errors.shape[1] + 1)
    return np.asarray(at - np.maximum.accumulate(np.where(errors, 0, at), axis=1))
