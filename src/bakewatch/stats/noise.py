"""How much do a service's counts scatter and drift when nothing happens to it? Learnt from its own history.

Counts of real services are no Poisson counts: errors come in clumps, and rates wander by the hour. Evidence that knows
neither cries wolf. Both estimates are bakewatch's own moment estimates: the variance inflation `phi` from neighbouring
blocks, so that slow drift does not enter it, and the drift scale `tau` from what is left when a span of time is
compared with the time before it.

Shapes: B blocks of history, L baselines, W spans.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BASELINES = np.array([20.0, 240.0])
"""How many minutes before a change are compared with."""
SPANS = np.array([5.0, 15.0, 30.0])
"""The drift scale is told for changes that are so many minutes old; the last one for older ones too."""
BLOCK = 5.0
"""History comes in blocks of so many minutes."""
ENOUGH = 3 * 24 * 60 / BLOCK
"""From so many blocks on the drift scale is believed to be smaller than `TAU`."""
FEWEST = 20
"""From fewer comparisons nothing is learnt: two blocks always differ."""
TAU = 0.1
"""The drift scale (of log ratios) of a service that was studied for less."""
LEAST_TAU, MOST_TAU = 0.02, 1.0
_SPAN = round(240 / BLOCK)
"""The usual rate is the median of so many blocks' rates: an incident seldom lasts that long."""
_LOUD, _FAR = 5.0, 8.0
"""An incident's blocks have so many times the usual events, and lie so many standard deviations above them."""
_HABIT = 3
"""What is seen on so many days is no incident but a habit."""


class Blur(NamedTuple):
    """What blurs a comparison."""

    phi: Array | float
    """The variance of its counts over that of chance alone."""
    tau: Array | float
    """How far the logarithm of a rate drifts by itself between the two sides, a standard deviation."""


class Noise(NamedTuple):
    """The scatter and the drift of one series of counts."""

    phi: float = 1.0
    """The variance of its counts over that of chance alone."""
    taus: tuple[tuple[float, float], ...] = ((TAU, TAU),) * 3
    """The drift scale over each of `SPANS` against each of `BASELINES`, (W, L)."""

    def at(self, age: Array | float) -> Blur:
        """The blur of comparisons with what is *age* minutes old; its `tau` is (…, L)."""
        span = np.minimum(np.searchsorted(SPANS, np.asarray(age) - 1e-9), len(SPANS) - 1)
        return Blur(self.phi, np.array(self.taus)[span])


PLAIN = Noise()
"""The noise of a service that was never studied."""
SHARP = Blur(PLAIN.phi, TAU)
"""What blurs its comparisons."""


def fit(count: Array, exposure: Array) -> Noise:
    """The noise of consecutive blocks of `BLOCK` minutes, both (B,). A missing block has no exposure.

    With less history than `ENOUGH`, no drift scale falls below `TAU`. Incidents are left out.
    """
    calm = ~incidents(count, exposure)
    count, exposure = count * calm, exposure * calm
    there = exposure > 0
    if not count[there].sum():
        return PLAIN
    phi = _phi(count, exposure)
    floor = LEAST_TAU if there.sum() >= ENOUGH else TAU
    rows: list[tuple[float, float]] = []
    least = (floor, floor)
    for span in SPANS:
        short, long = (
            min(MOST_TAU, max(low, _tau(count, exposure, round(span / BLOCK), round(base / BLOCK), phi)))
            for low, base in zip(least, BASELINES, strict=True)
        )
        least = (short, long)
        rows.append(least)
    return Noise(phi, tuple(rows))


def incidents(count: Array, exposure: Array) -> NDArray[np.bool_]:
    """The blocks of *count* events that belong to no ordinary time, (B,): far more than usual, on one day or two.

    Events scatter in clumps, so the standard deviation is one of what is left when the largest hundredth is not
    counted. A service with less than a day of history has no incidents that could be told from it.
    """
    ends = range(_SPAN, len(count) + 1, _SPAN)
    spans = [(count[end - _SPAN : end].sum(), exposure[end - _SPAN : end].sum()) for end in ends]
    rates = [events / exposed for events, exposed in spans if exposed > 0]
    if len(rates) < 24 * 60 / BLOCK / _SPAN:
        return np.zeros(len(count), dtype=bool)
    usual = float(np.median(rates)) * exposure
    there = usual > 0
    if not there.any():
        return there
    squares = (count[there] - usual[there]) ** 2 / usual[there]
    scatter = max(1.0, float(squares[squares <= np.quantile(squares, 0.99)].mean()))
    loud = there & (count > _LOUD * usual) & (count - usual > _FAR * np.sqrt(scatter * usual))
    days = np.unique(np.flatnonzero(loud) // round(24 * 60 / BLOCK))
    return loud & (len(days) < _HABIT)


def _phi(count: Array, exposure: Array) -> float:
    """max(1, Σ (x_b - r·x_{b+1})²/(1+r) / Σ n_b·p) over neighbouring blocks, r = n_b/n_{b+1}, p the common rate."""
    there = (exposure[:-1] > 0) & (exposure[1:] > 0)
    if there.sum() < FEWEST:
        return 1.0
    x, y = count[:-1][there], count[1:][there]
    n = exposure[:-1][there]
    r = n / exposure[1:][there]
    rate = count.sum() / exposure[exposure > 0].sum()
    return max(1.0, float(((x - r * y) ** 2 / (1 + r)).sum() / (n * rate).sum()))


def _tau(count: Array, exposure: Array, span: int, base: int, phi: float) -> float:
    """tau² = [Σ v(z²-phi) - sqrt(Σ v²(2phi²+phi/v))]/Σ v² over windows of *span* blocks against the *base* before.

    v = n·θ(1-θ) with n the events of both and θ the window's share of exposure, z² = (x1-θn)²/v, capped. `TAU` from
    fewer than `FEWEST` windows: nothing is learnt.
    """
    x, n = (np.concatenate([[0.0], np.cumsum(one)]) for one in (count, exposure))
    starts = np.arange(base, len(count) - span + 1, span)
    x1, n1 = x[starts + span] - x[starts], n[starts + span] - n[starts]
    x0, n0 = x[starts] - x[starts - base], n[starts] - n[starts - base]
    there = (n1 > 0) & (n0 > 0) & (x0 + x1 > 0)
    x1, n1, x0, n0 = (one[there] for one in (x1, n1, x0, n0))
    share = n1 / (n0 + n1)
    v = (x0 + x1) * share * (1 - share)
    if len(v) < FEWEST:
        return TAU
    z2 = np.minimum((x1 - share * (x0 + x1)) ** 2 / v, 25 * phi + 4 * v)
    surplus = (v * (z2 - phi)).sum() - math.sqrt((v**2 * (2 * phi**2 + phi / v)).sum())
    return math.sqrt(max(0.0, float(surplus / (v**2).sum())))
