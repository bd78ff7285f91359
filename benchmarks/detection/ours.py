"""bakewatch's own detector on many watches at once: the evidence of `stats.mixture` at every look, and when it alarms.

Shapes: W watches, S onsets, L baselines; the watch in B buckets, the 4 hours before it in 48 blocks of 5 minutes.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bakewatch.judge.compare import FEWEST_EVENTS
from bakewatch.stats import mixture
from bakewatch.stats.mixture import ONSETS, Split
from bakewatch.stats.noise import BASELINES, BLOCK, Array, Blur, Noise
from benchmarks.detection.streams import BUCKET, WATCH, Watches

SINGLE = 4.0
"""The ln E at which the only check of a release alarms."""
TEN = math.log(10 / 0.01)
"""The ln E at which each of ten checks alarms: 1 % of false alarms is shared among them."""
_LN_UNCHANGED = -2.0
"""No more than the logarithm of the weight that "no change at all" has in any grid of `stats.mixture`."""

Known = Callable[[int], tuple[Array, Array]]
"""What is known at a look that ends so many buckets: running sums of counts and of exposures, (W, 1 + buckets) each."""


class Past(NamedTuple):
    """Events and exposures before each watch, (W, 48) each."""

    events: Array
    exposure: Array


def past_of(watches: Watches) -> Past:
    """Errors and requests before each watch."""
    return Past(watches.errors_before.astype(float), watches.requests_before.astype(float))


def alarms(
    past: Past, count: Array, exposure: Array, noise: Noise, threshold: float, *, every: int = 1, bucket: float = BUCKET
) -> Array:
    """The minute of the first alarm of each watch, looking each *every* buckets; infinite without one, (W,).

    *count* and *exposure*: (W, B), in buckets of *bucket* seconds.
    """
    sums = running(count), running(exposure)
    looks = range(every, count.shape[1] + 1, every)
    return alarms_as_known(past, lambda look: sums, looks, noise, threshold, bucket=bucket)


def alarms_as_known(
    past: Past, known: Known, looks: range, noise: Noise, threshold: float, *, bucket: float = BUCKET
) -> Array:
    """As `alarms`, where each of the *looks* has its own knowledge of what happened before it."""
    found = np.full(len(past.events), math.inf)
    base, minute = _before(past), 60 / bucket
    for look in looks:
        x, n = known(look)
        open_ = np.flatnonzero(np.isinf(found) & (x[:, look] >= FEWEST_EVENTS))
        if len(open_):
            blur = noise.at(look / minute - ONSETS * WATCH)
            parts = _split(base, x[open_], n[open_], open_, look, minute)
            likely = bound(parts, blur) >= threshold
            heavy = mixture.combine(mixture.ln_evidence(Split(*(one[likely] for one in parts)), blur=blur)) >= threshold
            found[open_[likely][heavy]] = look / minute
    return found


def running(values: Array) -> Array:
    """Running sums along the last axis that begin with 0, (W, B) to (W, 1 + B)."""
    return np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))


def bound(parts: Split, blur: Blur) -> Array:
    """No less than ln E, (W,): the likelihood at its highest over that of no change at all, which is 1."""
    x1, n1, x0, n0 = parts
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.log(x1 * n0 / ((x0 + 1) * n1))
        likelihood = (x1 * u - (x0 + 1 + x1) * np.log((n0 + np.exp(u) * n1) / (n0 + n1))) / blur.phi
    return mixture.combine(np.where((u > 0) & (n1 > 0) & (n0 > 0), likelihood - _LN_UNCHANGED, -math.inf))


def _before(past: Past) -> Split:
    """What lies before the watch in each baseline of each onset, (W, S, L); what lies after its start is left out."""
    start = (ONSETS * WATCH)[:, None] - BASELINES
    at = np.arange(-past.events.shape[1], 0) * BLOCK
    inside = (at >= start[..., None]).astype(float)
    x, n = (np.einsum("wb,slb->wsl", one, inside) for one in past)
    return Split(x, n, x, n)


def _split(base: Split, x: Array, n: Array, chosen: NDArray[np.int64], look: int, minute: float) -> Split:
    """As `mixture.split` of the *chosen* watches at a *look*, from their running sums *x* and *n*.

    *minute*: buckets per minute.
    """
    onset = np.minimum(np.ceil(ONSETS * WATCH * minute - 1e-9).astype(int), look)
    since = np.ceil(((ONSETS * WATCH)[:, None] - BASELINES) * minute - 1e-9).astype(int).clip(0)
    since = np.minimum(since, onset[:, None])
    after, before = [], []
    for sums, past in ((x, base.x0[chosen]), (n, base.n0[chosen])):
        later = sums[:, look, None] - sums[:, onset]
        after.append(np.broadcast_to(later[..., None], past.shape))
        before.append(past + sums[:, onset][..., None] - sums[:, since])
    return Split(after[0], after[1], before[0], before[1])
