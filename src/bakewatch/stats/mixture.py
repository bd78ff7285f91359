"""Is this rate higher than it was? Evidence that is valid at any moment one looks.

A conditional likelihood of counts before and after a hypothesised change, mixed over how large the change may be, when
it began and how far back one compares. The conditional likelihood with an unknown common rate is that of CMaxSPRT (Li
and Kulldorff 2010, Statistics in Medicine 29:284); mixing over start times follows e-detectors (Shin, Ramdas and
Rinaldo 2022, arXiv:2203.03532). Where counts scatter more than chance alone, events are taken for clumps of geometric
size (a Polya-Aeppli process), and the likelihood is that of a process so tilted that its mean grows by the ratio. That,
the drift scale `tau` and averaging a short and a long baseline are bakewatch's own: their guarantee is a benchmark, not
a theorem.

Shapes: S onsets, L baselines, B buckets, U log ratios, N comparisons, P scatters; leading dimensions run along.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bakewatch.stats.noise import BASELINES, LEAST_TAU, MOST_TAU, SHARP, Array, Blur

_LATER = np.arange(0.25, 28.0, 0.5) / 30
ONSETS = np.array([0.0, *_LATER])
"""When the change may have begun, as a share of the watch: at its start, or in the middle of any half-minute of 30."""
ONSET_WEIGHTS = np.array([0.5, *np.full(len(_LATER), 0.5 / len(_LATER))])
EASE = 0.6
"""By so much a threshold of ln E may lie below the logarithm of one over the chance of a false alarm. That chance is an
upper bound, far from reached where drift and scatter are allowed for: a matter of measurement, not of proof."""

_RATIOS = np.array([1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64])
_RATIO_WEIGHTS = np.array([2, 2, 1.5, 1.2, 1, 1, 0.7, 0.7, 0.5, 0.4, 0.3])
_LOWEST, _HIGHEST = -1.0, 4.2
"""The ends of the grid of log ratios."""
_COARSE = 0.1
"""The step of the grid where only harm has weight, whose narrowest part has a standard deviation of 0.1."""
_LEAST = 1e-300
"""What weighs less counts as this much, so that evidence stays a number."""
_TAUS = np.geomspace(LEAST_TAU, MOST_TAU, 41)
"""The drift scales that have a grid; what lies between two takes the larger."""


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
    """Log ratios u, and their weights."""

    u: Array
    """(U,)."""
    weights: Array
    """When nothing but drift, and when harm, is at work, (U, 2)."""


class _Tilt(NamedTuple):
    """What one event speaks for a log ratio, and what one that was to be expected speaks against it, (P, U) each."""

    event: Array
    expected: Array


def weigh(parts: Split, blur: Blur, falling: NDArray[np.bool_], *, length: float) -> list[Weight]:
    """The evidence that each of C series rose, or fell where *falling* (C,) says so; *parts* and *blur*: (C, S, L).

    *length* as in `split`.
    """
    turn = falling[:, None, None]
    sides = Split(*(np.where(turn, other, one) for one, other in zip(parts, swapped(parts), strict=True)))
    ln_parts = ln_evidence(sides, blur=blur)
    carried = (np.log(ONSET_WEIGHTS)[:, None] + ln_parts).reshape(len(falling), -1)
    ln_e = combine(ln_parts)
    weights = []
    for series, leading in enumerate(carried.argmax(axis=1)):
        onset, base = divmod(int(leading), len(BASELINES))
        x1, n1, x0, n0 = (float(one[series, onset, base]) for one in parts)
        weights.append(Weight(float(ln_e[series]), float(ONSETS[onset] * length), x1, n1, x0, n0))
    return weights


def swapped(parts: Split) -> Split:
    """Before and after in each other's place: a fall is a past that was higher than the present."""
    return Split(parts.x0, parts.n0, parts.x1, parts.n1)


def split(at: Array, count: Array, exposure: Array, *, length: float) -> Split:
    """Sum the buckets after each onset, and in each baseline that ends there.

    *at*: the starts of the B buckets in minutes, history below 0, the watch from 0 on. *count* and *exposure*: (…, B).
    *length*: the planned length of the watch in minutes, to which the onsets are scaled.
    """
    onsets = ONSETS * length
    order = np.argsort(at)
    onset = np.searchsorted(at[order], onsets)[:, None]
    since = np.searchsorted(at[order], onsets[:, None] - BASELINES)

    def summed(values: Array) -> tuple[Array, Array]:
        sums = np.pad(np.cumsum(values[..., order], axis=-1), [(0, 0)] * (values.ndim - 1) + [(1, 0)])
        after = np.broadcast_to(sums[..., -1:, None] - sums[..., onset], (*values.shape[:-1], *since.shape))
        return after, sums[..., onset] - sums[..., since]

    (x1, x0), (n1, n0) = summed(count), summed(exposure)
    return Split(x1, n1, x0, n0)


def ln_evidence(parts: Split, *, falling: bool = False, blur: Blur = SHARP) -> Array:
    """ln E of each comparison, (…, S, L): the likelihood mixed over harm against the one mixed over drift.

    l(u) = x1·a - (x0+1+x1)/phi·ln((n0 + (1+b)·n1)/(n0+n1)) with a, b as in `_tilted`, which is the Poisson likelihood
    x1·u - (x0+1+x1)·ln((n0 + e^u·n1)/(n0+n1)) at phi = 1; E = 0 unless x1/n1 > (x0+1)/n0. *falling* swaps before and
    after: a fall is a past that was higher than the present. *blur*: one for all, or (…, S, L).
    """
    x1, n1, x0, n0 = swapped(parts) if falling else parts
    worse = (n1 > 0) & (n0 > 0) & (x1 * n0 > (x0 + 1) * n1)
    x1, n1, x0, n0 = (one[worse] for one in (x1, n1, x0, n0))
    phis = np.broadcast_to(blur.phi, worse.shape)[worse]
    level = np.searchsorted(_TAUS, np.broadcast_to(blur.tau, worse.shape)[worse] * (1 - 1e-9))
    found = np.empty(len(x1))
    for one in np.unique(level):
        here = level == one
        found[here] = _ln_mixed(_grid(float(_TAUS[one])), x1[here], n1[here], x0[here], n0[here], phis[here])
    ln_e = np.full(worse.shape, -math.inf)
    ln_e[worse] = found
    return ln_e


def ln_not_worse(parts: Split, ratio: float = 2.0, *, blur: Blur = SHARP) -> Array:
    """ln E that the rate is *not* *ratio* times what it was, averaged over the baselines of the first onset, (…).

    The same likelihood with one event more *after* the change: drift around "no change" against drift around *ratio*.
    """
    x1, n1, x0, n0 = (one[..., 0, :] for one in parts)
    tau = np.broadcast_to(blur.tau, x1.shape)[..., None]
    phi = np.broadcast_to(blur.phi, x1.shape)
    u = np.linspace(_LOWEST, math.log(ratio) + 1.0, 121)
    there = (n1 > 0) & (n0 > 0)
    flat = (one[there] for one in (x1 + 1, n1, x0 - 1, n0, phi))
    likelihood = np.zeros((*x1.shape, len(u)))
    likelihood[there] = _likelihood(u, *flat)
    ln_same, ln_worse = (-0.5 * ((u - centre) / tau) ** 2 for centre in (0.0, math.log(ratio)))
    ln_e = ln_sum(likelihood + ln_same) - ln_sum(ln_same) - ln_sum(likelihood + ln_worse) + ln_sum(ln_worse)
    return ln_sum(np.where(there, ln_e, 0.0)) - math.log(len(BASELINES))


def _ln_mixed(grid: "_Grid", x1: Array, n1: Array, x0: Array, n0: Array, phi: Array) -> Array:
    """ln of the mixed likelihood ratio of as many comparisons, all (N,)."""
    likelihood = _likelihood(grid.u, x1, n1, x0, n0, phi)
    most = highest(x1, n1, x0, n0, phi)
    mixed = np.exp(likelihood - likelihood.max(axis=1, keepdims=True)) @ grid.weights
    ln_drift, ln_harm = np.log(np.maximum(mixed, _LEAST)).T
    return np.asarray(np.minimum(ln_harm - ln_drift, most))


def highest(x1: Array, n1: Array, x0: Array, n0: Array, phi: Array) -> Array:
    """The supremum over u of the Poisson likelihood, divided by phi, (N,): clumps speak no louder.

    Where the past is far shorter than the present, the likelihood of clumps would say more than the past can.
    """
    u = np.log(x1 * n0 / ((x0 + 1) * n1))
    return np.asarray((x1 * u - (x0 + 1 + x1) * np.log((n0 + np.exp(u) * n1) / (n0 + n1))) / phi)


def _likelihood(u: Array, x1: Array, n1: Array, x0: Array, n0: Array, phi: Array) -> Array:
    """The l(u) of `ln_evidence` for N comparisons, (N, U)."""
    kinds, kind = np.unique(phi, return_inverse=True)
    tilt = _tilted(u, kinds)
    spread = np.log1p((n1 / (n0 + n1))[:, None] * tilt.expected[kind])
    return np.asarray(x1[:, None] * tilt.event[kind] - ((x0 + 1 + x1) / phi)[:, None] * spread)


def _tilted(u: Array, phi: Array) -> _Tilt:
    """The exponential tilting under which a process of geometric clumps has e^u times its mean.

    With p = 2/(phi+1) of clumps being single, q = 1-p, and y = e^a the factor per event: e^u = p²·y/(1-q·y)², of which
    the smaller solution counts, and b = phi·p·(y-1)/(1-q·y). Beyond y = 1/q there are no moments: however large the
    ratio, a clump speaks no louder than that. At phi = 1, a = u and b = e^u - 1.
    """
    p = (2 / (phi + 1))[:, None]
    q, ratio = 1 - p, np.exp(u)
    root = np.sqrt(4 * q * ratio + p**2)
    whole = 2 * q * ratio + p**2 + p * root
    # y - 1, written without the differences of almost equal numbers that it has where phi is large.
    more = 4 * p * ratio * np.expm1(u) / (whole * (2 * ratio - p + root))
    return _Tilt(np.log1p(more), phi[:, None] * more * whole / (p + root))


def combine(ln_parts: Array) -> Array:
    """Average (…, S, L) over baselines and, weighted, over onsets: ln E of shape (…)."""
    weighted = ln_parts + np.log(ONSET_WEIGHTS / len(BASELINES))[:, None]
    return ln_sum(weighted.reshape(*weighted.shape[:-2], weighted.shape[-2] * weighted.shape[-1]))


def ln_sum(values: Array) -> Array:
    """ln of the sum of exponentials along the last axis; nothing but minus infinities stays minus infinity."""
    top = values.max(axis=-1, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(values - safe).sum(axis=-1)) + safe[..., 0])


@lru_cache(maxsize=len(_TAUS))
def _grid(tau: float) -> _Grid:
    """The grid contains u = 0 and is fine where drift has weight, lest the weight of "no change" sit beside it.

    A step as wide as the standard deviation of the narrowest weight: sums of normal densities are exact to 1e-8 there.

    Drift: 0.98·N(0, tau²) + 0.02·N(0, (2·tau)²). Harm: the listed ratios, each spread by tau and 0.1.
    """
    u = _points(tau)
    widths = np.gradient(u)
    drift = widths * (0.98 * _normal(u, tau) + 0.02 * _normal(u, 2 * tau))
    each = _normal(u - np.asarray(np.log(_RATIOS), dtype=np.float64)[:, None], math.hypot(tau, 0.1))
    harm = widths * (_RATIO_WEIGHTS[:, None] * each).sum(axis=0)
    return _Grid(u, np.stack([drift / drift.sum(), harm / harm.sum()], axis=1))


def _points(tau: float) -> Array:
    """Steps of tau up to eight tau on both sides of 0, and of `_COARSE` beyond, unless tau is wider."""
    fine = np.arange(-8, 9) * tau
    coarse = max(_COARSE, tau)
    up = np.arange(fine[-1] + coarse, _HIGHEST, coarse)
    down = np.arange(fine[0] - coarse, _LOWEST, -coarse)
    u = np.concatenate([down[::-1], fine, up])
    return np.asarray(u[(u >= _LOWEST) & (u <= _HIGHEST)])


def _normal(u: Array, sd: float) -> Array:
    """The density up to a factor common to all sd."""
    return np.asarray(np.exp(-0.5 * (u / sd) ** 2) / sd)
