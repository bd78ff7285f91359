"""Was the undo a cure? What failed must be seen to pass, for as long as the fault would have needed to show itself."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bakewatch.judge.measure import Measure
from bakewatch.judge.series import tally
from bakewatch.judge.sight import Sight
from bakewatch.judge.verdict import missing_of_journey
from bakewatch.model.bake import Watch
from bakewatch.model.plan import Check, Rule
from bakewatch.model.release import Relation
from bakewatch.model.verdict import Evidence, Reason

ENOUGH = -math.log(0.05)
"""So many events of the fault must have been due: then none of them has a chance of 5 %."""
MARGIN = 4 / 3
"""The proof is planned for so much more, since traffic varies."""


def time_to_show(bad: Watch, until: datetime, culprits: Iterable[str]) -> timedelta:
    """How long the faults of the *bad* watch (which ended at *until*) need to show themselves with 95 %.

    As long as a bake where nothing of it is known.
    """
    if not bad.looks:
        return bad.plan.span(bad.plan.bake.duration)
    sight = Sight(bad, until)
    longest = timedelta(0)
    for check in _checks(bad, culprits):
        events = _events(sight, check)
        if check.rule is not Rule.FLOOR and events:
            lead = timedelta(0) if bad.zero_tolerance(check) else bad.plan.span(bad.plan.bake.warm_up)
            longest = max(longest, lead + (until - bad.live_since) * (MARGIN * ENOUGH / events))
    return longest


def cured(
    watch: Watch, bad: Watch, culprits: Iterable[str], evidence: Iterable[Evidence]
) -> tuple[bool, tuple[Reason, ...]]:
    """Was what failed seen to pass? *watch* began when the undo was live; what was not seen is not proved.

    A check must have seen enough of the minutes whose lines are due, and enough traffic for the fault of the *bad*
    watch to show; and must have counted nothing (zero tolerance) or be back near its baseline. A journey must have
    passed. Production must have served the undo all the while.
    """
    sight, weighed = Sight(watch, watch.ends), {one.check: one for one in evidence}
    before = Sight(bad, watch.live_since)
    reasons = list(_not_there(watch))
    for culprit in culprits:
        kind, _, name = culprit.partition(":")
        if kind == "journey":
            reasons += missing_of_journey(watch, name, watch.latest_runs())
        else:
            reasons += _uncured(sight, before, watch.plan.check(name), weighed.get(name))
    return not reasons, tuple(reasons)


def _checks(watch: Watch, culprits: Iterable[str]) -> list[Check]:
    return [watch.plan.check(name) for kind, _, name in (one.partition(":") for one in culprits) if kind == "check"]


def _events(sight: Sight, check: Check) -> int:
    total = tally(sight.series.get(check.name, ()), with_own=True)
    return total.count + total.own


def _not_there(watch: Watch) -> Iterator[Reason]:
    """Did production serve the undo, or something that contains it, whenever it was asked?"""
    served = {one.relation for look in watch.looks for one in look.sightings} - {Relation.UNKNOWN}
    if not served:
        yield Reason(code="production_unknown")
    elif served - {Relation.SAME, Relation.NEWER}:
        yield Reason(code="revert_not_live")


def _uncured(sight: Sight, before: Sight, check: Check, one: Evidence | None) -> Iterator[Reason]:
    """What stands against *check* being well again."""
    about, view = f"check:{check.name}", sight.view(check)
    due = len(view.seen) + len(view.blind)
    if one is None or view.unanswered or not view.seen or len(view.seen) < sight.plan.bake.minimum_seen * due:
        yield Reason(code="not_seen", about=about, numbers={"seen": float(len(view.seen)), "due": float(due)})
        return
    zero = sight.watch.zero_tolerance(check)
    if zero and one.count + one.own:
        yield Reason(code="seen_again", about=about, numbers={"count": float(one.count + one.own)})
    elif not zero and one.fired:
        yield Reason(code="still_firing", about=about)
    elif one.exposure <= 0 or (not zero and one.base_exposure <= 0):
        yield Reason(code="not_compared", about=about)
    elif not zero and not _back(check, one):
        yield Reason(code="not_back", about=about)
    else:
        yield from _too_short(before, check, one.exposure)


def _too_short(before: Sight, check: Check, exposure: float) -> Iterator[Reason]:
    """Would the fault have shown itself in this *exposure*, at the rate at which it did before?"""
    measure = Measure.of(before, check)
    exposed = sum(measure.exposure(cell) for cell in before.series.get(check.name, ()))
    events = _events(before, check)
    if check.rule is Rule.FLOOR or not events:
        return
    expected = exposure * events / exposed if exposed > 0 else math.inf
    if expected < ENOUGH:
        numbers = {"expected": expected, "needed_events": ENOUGH}
        yield Reason(code="proof_too_short", about=f"check:{check.name}", numbers=numbers)


def _back(check: Check, one: Evidence) -> bool:
    """Is the rate nearer to its baseline than the plan's minimum ratio? One event more is granted to the baseline."""
    rate = one.count / one.exposure
    if check.rule is Rule.FLOOR:
        return rate * check.minimum_ratio > one.base_count / one.base_exposure
    return rate == 0 or rate < check.minimum_ratio * (one.base_count + 1) / one.base_exposure
