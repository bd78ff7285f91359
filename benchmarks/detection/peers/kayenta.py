"""Kayenta's NetflixACAJudge-v1.0 with one metric, whose increase is bad and critical.

It compares one value per minute of the watch so far with as many minutes just before the watch. A value without
exposure is NaN and dropped (nanStrategy none), outliers are kept. The interval of the shift between the two samples is
that of the Mann-Whitney test (normal approximation, ties and continuity corrected): its ends are the roots at
q = ±Φ⁻¹((1 + confidence)/2) of

    f(μ) = (W - mn/2 - 0.5·sign(W - mn/2))/σ - q,     σ² = mn/12·(m + n + 1 - Σ(t³ - t)/((m + n)(m + n - 1)))

where W is the number of differences x - y above μ. W steps at the differences only, so that the roots are found by
counting in the sorted differences; the root at q = 0 is their median (Hodges and Lehmann). The
tolerance of the numerical solver that Kayenta finds its roots with is not imitated.

High is: the lower end above a quarter of the absolute estimate, and the ratio of the means at least the allowed
increase. With a single metric that is a score of 0, and anything else one of 100, so that the pass marks do not matter.
Equal samples pass by the same rule. Without any value the only metric is Nodata, which scores 0 too.
"""

from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.peers.minutes import Array, Minutes, first, rates
from benchmarks.detection.streams import WATCH


@dataclass(frozen=True)
class Kayenta:
    """A canary analysis: how often it judges, in minutes, and what it calls High."""

    every: int = 5
    allowed_increase: float = 1.0
    confidence: float = 0.98
    tolerance: float = 0.25


DOCUMENTED = Kayenta()
ONCE = Kayenta(every=WATCH)
"""One judgement, at the end of the watch."""


def tunings() -> tuple[Kayenta, ...]:
    """Settings to choose from in hindsight. (The confidence is fixed in Kayenta: choosing it is a favour.)"""
    chosen = product((5, 10, WATCH), (1.0, 1.25, 1.5, 2.0), (0.98, 0.99, 0.998, 0.9998))
    return tuple(Kayenta(*one) for one in chosen)


def first_alarm(seen: Minutes, setting: Kayenta = DOCUMENTED) -> Array:
    """Minutes until the first judgement that fails, (W,); infinity where none does."""
    before = rates(seen.events_before, seen.exposure_before)
    during = rates(seen.events, seen.exposure)
    ends = np.arange(setting.every, WATCH + 1, setting.every)
    failed = [fails(during[:, :end], before[:, -end:], setting) for end in ends]
    return first(np.stack(failed, axis=1), ends.astype(float))


def fails(experiment: Array, control: Array, setting: Kayenta = DOCUMENTED) -> NDArray[np.bool_]:
    """Whether each row's *experiment* (W, m) is judged High, or has no data, against its *control* (W, n): (W,)."""
    lower, estimate, _ = shift(experiment, control, setting.confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _mean(experiment) / _mean(control)
    high = (lower > setting.tolerance * np.abs(estimate)) & (ratio >= setting.allowed_increase)
    return np.asarray(high | np.isnan(estimate))


def shift(experiment: Array, control: Array, confidence: float) -> tuple[Array, Array, Array]:
    """How far *experiment* (W, m) lies above *control* (W, n): lower end, estimate and upper end, (W,) each.

    NaN are left out; without any value in one of the two all three are NaN.
    """
    differences = np.sort((experiment[:, :, None] - control[:, None, :]).reshape(len(experiment), -1), axis=1)
    pairs = np.count_nonzero(~np.isnan(differences), axis=1)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * _deviation(experiment, control, pairs)
    above = np.floor(pairs / 2 + 0.5 + reach).astype(int) + 1

    def ranked(rank: NDArray[np.int64]) -> Array:
        inside = np.clip(rank, 0, np.maximum(pairs - 1, 0))
        return np.asarray(np.take_along_axis(differences, inside[:, None], axis=1)[:, 0])

    estimate = (ranked((pairs - 1) // 2) + ranked(pairs // 2)) / 2
    return ranked(pairs - above), estimate, ranked(above - 1)


def _deviation(experiment: Array, control: Array, pairs: NDArray[np.int64]) -> Array:
    """σ of W where no difference equals μ: only ties within a sample count."""
    total = np.count_nonzero(~np.isnan(experiment), axis=1) + np.count_nonzero(~np.isnan(control), axis=1)
    tied = (_tied(experiment) + _tied(control)) / np.maximum(total * (total - 1), 1)
    return np.asarray(np.sqrt(pairs / 12 * (total + 1 - tied)))


def _tied(sample: Array) -> Array:
    """Σ(t³ - t) over each row's groups of t equal values: every value of a group adds t² - 1."""
    equal = np.count_nonzero(sample[:, :, None] == sample[:, None, :], axis=2)
    return np.asarray(np.where(equal > 0, equal**2 - 1, 0).sum(axis=1), dtype=np.float64)


def _mean(sample: Array) -> Array:
    present = ~np.isnan(sample)
    return np.asarray(np.where(present, sample, 0.0).sum(axis=1) / present.sum(axis=1))
