"""Rule `amplification`: does one user action cause more requests than before?"""

from dataclasses import dataclass

import numpy as np

from bakewatch.judge.compare import LOWEST_LN_E, about_no_baseline, effect_of, judged, judged_from, threshold_of
from bakewatch.judge.measure import history
from bakewatch.judge.precedents import beside
from bakewatch.judge.series import Series, tally
from bakewatch.judge.sight import Sight, View
from bakewatch.model.observation import MOST_EVENTS, from_ms
from bakewatch.model.plan import Check
from bakewatch.model.verdict import Evidence, Reason
from bakewatch.stats import betting
from bakewatch.stats.noise import Array

FEWEST_ACTIONS = 30
"""From fewer actions before the deploy no mean is taken."""
GROWTH = 2.0
"""What the check must be able to find when the plan does not say: so many times the mean before."""


@dataclass(frozen=True)
class _Actions:
    """One check's actions, before and after."""

    before: betting.Baseline | None
    spreads: Array
    present: Series
    ln_e: float
    onset: float

    @property
    def number(self) -> float:
        """How many actions there were after the deploy."""
        return float(self.spreads.sum())

    def since(self, sight: Sight) -> int:
        """Where the growth is believed to have begun, in milliseconds."""
        return judged_from(sight) + round(self.onset * sight.minute)

    @property
    def events(self) -> float:
        """How many events they had, each action counted up to the cap."""
        return float((self.spreads * np.arange(1, MOST_EVENTS + 1)).sum())


def amplified(sight: Sight, check: Check) -> Evidence:
    """More requests per action: an action is what one signed-in actor does within one bucket.

    The exposure is the number of actions; rates are requests per action, counted up to `MOST_EVENTS` each.
    """
    view = sight.view(check)
    actions, threshold = _actions(sight, check, view), threshold_of(sight.plan)
    usual, number = actions.before, actions.number
    mean = actions.events / number if number else None
    ratio = mean / usual.mean if usual and mean is not None else None
    heavy = usual is not None and actions.ln_e >= threshold
    could_see = betting.smallest_growth(number, usual, threshold) if usual else None
    wanted = target(check, usual) if usual else None
    hits = tally(actions.present).hits
    return Evidence(
        check=check.name,
        fired=heavy and _large(check, actions) and not view.unanswered,
        seen=view.share,
        blind_minutes=len(view.blind),
        count=round(actions.events),
        own=tally(actions.present).own,
        exposure=number,
        base_count=round(usual.mean * usual.actions) if usual else 0,
        base_exposure=usual.actions if usual else 0.0,
        ratio=ratio,
        ln_e=max(actions.ln_e, LOWEST_LN_E) if usual else None,
        threshold=threshold,
        buckets_hit=len(hits),
        first_at=from_ms(hits[0].start) if hits else None,
        last_at=from_ms(hits[-1].start) if hits else None,
        could_see=could_see,
        target=wanted,
        beside=beside(sight, check, actions.present, actions.since(sight), effect_of(check)),
        reasons=view.obstacles + _reasons(check, actions, heavy, could_see is not None and could_see <= (wanted or 0)),
    )


def before(sight: Sight, check: Check) -> betting.Baseline | None:
    """How large actions were before the deploy; None when too few are known."""
    past = _spreads(history(sight, check)).sum(axis=0)
    return betting.baseline(past) if past.sum() >= FEWEST_ACTIONS else None


def target(check: Check, usual: betting.Baseline) -> float:
    """The mean that the check must be able to find."""
    return max(GROWTH * usual.mean, check.sees or 0.0)


def _actions(sight: Sight, check: Check, view: View) -> _Actions:
    known = before(sight, check)
    present = judged(sight, check, view, falling=False)
    spreads = _spreads(present)
    if known is None or not present:
        return _Actions(known, spreads, present, LOWEST_LN_E, 0.0)
    at = np.array([(cell.bucket.at - judged_from(sight)) / sight.minute for cell in present], dtype=np.float64)
    ln_e, onset = betting.weigh(at, spreads, known, length=float(sight.planned))
    return _Actions(known, spreads, present, ln_e, onset)


def _spreads(cells: Series) -> Array:
    """How many actions had 1, 2, … events, bucket by bucket: (B, K)."""
    nothing = (0,) * MOST_EVENTS
    rows = [cell.bucket.spread if len(cell.bucket.spread) == MOST_EVENTS else nothing for cell in cells]
    return np.array(rows, dtype=np.float64).reshape(len(rows), MOST_EVENTS)


def large(check: Check, events: float, expected: float) -> bool:
    """Is the growth at least the least that the plan wants acted upon?"""
    return events >= check.minimum_ratio * expected and events - expected >= check.minimum_extra


def _large(check: Check, actions: _Actions) -> bool:
    if actions.before is None or not actions.number:
        return False
    return large(check, actions.events, actions.before.mean * actions.number)


def _reasons(check: Check, actions: _Actions, heavy: bool, sharp: bool) -> tuple[Reason, ...]:
    if actions.before is None:
        return (about_no_baseline(check),)
    about = f"check:{check.name}"
    reasons = []
    if heavy and not _large(check, actions):
        reasons.append(Reason(code="below_minimum_effect", about=about))
    if heavy and _large(check, actions) and actions.onset > 0:
        reasons.append(Reason(code="onset", about=about, numbers={"minute": actions.onset}))
    if not sharp and actions.present:
        reasons.append(Reason(code="too_little_traffic", about=about))
    return tuple(reasons)
