"""Two yardsticks. `plain`: a published test as it stands. `oracle`: the best that could be, knowing what nobody knows.

Both look after every bucket and raise an alarm at ln E >= ln 100, which stands for 1 % of false alarms under Poisson
noise however often one looks (Ville's inequality). Shapes: W watches, B buckets.
"""

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.peers.minutes import Array, first

Numbers = NDArray[np.float64] | NDArray[np.int64]

THRESHOLD = math.log(100)
RATIOS = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0)
WEIGHTS = (2.0, 2.0, 1.5, 1.2, 1.0, 1.0, 0.7, 0.7, 0.5, 0.4, 0.3)
"""The alternatives of `plain`: the rate multiplied by these ratios, with these weights."""


def plain(events: Numbers, exposure: Numbers, x0: Numbers, n0: Numbers, bucket: float) -> Array:
    """Minutes until a conditional Poisson mixture against one baseline calls the rate since the start higher, (W,).

    *events* and *exposure* (W, B) in buckets of *bucket* minutes; *x0* events in the exposure *n0* > 0 before, (W,).
    E is the weighted mean, over the ratios e^u, of the likelihood ratio of counts with an unknown common rate (as in
    CMaxSPRT, Li and Kulldorff 2010, Statistics in Medicine 29:284). A flat prior on that rate adds 1 to x0:

        l(u) = x1·u - (x0 + 1 + x1)·ln((n0 + e^u·n1)/(n0 + n1))
    """
    x1, n1 = np.cumsum(events, axis=1), np.cumsum(exposure, axis=1)
    all_events, share = (x0 + 1)[:, None] + x1, n1 / (n0[:, None] + n1)
    ln_e = np.full(x1.shape, -np.inf)
    for ratio, weight in zip(RATIOS, WEIGHTS, strict=True):
        likelihood = x1 * math.log(ratio) - all_events * np.log1p((ratio - 1) * share)
        ln_e = np.logaddexp(ln_e, likelihood + math.log(weight / sum(WEIGHTS)))
    return _alarm(ln_e, bucket)


def oracle(events: Numbers, exposure: Numbers, rate: float, effect: float, bucket: float) -> Array:
    """Minutes from the onset until Wald's sequential test knows, (W,), given the true *rate* and the *effect* on it.

    *events* and *exposure* (W, B) in buckets of *bucket* minutes, from the onset on. The likelihood ratio is that of
    Poisson counts: x1·ln(effect) - rate·n1·(effect - 1).
    """
    x1, n1 = np.cumsum(events, axis=1), np.cumsum(exposure, axis=1)
    ln_e = math.log(effect) * x1 - rate * (effect - 1) * n1
    return _alarm(np.asarray(ln_e, dtype=np.float64), bucket)


def information_limit(per_minute: float, effect: float) -> float:
    """ln 100 over the Kullback-Leibler divergence per minute: about the fewest minutes any test can do with on average.

    *per_minute*: expected events before. KL = per_minute·(effect·ln(effect) - effect + 1), that of Poisson counts.
    """
    return THRESHOLD / (per_minute * (effect * math.log(effect) - effect + 1))


def _alarm(ln_e: Array, bucket: float) -> Array:
    return first(ln_e >= THRESHOLD, bucket * np.arange(1, ln_e.shape[1] + 1))
