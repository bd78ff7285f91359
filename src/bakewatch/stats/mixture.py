"""Is this rate higher than it was? Evidence that is valid at any moment one looks.

A conditional likelihood of counts before and after a hypothesised change, mixed over how large the change may be, when
it began and how far back one compares. The conditional likelihood with an unknown common rate is that of CMaxSPRT (Li
and Kulldorff 2010, Statistics in Medicine 29:284); mixing over start times follows e-detectors (Shin, Ramdas and
Rinaldo 2022, arXiv:2203.03532). The variance inflation `phi`, the drift scale `tau` and averaging a short and a long
baseline are bakewatch's own: their guarantee is a benchmark, not a theorem.

Shapes: S onsets, L baselines, B buckets; leading dimensions run along.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TAU = 0.1
"""The drift scale (of log ratios) of a service whose own history was not studied."""
ONSETS = np.array([0.0, *np.arange(1.5, 28.0, 2.0)]) / 30
"""When the change may have begun, as a share of the watch."""
ONSET_WEIGHTS = np.array([0.4, *[0.6 / 14] * 14])
BASELINES = np.array([20.0, 240.0])
"""How many minutes before the onset are compared with."""

_RATIOS = np.array([1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64])
_RATIO_WEIGHTS = np.array([2, 2, 1.5, 1.2, 1, 1, 0.7, 0.7, 0.5, 0.4, 0.3])
_LOWEST, _HIGHEST = -1.0, 4.2
"""The ends of the grid of log ratios."""


class Split(NamedTuple):
    """Events x1 in exposure n1 after each hypothesised onset, x0 in n0 in each baseline before; all (…, S, L)."""

    x1: Array
    n1: Array
    x0: Array
    n0: Array


class Weight(NamedTuple):
    """What one series weighs, and the comparison (onset and baseline) that carries most of it."""

    ln_e: float
    """Natural logarithm of the e-value; minus infinity when nothing speaks for a change."""
    onset: float
    """Minutes after the start."""
    x1: float
    n1: float
    x0: float
    n0: float


class _Grid(NamedTuple):
    """Log ratios u, and the logarithms of their weights when nothing but drift, and when harm, is at work."""

    u: Array
    ln_drift: Array
    ln_harm: Array


def weigh(parts: Split, *, length: float, falling: bool = False, phi: float = 1.0, tau: float = TAU) -> Weight:
    """The evidence in one series' *parts* (S, L) that its rate rose (*falling*: fell). *length* as in `split`."""
    ln_parts = ln_evidence(parts, falling=falling, phi=phi, tau=tau)
    carried = np.log(ONSET_WEIGHTS)[:, None] + ln_parts
    onset, base = np.unravel_index(int(np.argmax(carried)), carried.shape)
    x1, n1, x0, n0 = (float(one[onset, base]) for one in parts)
    return Weight(float(combine(ln_parts)), float(ONSETS[onset] * length), x1, n1, x0, n0)


def split(at: Array, count: Array, exposure: Array, *, length: float) -> Split:
    """Sum the buckets after each onset, and in each baseline that ends there.

    *at*: the starts of the B buckets in minutes, history below 0, the watch from 0 on. *count* and *exposure*: (…, B).
    *length*: the planned length of the watch in minutes, to which the onsets are scaled.
    """
    onsets = ONSETS * length
    since = onsets[:, None] - BASELINES
    before = ((at >= since[..., None]) & (at < onsets[:, None, None])).astype(float)
    after = np.broadcast_to((at >= onsets[:, None, None]), before.shape).astype(float)

    def added(values: Array, chosen: Array) -> Array:
        return np.asarray(np.einsum("...b,slb->...sl", values, chosen))

    return Split(added(count, after), added(exposure, after), added(count, before), added(exposure, before))


def ln_evidence(parts: Split, *, falling: bool = False, phi: float = 1.0, tau: float = TAU) -> Array:
    """ln E of each comparison, (…, S, L): the likelihood mixed over harm against the one mixed over drift.

    l(u) = [x1·u - (x0+1+x1)·ln((n0 + e^u·n1)/(n0+n1))]/phi, and E = 0 unless x1/n1 > (x0+1)/n0. *falling* swaps
    before and after: a fall is a past that was higher than the present.
    """
    x1, n1, x0, n0 = (parts.x0, parts.n0, parts.x1, parts.n1) if falling else parts
    grid = _grid(tau)
    worse = (n1 > 0) & (n0 > 0) & (x1 * n0 > (x0 + 1) * n1)
    x1, n1, x0, n0 = (one[worse][:, None] for one in (x1, n1, x0, n0))
    spread = np.log1p(np.expm1(grid.u) * (n1 / (n0 + n1)))
    likelihood = (x1 * grid.u - (x0 + 1 + x1) * spread) / phi
    ln_e = np.full(worse.shape, -math.inf)
    ln_e[worse] = ln_sum(grid.ln_harm + likelihood) - ln_sum(grid.ln_drift + likelihood)
    return ln_e


def combine(ln_parts: Array) -> Array:
    """Average (…, S, L) over baselines and, weighted, over onsets: ln E of shape (…)."""
    weighted = ln_parts + np.log(ONSET_WEIGHTS / len(BASELINES))[:, None]
    return ln_sum(weighted.reshape(*weighted.shape[:-2], -1))


def ln_sum(values: Array) -> Array:
    """ln of the sum of exponentials along the last axis; nothing but minus infinities stays minus infinity."""
    top = values.max(axis=-1, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - safe).sum(axis=-1)) + safe[..., 0])


@lru_cache(maxsize=8)
def _grid(tau: float) -> _Grid:
    """The grid contains u = 0 and has steps of at most tau/2, so that the weight of "no change" does not sit beside it.

    Drift: 0.98·N(0, tau²) + 0.02·N(0, (2·tau)²). Harm: the listed ratios, each spread by tau and 0.1.
    """
    step = 1 / math.ceil(2 / tau)
    u = np.asarray(np.arange(round(_LOWEST / step), math.floor(_HIGHEST / step) + 1) * step, dtype=np.float64)
    drift = 0.98 * _normal(u, tau) + 0.02 * _normal(u, 2 * tau)
    each = _normal(u - np.asarray(np.log(_RATIOS), dtype=np.float64)[:, None], math.hypot(tau, 0.1))
    harm = (_RATIO_WEIGHTS[:, None] * each).sum(axis=0)
    with np.errstate(divide="ignore"):
        return _Grid(u, np.log(drift / drift.sum()), np.log(harm / harm.sum()))


def _normal(u: Array, sd: float) -> Array:
    """The density up to a factor common to all sd."""
    return np.asarray(np.exp(-0.5 * (u / sd) ** 2) / sd)
