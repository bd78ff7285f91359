"""When does it alarm? The evidence of `mixture` at every look of many watches at once.

Most watches never come near an alarm, so each look first takes a bound of the evidence that costs little, and weighs
only those that could alarm.

Shapes: W watches, S onsets, L baselines; a watch in B buckets, the time before it in P blocks of `noise.BLOCK` minutes.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bakewatch.stats import mixture
from bakewatch.stats.effect import FEWEST_EVENTS, Effect
from bakewatch.stats.mixture import ONSET_WEIGHTS, ONSETS, Split
from bakewatch.stats.noise import BASELINES, BLOCK, Array, Blur, Noise

Known = Callable[[int], tuple[Array, Array]]
"""What is known at a look that ends so many buckets: running sums of counts and of exposures, (W, 1 + B) each."""


class Past(NamedTuple):
    """Events and exposures before each watch, (W, P) each; the last block ends where the watch begins."""

    events: Array
    exposure: Array


def alarms(
    past: Past,
    count: Array,
    exposure: Array,
    noise: Noise | Sequence[Noise],
    threshold: float,
    *,
    length: float = 30.0,
    bucket: float = 60.0,
    every: int = 1,
    warm_up: int = 0,
    effect: Effect | None = None,
) -> Array:
    """The minute of the first alarm of each watch, looking each *every* buckets; infinite without one, (W,).

    *count* and *exposure*: (W, B), in buckets of *bucket* seconds; the first *warm_up* buckets are not judged, and the
    comparison begins after them. *noise*: one for all watches, or one for each. *length*: the planned length of the
    watch in minutes. *effect*: the least that alarms, and which way; without it any rise does.
    """
    sums = running(count[:, warm_up:]), running(exposure[:, warm_up:])
    looks = range(every, count.shape[1] - warm_up + 1, every)
    found = alarms_as_known(
        past, lambda look: sums, looks, noise, threshold, length=length, bucket=bucket, effect=effect
    )
    return found + warm_up * bucket / 60


def alarms_as_known(
    past: Past,
    known: Known,
    looks: range,
    noise: Noise | Sequence[Noise],
    threshold: float,
    *,
    length: float = 30.0,
    bucket: float = 60.0,
    effect: Effect | None = None,
) -> Array:
    """As `alarms`, where each of the *looks* has its own knowledge of what happened before it."""
    found = np.full(len(past.events), math.inf)
    base, minute = _before(past, length), 60 / bucket
    blurs = _Blurs.of([noise] if isinstance(noise, Noise) else noise, np.array(looks) / minute, length)
    fewest = 0 if effect is not None and effect.falling else FEWEST_EVENTS
    for place, look in enumerate(looks):
        x, n = known(look)
        open_ = np.flatnonzero(np.isinf(found) & (x[:, look] >= fewest))
        if len(open_):
            parts = _split(base, x[open_], n[open_], open_, look, length, minute)
            found[open_[_alarming(parts, blurs.at(place, open_), threshold, effect)]] = look / minute
    return found


def running(values: Array) -> Array:
    """Running sums along the last axis that begin with 0, (W, B) to (W, 1 + B)."""
    return np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))


def bound(parts: Split, blur: Blur) -> Array:
    """No less than ln E, (W,): what no evidence of a comparison exceeds."""
    x1, n1, x0, n0 = parts
    worse = (n1 > 0) & (n0 > 0) & (x1 * n0 > (x0 + 1) * n1)
    with np.errstate(divide="ignore", invalid="ignore"):
        most = mixture.highest(x1, n1, x0, n0, np.asarray(blur.phi))
    return mixture.combine(np.where(worse, most, -math.inf))


class _Blurs(NamedTuple):
    """What blurs every look of every watch: `phi` (W, 1, 1), `tau` (looks, W, S, L); W is 1 where one is for all."""

    phi: Array
    tau: Array

    @classmethod
    def of(cls, noises: Sequence[Noise], minutes: Array, length: float) -> "_Blurs":
        ages = minutes[:, None] - ONSETS * length
        phi = np.array([one.phi for one in noises])[:, None, None]
        return cls(phi, np.stack([np.asarray(one.at(ages).tau) for one in noises], axis=1))

    def at(self, place: int, chosen: NDArray[np.int64]) -> Blur:
        """That of the *chosen* watches at one look."""
        return _some(Blur(self.phi, self.tau[place]), chosen)


def _some(blur: Blur, chosen: NDArray[np.int64]) -> Blur:
    phi, tau = np.asarray(blur.phi), np.asarray(blur.tau)
    return blur if len(phi) == 1 else Blur(phi[chosen], tau[chosen])


def _alarming(parts: Split, blur: Blur, threshold: float, effect: Effect | None) -> NDArray[np.bool_]:
    """Which watches alarm at a look, (W,): they weigh enough, and their leading comparison has the least effect."""
    sides = mixture.swapped(parts) if effect is not None and effect.falling else parts
    alarming = bound(sides, blur) >= threshold
    large = np.ones(parts.x1.shape, dtype=bool) if effect is None else effect.reached(*parts)
    alarming &= large.any(axis=(1, 2))
    likely = np.flatnonzero(alarming)
    if len(likely):
        ln_parts = mixture.ln_evidence(Split(*(one[likely] for one in sides)), blur=_some(blur, likely))
        carried = (np.log(ONSET_WEIGHTS)[:, None] + ln_parts).reshape(len(likely), -1)
        leading = large[likely].reshape(len(likely), -1)[np.arange(len(likely)), carried.argmax(axis=1)]
        alarming[likely] = leading & (mixture.combine(ln_parts) >= threshold)
    return alarming


def _before(past: Past, length: float) -> Split:
    """What lies before the watch in each baseline of each onset, (W, S, L); what lies after its start is left out."""
    start = (ONSETS * length)[:, None] - BASELINES
    at = np.arange(-past.events.shape[1], 0) * BLOCK
    inside = (at >= start[..., None]).astype(float)
    x, n = (np.einsum("wb,slb->wsl", one, inside) for one in past)
    return Split(x, n, x, n)


def _split(
    base: Split, x: Array, n: Array, chosen: NDArray[np.int64], look: int, length: float, minute: float
) -> Split:
    """As `mixture.split` of the *chosen* watches at a *look*, from their running sums *x* and *n*.

    *minute*: buckets per minute.
    """
    onsets = ONSETS * length
    onset = np.minimum(np.ceil(onsets * minute - 1e-9).astype(int), look)
    since = np.ceil((onsets[:, None] - BASELINES) * minute - 1e-9).astype(int).clip(0)
    since = np.minimum(since, onset[:, None])
    after, before = [], []
    for sums, past in ((x, base.x0[chosen]), (n, base.n0[chosen])):
        later = sums[:, look, None] - sums[:, onset]
        after.append(np.broadcast_to(later[..., None], past.shape))
        before.append(past + sums[:, onset][..., None] - sums[:, since])
    return Split(after[0], after[1], before[0], before[1])
