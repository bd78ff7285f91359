"""bakewatch's own detector on many watches at once: the evidence of `stats.mixture` at every look, and when it alarms.

Shapes: W watches, L baselines, S onsets; the watch in B buckets of `BUCKET` seconds.
"""

import math
from typing import NamedTuple

import numpy as np

from bakewatch.stats import mixture
from bakewatch.stats.mixture import ONSETS, Split
from bakewatch.stats.noise import BASELINES, BLOCK, Array, Blur, Noise
from benchmarks.detection.streams import BUCKET, WATCH

FEWEST_EVENTS = 3
_MINUTE = 60 // BUCKET


class Series(NamedTuple):
    """Counts and exposures before each watch in 5-minute blocks, (W, 48), and during it, (W, B)."""

    count_before: Array
    exposure_before: Array
    count: Array
    exposure: Array


def alarms(series: Series, noise: Noise, threshold: float, *, every: int = 1) -> Array:
    """The minute of the first alarm of each watch, looking each *every* buckets; infinite without one, (W,)."""
    found = np.full(len(series.count), math.inf)
    base = _before(series)
    x, n = (np.pad(np.cumsum(one, axis=1), ((0, 0), (1, 0))) for one in (series.count, series.exposure))
    for look in range(every, series.count.shape[1] + 1, every):
        now = look / _MINUTE
        quiet = np.flatnonzero(np.isinf(found) & (x[:, look] >= FEWEST_EVENTS))
        if len(quiet):
            parts, blur = _split(base, x, n, quiet, look), noise.at(now - ONSETS * WATCH)
            likely = _bound(parts, blur) >= threshold
            heavy = mixture.combine(mixture.ln_evidence(Split(*(one[likely] for one in parts)), blur=blur)) >= threshold
            found[quiet[likely][heavy]] = now
    return found


def _before(series: Series) -> Split:
    """What lies before the watch in each baseline of each onset, (W, S, L); what lies after its start is left out."""
    start = (ONSETS * WATCH)[:, None] - BASELINES
    at = np.arange(-series.count_before.shape[1], 0) * BLOCK
    inside = (at >= start[..., None]).astype(float)
    x, n = (np.einsum("wb,slb->wsl", one, inside) for one in (series.count_before, series.exposure_before))
    return Split(x, n, x, n)


def _split(base: Split, x: Array, n: Array, chosen: np.ndarray, look: int) -> Split:
    """As `mixture.split` of the *chosen* watches at a *look*, from the sums *x* and *n* up to each bucket."""
    onset = np.minimum(np.ceil(ONSETS * WATCH * _MINUTE - 1e-9).astype(int), look)
    since = np.ceil(((ONSETS * WATCH)[:, None] - BASELINES) * _MINUTE - 1e-9).astype(int).clip(0)
    since = np.minimum(since, onset[:, None])
    after, before = [], []
    for sums, past in ((x[chosen], base.x0[chosen]), (n[chosen], base.n0[chosen])):
        later = sums[:, look, None] - sums[:, onset]
        after.append(np.broadcast_to(later[..., None], past.shape))
        before.append(past + sums[:, onset][..., None] - sums[:, since])
    return Split(after[0], after[1], before[0], before[1])


def _bound(parts: Split, blur: Blur) -> Array:
    """No less than the evidence: the likelihood at its highest against the weight of no change at all, (W,)."""
    x1, n1, x0, n0 = parts
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.log(x1 * n0 / ((x0 + 1) * n1))
        likelihood = (x1 * u - (x0 + 1 + x1) * np.log((n0 + np.exp(u) * n1) / (n0 + n1))) / blur.phi
    ln_e = np.where((u > 0) & (n1 > 0) & (n0 > 0), likelihood + 2.0, -math.inf)
    return mixture.combine(ln_e)
