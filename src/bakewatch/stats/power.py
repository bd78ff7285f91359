"""What could have been seen? The smallest change that is found with 95 % probability, given the baseline there is.

The count that 95 % of all watches exceed is put into the very evidence that decides (`mixture`), as if the change
had begun with the watch. So whatever blunts the evidence blunts the answer too: the drift scale, a short baseline,
the price of not knowing when the change began. Simulated, what it promises is found in 95 to 100 % of watches.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bakewatch.stats.mixture import ONSET_WEIGHTS, Split, ln_evidence, ln_sum
from bakewatch.stats.noise import BASELINES, PLAIN, SHARP, Array, Blur, Noise

_Z = 1.645
_ROUNDS, _POINTS = 4, 10
_LARGEST_LN_RATIO = 12.0
_TINY = 1e-9
"""Instead of a mean of 0."""


def smallest_rise(exposure: float, x0: Array, n0: Array, threshold: float, blur: Blur = SHARP) -> float | None:
    """The smallest rate above the baseline's that *exposure* finds with 95 %; None when it finds none at all.

    *x0*, *n0*: events and exposure in each baseline before the watch, (L,); *threshold*: that of ln E; *blur*: that of
    the whole watch, its `tau` (L,) or one for all.
    """
    rate = base_rate(x0, n0)

    def found(ln_ratios: Array) -> NDArray[np.bool_]:
        mean = np.exp(ln_ratios) * rate * exposure
        x1 = np.maximum(mean - _Z * np.sqrt(blur.phi * mean), 0.0)
        return np.asarray(_ln_e(x1, exposure, x0, n0, False, blur) >= threshold)

    least = _least(found, _LARGEST_LN_RATIO)
    return None if least is None else math.exp(least) * rate


def smallest_fall(exposure: float, x0: Array, n0: Array, threshold: float, blur: Blur = SHARP) -> float | None:
    """The smallest share lost that *exposure* finds with 95 %; None when not even the loss of everything is found."""
    rate = float(x0[-1] / n0[-1])

    def found(lost: Array) -> NDArray[np.bool_]:
        mean = (1 - lost) * rate * exposure
        x1 = mean + _Z * np.sqrt(blur.phi * mean)
        return np.asarray(_ln_e(x1, exposure, x0, n0, True, blur) >= threshold)

    return _least(found, 1.0)


def minutes_to_find(
    ratio: float, per_minute: float, x0: Array, n0: Array, threshold: float, noise: Noise = PLAIN, *, most: float = 240
) -> float | None:
    """In how many minutes a rate that is *ratio* times the usual one is found with 95 %; None: not within *most*.

    *ratio* below 1: a fall. *per_minute*: the exposure of one minute; the rest as in `smallest_rise`. What is usual now
    is not known exactly: the logarithm of the count scatters by tau² + phi/x0 + (1 + (phi-1)·ratio)/mean, as if what
    scatters the counts grew with the rate. For counts that scatter in clumps that is too much: simulated, half and
    more where clumps are rare.
    """
    rate, falling = ratio * float(x0[-1] / n0[-1]), ratio < 1
    base = noise.phi / max(float(x0[-1]), 1.0)

    def found(minutes: Array) -> NDArray[np.bool_]:
        exposure = minutes * per_minute
        mean, blur = np.maximum(rate * exposure, _TINY), noise.at(minutes)
        off = _Z * np.sqrt(np.asarray(blur.tau)[:, -1] ** 2 + base + (1 + (noise.phi - 1) * ratio) / mean)
        x1 = mean * ((1 + off) if falling else np.exp(-off))
        return np.asarray(_ln_e(x1, exposure, x0, n0, falling, blur) >= threshold)

    return _least(found, most)


def base_rate(x0: Array, n0: Array) -> float:
    """The rate that the longest baseline speaks for, one event added: a rate of nothing is never zero."""
    return float((x0[-1] + 1) / n0[-1])


def mean_that_reaches(count: float) -> float:
    """The smallest Poisson mean that gives at least *count* events with 95 % (normal approximation)."""
    return ((_Z + math.sqrt(_Z**2 + 4 * count)) / 2) ** 2


def mean_that_stays_under(count: float) -> float:
    """The largest Poisson mean that gives at most *count* events with 95 % (normal approximation)."""
    return ((math.sqrt(_Z**2 + 4 * count) - _Z) / 2) ** 2


def _ln_e(x1: Array, exposure: Array | float, x0: Array, n0: Array, falling: bool, blur: Blur) -> Array:
    """ln of what the first onset alone contributes, for every *x1*."""
    shape = (len(x1), len(BASELINES))
    parts = Split(
        np.broadcast_to(x1[:, None], shape),
        np.broadcast_to(np.asarray(exposure)[..., None], shape),
        np.broadcast_to(x0, shape),
        np.broadcast_to(n0, shape),
    )
    price = math.log(ONSET_WEIGHTS[0] / len(BASELINES))
    return np.asarray(ln_sum(ln_evidence(parts, falling=falling, blur=blur)) + price)


def _least(found: Callable[[Array], NDArray[np.bool_]], high: float) -> float | None:
    """The smallest value up to *high* that is found, by ever finer rows of points. What is larger is found too."""
    low = 0.0
    for _ in range(_ROUNDS):
        points = np.asarray(np.linspace(low, high, _POINTS), dtype=np.float64)
        hits = found(points)
        if not hits.any():
            return None
        first = int(np.argmax(hits))
        low, high = float(points[max(first - 1, 0)]), float(points[first])
    return high
