"""From what every check would have done to what the plan would have done, and what to change.

A trigger takes each check's first alarm for one that lasts, which can only overstate how often it would have fired.
Shapes: D pseudo-deploys.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from bakewatch.judge.backtest import Trial
from bakewatch.judge.measure import COMPARED
from bakewatch.model.foresight import RATIOS
from bakewatch.model.plan import Check, Plan, Rule, Trigger
from bakewatch.model.release import Merged
from bakewatch.model.replay import Advice, Alarms, Change, CheckReplay, Delay, ReleaseReplay, Replay, TriggerReplay
from bakewatch.stats import noise, season
from bakewatch.stats.intervals import share_interval
from bakewatch.stats.noise import Array

CLEAR = 5.0
"""A fault that a check should find within the bake: so many times as much."""
FOUND = 0.95
"""In so many bakes."""
_ENOUGH = noise.ENOUGH / season.DAY
"""From less history, in days, drift is assumed and not learnt."""


def replayed(plan: Plan, trials: Sequence[Trial], *, at: datetime, days: float, gaps: Mapping[str, str]) -> Replay:
    """What the *trials* of all checks of *plan* come to. *gaps*: why a check's question had no answer, by its name."""
    by_name = {one.check: one for one in trials}
    triggers = {one.name: _fate(one, by_name) for one in plan.triggers}
    counted = np.any([one.counted for one in trials], axis=0) if trials else np.zeros(0, dtype=bool)
    fired = [known & np.isfinite(minutes) for known, minutes in triggers.values()]
    return Replay(
        at=at,
        time_scale=plan.time_scale,
        generated_history=plan.generated_history,
        days=days,
        alarms=_alarms(counted, np.any(fired, axis=0) if fired else np.zeros_like(counted)),
        checks=tuple(_check(plan, plan.check(one.check), one, days, gaps.get(one.check, "")) for one in trials),
        triggers=tuple(
            TriggerReplay(
                trigger=one.name,
                alarms=_alarms(triggers[one.name][0], np.isfinite(triggers[one.name][1])),
                unanswered=tuple(name for name in _checks(one.names) if not by_name[name].counted.any()),
            )
            for one in plan.triggers
        ),
        gaps=tuple(sorted(set(gaps.values()))),
    )


def walked(plan: Plan, merges: Sequence[Merged], trials: Sequence[Trial]) -> tuple[ReleaseReplay, ...]:
    """What the *trials* say of each of the *merges*, which they are about in this order."""
    by_name = {one.check: one for one in trials}
    triggers = {one.name: _fate(one, by_name) for one in plan.triggers}
    return tuple(
        ReleaseReplay(
            commit=merge.commit,
            at=merge.at,
            judged=sum(bool(one.counted[place]) for one in trials),
            checks={
                one.check: float(one.minutes[place])
                for one in trials
                if one.counted[place] and np.isfinite(one.minutes[place])
            },
            triggers={
                name: float(minutes[place])
                for name, (known, minutes) in triggers.items()
                if known[place] and np.isfinite(minutes[place])
            },
        )
        for place, merge in enumerate(merges)
    )


def _fate(trigger: Trigger, trials: Mapping[str, Trial]) -> tuple[NDArray[np.bool_], Array]:
    """For which deploys *trigger* tells something, and the minute in which its checks would have demanded a rollback.

    All of `all` must be known, and one of `any`. What is not known has not fired, and a journey passes.
    """
    size = len(next(iter(trials.values())).counted) if trials else 0
    never, known = np.full(size, np.inf), np.ones(size, dtype=bool)
    every = [_minutes(name, trials, never) for name in trigger.all]
    some = [_minutes(name, trials, never) for name in trigger.any]
    for name in _checks(trigger.all):
        known &= trials[name].counted
    if checks := _checks(trigger.any):
        known &= np.any([trials[name].counted for name in checks], axis=0)
    elif not _checks(trigger.all):
        known[:] = False
    either = [np.min(some, axis=0)] if some else []
    return known, np.max([*every, *either], axis=0)


def _minutes(item: str, trials: Mapping[str, Trial], never: Array) -> Array:
    kind, _, name = item.partition(":")
    return np.where(trials[name].counted, trials[name].minutes, np.inf) if kind == "check" else never


def _checks(items: Sequence[str]) -> list[str]:
    return [name for kind, _, name in (item.partition(":") for item in items) if kind == "check"]


def _alarms(counted: NDArray[np.bool_], fired: NDArray[np.bool_]) -> Alarms:
    bakes, alarms = int(counted.sum()), int((counted & fired).sum())
    low, high = share_interval(alarms, bakes)
    per_100 = 100 * alarms / bakes if bakes else None
    return Alarms(bakes=bakes, alarms=alarms, per_100=per_100, low=100 * low, high=100 * high)


def _check(plan: Plan, check: Check, one: Trial, days: float, gap: str) -> CheckReplay:
    alarms = _alarms(one.counted, np.isfinite(one.minutes))
    delays = tuple(_delay(ratio, some) for ratio, some in zip(RATIOS, one.faults, strict=False) if len(some))
    return CheckReplay(
        check=check.name,
        rule=check.rule,
        alarms=alarms,
        delays=delays,
        advice=tuple(_advice(plan, check, one, alarms, delays, days, gap)),
        answered=one.answered,
    )


def _delay(ratio: float, minutes: Array) -> Delay:
    median, slowest = (_within(minutes, share) for share in (0.5, FOUND))
    return Delay(ratio=ratio, found=float(np.isfinite(minutes).mean()), median=median, slowest=slowest)


def _within(minutes: Array, share: float) -> float | None:
    found = float(np.sort(minutes)[math.ceil(share * len(minutes)) - 1])
    return found if np.isfinite(found) else None


def _advice(
    plan: Plan, check: Check, one: Trial, alarms: Alarms, delays: Sequence[Delay], days: float, gap: str
) -> list[Advice]:
    if check.rule is Rule.NOVELTY:
        return [Advice(change=Change.MEASURED_BEFORE)]
    if not alarms.bakes:
        return [Advice(change=Change.NO_HISTORY, detail=gap)]
    said = []
    clear = next((delay for delay in delays if delay.ratio == CLEAR), None)
    if clear is not None and clear.found < FOUND:
        said.append(Advice(change=Change.TOO_WEAK, numbers={"found": clear.found}))
    if check.rule in COMPARED and not delays:
        said.append(Advice(change=Change.NOTHING_BEFORE))
    if check.rule is Rule.ZERO and alarms.alarms:
        said.append(Advice(change=Change.FIRES_BY_ITSELF, numbers={"alarms": alarms.alarms}))
    elif alarms.low > 100 * plan.bake.false_alarm_rate:
        said.append(Advice(change=Change.CRIES_WOLF, numbers={"per_100": alarms.per_100 or 0.0}))
    if one.answered < 0.95 * days:
        said.append(Advice(change=Change.SHORT_HISTORY, numbers={"answered": one.answered}))
    if check.rule in COMPARED and one.studied < _ENOUGH:
        said.append(Advice(change=Change.ASSUMED_NOISE, numbers={"days": one.studied}))
    return said
