"""Does one action cause more requests than before? A bet against "no more than before" that may be read at any moment.

Actions are counted one by one, so that one person's many retries are one large action and not many events: a ratio of
Poisson rates takes such clumps for evidence. The wealth of a gambler who stakes a share c on "more than the baseline's
mean" is Π(1 + c·(y/m0 - 1)); under the null it grows beyond 1/alpha with a chance of at most alpha, however often one
looks (Waudby-Smith and Ramdas 2024, JRSS B 86:1). Several shares are played at once and averaged.
"""

import math
from typing import NamedTuple

import numpy as np

from bakewatch.stats.mixture import ONSET_WEIGHTS, ONSETS, ln_sum
from bakewatch.stats.noise import Array

STAKES = np.array([0.05, 0.1, 0.2, 0.4, 0.6, 0.9])
CONFIDENCE = 1.96
"""So many standard errors above the baseline's mean the null reaches, since that mean is only estimated."""
_Z = 1.645


class Baseline(NamedTuple):
    """The sizes of the actions before: their number, mean and standard deviation, and the share of each size."""

    actions: float
    mean: float
    deviation: float
    shares: Array

    @property
    def bound(self) -> float:
        """m0: the largest mean that the baseline still allows."""
        return self.mean + CONFIDENCE * self.deviation / math.sqrt(self.actions)


def baseline(spread: Array) -> Baseline | None:
    """From how many actions had 1, 2, … events, (K,). None without actions."""
    actions = float(spread.sum())
    if actions <= 0:
        return None
    sizes = np.arange(1, len(spread) + 1)
    mean = float((spread * sizes).sum() / actions)
    deviation = math.sqrt(float((spread * (sizes - mean) ** 2).sum() / actions))
    return Baseline(actions, mean, deviation, np.asarray(spread / actions))


def weigh(at: Array, spreads: Array, before: Baseline, *, length: float) -> tuple[float, float]:
    """(ln E, minute of the onset that carries it), averaged over stakes and over when the change may have begun.

    *at*: the starts of the B buckets in minutes after the watch began; *spreads*: (B, K) actions by size; *length*: the
    planned length of the watch in minutes.
    """
    onsets = ONSETS * length
    after = (at[None, :] >= onsets[:, None]).astype(float)
    counted = after @ spreads
    ln_parts = ln_sum(counted @ _gains(spreads.shape[1], before)) - math.log(len(STAKES))
    carried = np.log(ONSET_WEIGHTS) + ln_parts
    return float(ln_sum(carried)), float(onsets[int(np.argmax(carried))])


def smallest_growth(actions: float, before: Baseline, threshold: float) -> float | None:
    """The smallest mean size that so many *actions* find with 95 %; None when none up to the cap does.

    As if the change had begun with the watch, and the requests that came with it fell on actions by chance: what the
    wealth gains on average, less what chance may take from it.
    """
    if actions <= 0:
        return None
    gains = _gains(len(before.shares), before)
    for ratio in np.geomspace(1.0, 16.0, 120):
        shares = _grown(before, float(ratio))
        mean = shares @ gains
        spare = _Z * np.sqrt(actions * np.maximum(shares @ gains**2 - mean**2, 0.0))
        wealth = float(ln_sum(actions * mean - spare)) - math.log(len(STAKES)) + math.log(ONSET_WEIGHTS[0])
        if wealth >= threshold:
            return float(ratio) * before.mean
    return None


def _grown(before: Baseline, ratio: float) -> Array:
    """The share of each size when every action has a Poisson number more, (ratio - 1)·mean on average."""
    sizes = len(before.shares)
    more = (ratio - 1) * before.mean
    extra = np.array([math.exp(-more) * more**k / math.factorial(k) for k in range(sizes)])
    shares = np.convolve(before.shares, extra)[:sizes]
    shares[-1] += 1 - shares.sum()
    return np.asarray(shares)


def _gains(sizes: int, before: Baseline) -> Array:
    """What one action of each size adds to the logarithm of the wealth, by stake: (K, C)."""
    y = np.arange(1, sizes + 1)[:, None] / before.bound - 1
    return np.asarray(np.log1p(STAKES[None, :] * y))
