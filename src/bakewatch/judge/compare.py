"""Comparative rules: is the rate clearly worse than before the deploy?"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bakewatch.judge.measure import COMPARED, Measure, history
from bakewatch.judge.precedents import beside
from bakewatch.judge.series import Cell, Series, tally
from bakewatch.judge.sight import Minutes, Sight, View, provable, streams_of
from bakewatch.model.habit import Trust
from bakewatch.model.observation import from_ms
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.model.verdict import Evidence, Reason
from bakewatch.stats import mixture, power
from bakewatch.stats.effect import FEWEST_EVENTS, Effect
from bakewatch.stats.intervals import ratio_interval
from bakewatch.stats.noise import BLOCK, Blur, Noise

_SURE = math.log(20)
"""The ln E at which "not worse" is said; not before `BLOCK` minutes, for scatter is learnt from such blocks."""
LOWEST_LN_E = -99.0
"""What is written for an e-value of zero."""


def is_compared(sight: Sight, check: Check) -> bool:
    """Are counts of *check* compared? Of rule `novelty` the number of new signatures, where only that counts."""
    new = check.rule is Rule.NOVELTY and sight.watch.novelty(check).trust is Trust.COUNTS
    return new or check.rule in COMPARED


@dataclass(frozen=True)
class Sides:
    """One check's present beside its past."""

    check: Check
    measure: Measure
    view: View
    past: Series
    present: Series
    parts: mixture.Split
    noise: Noise
    now: float
    """So many minutes of the watch are known."""

    @property
    def falling(self) -> bool:
        """Is it a fall that harms?"""
        return self.check.rule is Rule.FLOOR


@dataclass(frozen=True)
class _Comparison(Sides):
    """What the two sides weigh."""

    threshold: float
    weight: mixture.Weight

    @cached_property
    def base_exposure(self) -> float:
        return sum(map(self.measure.exposure, self.past))

    @cached_property
    def exposure(self) -> float:
        return sum(map(self.measure.exposure, self.present))

    @property
    def could_see(self) -> float | None:
        """The smallest harm that would have been found."""
        return could_see(self, self.threshold, self.exposure, self.now)

    @property
    def heavy(self) -> bool:
        """Do the numbers weigh enough?"""
        return self.base_exposure > 0 and self.weight.ln_e >= self.threshold

    @property
    def not_worse(self) -> float | None:
        """So many times the rate of before is ruled out so far, or of a floor such a part of it; None: it is not."""
        ratio = self.check.minimum_ratio
        if self.now < BLOCK or ratio <= 1 or self.heavy:
            return None
        parts = mixture.swapped(self.parts) if self.falling else self.parts
        return ratio if mixture.ln_not_worse(parts, ratio, blur=self.noise.at(self.now)) >= _SURE else None

    def since(self, sight: Sight) -> int:
        """Where the leading comparison begins, in milliseconds."""
        return judged_from(sight) + round(self.weight.onset * sight.minute)

    @property
    def large(self) -> bool:
        """Is the leading comparison's effect at least the least that the plan wants acted upon?"""
        one = self.weight
        return bool(effect_of(self.check).reached(one.x1, one.n1, one.x0, one.n0))


def effect_of(check: Check) -> Effect:
    """The least that the plan wants acted upon."""
    return Effect(check.minimum_ratio, check.minimum_extra, check.rule is Rule.FLOOR)


def compare(sight: Sight) -> dict[str, Evidence]:
    """The evidence of every check that compares counts, by its name; all are weighed in one batch."""
    sides = [sides_of(sight, check) for check in sight.plan.checks if is_compared(sight, check)]
    if not sides:
        return {}
    length, threshold = float(sight.planned), eased_threshold_of(sight.plan)
    blurs = [one.noise.at(one.now - mixture.ONSETS * length) for one in sides]
    phi = np.array([one.noise.phi for one in sides])[:, None, None]
    blur = Blur(phi, np.stack([np.asarray(one.tau) for one in blurs]))
    parts = mixture.Split(*(np.stack(some) for some in zip(*(one.parts for one in sides), strict=True)))
    weights = mixture.weigh(parts, blur, np.array([one.falling for one in sides]), length=length)
    compared = [
        _Comparison(**vars(one), threshold=threshold, weight=weight) for one, weight in zip(sides, weights, strict=True)
    ]
    return {one.check.name: _evidence(sight, one) for one in compared}


def _evidence(sight: Sight, compared: _Comparison) -> Evidence:
    """What could have been seen, the decision and its reasons."""
    check, view = compared.check, compared.view
    now, then = tally(compared.present), tally(compared.past)
    exposure, base_exposure = compared.exposure, compared.base_exposure
    base_rate = then.count / base_exposure if base_exposure else 0.0
    seen, target = compared.could_see, compared.measure.target(base_rate)
    ratio, low, high = _ratio(now.count, exposure, then.count, base_exposure)
    return Evidence(
        check=check.name,
        fired=compared.heavy and compared.large and not view.unanswered,
        seen=view.share,
        blind_minutes=len(view.blind),
        count=now.count,
        own=now.own,
        exposure=exposure,
        base_count=then.count,
        base_exposure=base_exposure,
        ratio=ratio,
        low=low,
        high=high,
        ln_e=max(compared.weight.ln_e, LOWEST_LN_E) if base_exposure else None,
        threshold=compared.threshold,
        buckets_hit=len(now.hits),
        first_at=from_ms(now.hits[0].start) if now.hits else None,
        last_at=from_ms(now.hits[-1].start) if now.hits else None,
        could_see=seen,
        target=target,
        beside=beside(sight, check, compared.present, compared.since(sight), effect_of(check)),
        not_worse=compared.not_worse,
        reasons=view.obstacles + _reasons(compared, seen is not None and seen <= target),
    )


def sides_of(sight: Sight, check: Check) -> Sides:
    """Put past and present on one axis of minutes: the past ends where the judged present begins.

    The transition and the warm-up lie between them and belong to neither.
    """
    view = sight.view(check)
    measure, noise = Measure.of(sight, check), sight.watch.habit(check).noise
    past, present = history(sight, check), judged(sight, check, view, falling=check.rule is Rule.FLOOR)
    edge = past[-1].end if past else 0
    at = [(cell.bucket.at - edge) / sight.minute for cell in past]
    at += [(cell.bucket.at - judged_from(sight)) / sight.minute for cell in present]
    cells = past + present
    counts = np.array([cell.bucket.count for cell in cells], dtype=np.float64)
    exposures = np.array([measure.exposure(cell) for cell in cells], dtype=np.float64)
    parts = mixture.split(np.array(at, dtype=np.float64), counts, exposures, length=float(sight.planned))
    now = (present[-1].end - judged_from(sight)) / sight.minute if present else 0.0
    return Sides(check, measure, view, past, present, parts, noise, now)


def judged(sight: Sight, check: Check, view: View, *, falling: bool) -> Series:
    """The cells that may be compared: after the warm-up, complete, and in minutes that count."""
    first, last = judged_from(sight), sight.now - view.settle
    minutes = _usable(sight, check, falling, view)

    def counts(cell: Cell) -> bool:
        return cell.bucket.at >= first and cell.end <= last and sight.minute_of(cell.bucket.at) in minutes

    return tuple(filter(counts, sight.series.get(check.name, ())))


def judged_from(sight: Sight) -> int:
    """Where the comparison begins, in milliseconds."""
    return sight.started + sight.span(sight.plan.bake.warm_up)


def _usable(sight: Sight, check: Check, falling: bool, view: View) -> Minutes:
    """The minutes that count. Events in an unproven stream are events: they may show a rise, never a fall."""
    if falling or provable(sight.plan, check.stream):
        return view.complete
    return view.covered.intersection(*(sight.complete[other] for other in streams_of(check)[1:]))


def eased_threshold_of(plan: Plan) -> float:
    """The ln E at which a comparison of counts fires."""
    return threshold_of(plan) - mixture.EASE


def threshold_of(plan: Plan) -> float:
    """ln(k/alpha): the chance of a false alarm is shared among the k comparative checks."""
    comparative = sum(check.rule is not Rule.ZERO for check in plan.checks)
    return math.log(comparative / plan.bake.false_alarm_rate)


def could_see(one: Sides, threshold: float, exposure: float, minutes: float) -> float | None:
    """The smallest share, rate per minute or share lost that is found with 95 %; None when nothing would be.

    *exposure*: how much there is after the deploy, in so many *minutes*.
    """
    x0, n0 = one.parts.x0[0], one.parts.n0[0]
    if exposure <= 0 or n0[-1] <= 0:
        return None
    check, blur = one.check, one.noise.at(minutes)
    expected = float(x0[-1] / n0[-1]) * exposure
    if one.falling:
        return _least_loss(check, expected, power.smallest_fall(exposure, x0, n0, threshold, blur))
    least = power.smallest_rise(exposure, x0, n0, threshold, blur)
    if least is None:
        return None
    events = power.mean_that_reaches(max(FEWEST_EVENTS, expected + check.minimum_extra))
    found = max(least, events / exposure, check.minimum_ratio * expected / exposure) * one.measure.unit
    return None if one.measure.share and check.rule is not Rule.VOLUME and found > 1 else found


def _least_loss(check: Check, expected: float, least: float | None) -> float | None:
    """A loss must weigh enough, and be at least the plan's minimum effect."""
    left = expected - check.minimum_extra
    if least is None or left < 0:
        return None
    return max(least, 1 - 1 / check.minimum_ratio, 1 - power.mean_that_stays_under(left) / expected)


def _ratio(
    count: int, exposure: float, base_count: int, base_exposure: float
) -> tuple[float | None, float | None, float | None]:
    """The ratio of the rates and its 99 % interval; None where there is none, or where it is infinite."""
    if exposure <= 0 or base_exposure <= 0:
        return None, None, None
    low, high = ratio_interval(count, exposure, base_count, base_exposure)
    ratio = (count / exposure) / (base_count / base_exposure) if base_count else None
    return ratio, low, high if math.isfinite(high) else None


def about_no_baseline(check: Check) -> Reason:
    """There is nothing to compare *check* with."""
    return Reason(code="no_baseline", about=f"check:{check.name}")


def _reasons(compared: _Comparison, sharp: bool) -> tuple[Reason, ...]:
    """Why it did not fire or could not have; and, when it fired late, since when."""
    about = f"check:{compared.check.name}"
    if compared.base_exposure <= 0:
        return (about_no_baseline(compared.check),)
    reasons: list[Reason] = []
    if compared.heavy and not compared.large:
        reasons.append(Reason(code="below_minimum_effect", about=about))
    if compared.heavy and compared.large and compared.weight.onset > 0:
        one = compared.weight
        numbers = {"minute": one.onset, "count": one.x1, "expected": one.x0 * one.n1 / one.n0}
        reasons.append(Reason(code="onset", about=about, numbers=numbers))
    if not sharp and compared.present:
        reasons.append(Reason(code="too_little_traffic", about=about))
    return tuple(reasons)
