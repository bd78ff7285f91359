"""When would a check have alarmed, had a release gone live at each of many moments of its history?

A pseudo-deploy knows what a bake would have known: its own 20 minutes and 4 hours before, and habits learnt from the
week before it, as far as history reaches. It looks once a minute of the plan, at whole minutes, so the warm-up is
rounded up to one. Faults are injected from the deploy on: for a rise more events are drawn, as scattered as the check's
own; for a fall events are thinned out. The draws are the same in every run.

Shapes: D pseudo-deploys, B minutes of a bake, M minutes of history.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bakewatch.judge import amplification
from bakewatch.judge.compare import eased_threshold_of, effect_of, threshold_of
from bakewatch.judge.habits import learn
from bakewatch.judge.measure import COMPARED, Measure
from bakewatch.judge.track import PER_BLOCK, Axis, Track
from bakewatch.model.habit import Habit
from bakewatch.model.observation import MOST_EVENTS
from bakewatch.model.plan import Check, Duration, Plan, Rule
from bakewatch.stats import betting, season
from bakewatch.stats.alarms import Past, alarms
from bakewatch.stats.noise import BASELINES, Array, Noise

WEEK = 7 * season.DAY
"""Habits are learnt from so many blocks."""
BEFORE = round(BASELINES[-1])
"""So many minutes before a deploy are compared with."""

_POISSON = 1e-6
"""A variance that is larger than the mean by so little is the mean."""

Places = NDArray[np.int64]
"""Numbers of minutes of the history."""


@dataclass(frozen=True)
class Trial:
    """What one check would have done."""

    check: str
    counted: NDArray[np.bool_]
    """(D,): the pseudo-deploys that tell something: every minute of the bake was answered, and there was something to
    count and to compare with."""
    minutes: Array
    """(D,): the minute of the first alarm, counted from the deploy; infinite without one."""
    faults: tuple[Array, ...] = ()
    """The same with each injected ratio, for those before which something was counted. Empty: nothing is injected."""
    studied: float = 0.0
    """Days of history that the habits rest on, half of the time or more."""
    answered: float = 0.0
    """Days of the bakes that were answered."""


@dataclass(frozen=True)
class Bakes:
    """Where the bakes of the pseudo-deploys lie in the history of one check."""

    plan: Plan
    check: Check
    axis: Axis
    track: Track
    starts: Places
    """(D,): the minute of each deploy."""

    @property
    def inside(self) -> Places:
        """The minutes of each bake, (D, B)."""
        return np.asarray(self.starts[:, None] + np.arange(self.minutes("duration")))

    @property
    def before(self) -> Places:
        """The minutes before it that are compared with, (D, `BEFORE`)."""
        return np.asarray(self.starts[:, None] + np.arange(-BEFORE, 0))

    def minutes(self, name: str) -> int:
        """A duration of `bake` in whole minutes, rounded up."""
        duration: Duration = getattr(self.plan.bake, name)
        return math.ceil(self.plan.span(duration) / self.plan.minute - 1e-9)

    def at(self, values: Array, places: Places) -> Array:
        """*values* (M,) at *places*; nothing where nothing is known."""
        there = (places >= 0) & (places < self.axis.minutes)
        kept = places.clip(0, self.axis.minutes - 1)
        return np.asarray(np.where(there & self.track.known[kept], values[kept], 0.0))

    @property
    def answered(self) -> NDArray[np.bool_]:
        """(D, B): which minutes of the bakes were answered."""
        return self.at(np.ones(self.axis.minutes), self.inside) > 0

    @property
    def exposure(self) -> Array:
        """(M,): what each minute is exposed to; the time of the day is not regarded."""
        if self.check.rule is Rule.AMPLIFICATION:
            return np.asarray(self.track.spread.sum(axis=1))
        seconds = np.full(self.axis.minutes, self.axis.step / 1000)
        return Measure(self.plan, self.check).exposed(self.track.of, seconds) * self.track.known


def starts_of(plan: Plan, axis: Axis, days: float) -> Places:
    """A pseudo-deploy each duration of a bake, over the last *days* of the plan."""
    every = math.ceil(plan.span(plan.bake.duration) / plan.minute - 1e-9)
    first = axis.minutes - round(days * 24 * 60)
    return np.arange(max(0, first), axis.minutes - every + 1, every)


def trial(plan: Plan, check: Check, axis: Axis, track: Track, starts: Places, ratios: Sequence[float] = ()) -> Trial:
    """What *check* would have done after each of the deploys at *starts*, and with faults of these *ratios*."""
    bakes = Bakes(plan, check, axis, track, starts)
    if not len(starts):
        return Trial(check.name, np.zeros(0, dtype=bool), np.zeros(0))
    rule: Callable[[Bakes, Sequence[float]], Trial] = _compared if check.rule in COMPARED else _OTHERS[check.rule]
    return rule(bakes, ratios)


@dataclass(frozen=True)
class _Known:
    """Bakes that tell something, and what they knew before."""

    bakes: Bakes
    past: Past
    exposure: Array
    """(D, B)"""
    noises: tuple[Noise, ...]

    def alarms(self, count: Array, chosen: Places) -> Array:
        """The minutes of the first alarms of the *chosen* bakes, had they counted *count* (D, B)."""
        if not len(chosen):
            return np.zeros(0)
        plan, check = self.bakes.plan, self.bakes.check
        return alarms(
            Past(self.past.events[chosen], self.past.exposure[chosen]),
            count[chosen],
            self.exposure[chosen],
            [self.noises[place] for place in chosen],
            eased_threshold_of(plan),
            length=float(count.shape[1]),
            warm_up=self.bakes.minutes("warm_up"),
            effect=effect_of(check),
        )


def _compared(bakes: Bakes, ratios: Sequence[float]) -> Trial:
    check, exposure = bakes.check, bakes.exposure
    counted = bakes.answered.all(axis=1) & (bakes.at(exposure, bakes.before).sum(axis=1) > 0)
    counted &= bakes.at(exposure, bakes.inside)[:, bakes.minutes("warm_up") :].sum(axis=1) > 0
    minutes = np.full(len(counted), math.inf)
    if not counted.any():
        return Trial(check.name, counted, minutes, answered=_days(bakes))
    some = Bakes(bakes.plan, check, bakes.axis, bakes.track, bakes.starts[counted])
    habits = _habits(some)
    inside, before = (some.at(exposure, places) * _usual(some, habits, places) for places in (some.inside, some.before))
    past = Past(_blocks(some.at(some.track.count, some.before)), _blocks(before))
    count, noises = some.at(some.track.count, some.inside), tuple(one.noise for one in habits)
    known = _Known(some, past, inside, noises)
    minutes[counted] = known.alarms(count, np.arange(len(count)))
    rate = past.events.sum(axis=1) / past.exposure.sum(axis=1)
    drawn = [_Draw(check, *one) for one in zip(count, rate[:, None] * inside, [one.phi for one in noises], strict=True)]
    harmed = [np.stack([one.injected(ratio, place) for place, one in enumerate(drawn)]) for ratio in ratios]
    return Trial(
        check.name,
        counted,
        minutes,
        tuple(known.alarms(one, np.flatnonzero(rate)) for one in harmed),
        studied=float(np.median([one.days for one in habits])),
        answered=_days(bakes),
    )


def _habits(bakes: Bakes) -> list[Habit]:
    """What the week before each deploy tells, in whole blocks."""
    whole = bakes.axis.minutes // PER_BLOCK * PER_BLOCK
    known = bakes.track.count * bakes.track.known, bakes.exposure
    count, exposure = (one[:whole].reshape(-1, PER_BLOCK).sum(axis=1) for one in known)
    measure, number = Measure(bakes.plan, bakes.check), bakes.axis.start // (PER_BLOCK * bakes.axis.step)
    spans = [(max(0, end - WEEK), end) for end in (bakes.starts // PER_BLOCK).tolist()]
    return [learn(measure, number + first, count[first:end], exposure[first:end]) for first, end in spans]


def _usual(bakes: Bakes, habits: Sequence[Habit], places: Places) -> Array:
    """How much is usual in each of the minutes *places* (D, …), by what each deploy knows; 1 where it knows nothing."""
    seasons = np.array([one.season or (1.0,) * season.DAY for one in habits]).reshape(len(habits), season.DAY)
    slots = (bakes.axis.start // bakes.axis.step + places) // PER_BLOCK % season.DAY
    return np.take_along_axis(seasons, slots, axis=1)


def _blocks(minutes: Array) -> Array:
    return np.asarray(minutes.reshape(len(minutes), -1, PER_BLOCK).sum(axis=2))


@dataclass(frozen=True)
class _Draw:
    """One bake's minutes, into which faults are drawn. Each has its own random numbers: no other bake changes them."""

    check: Check
    count: Array
    """(B,)"""
    expected: Array
    """How many there should be by the time before, (B,)."""
    phi: float
    """Their variance over their mean."""

    def injected(self, ratio: float, place: int) -> Array:
        """*ratio* times as many events, or so many times fewer where a fall harms; *place*: the number of the bake."""
        rng = np.random.default_rng([*self.check.name.encode(), place, round(100 * ratio)])
        if self.check.rule is Rule.FLOOR:
            return rng.binomial(self.count.astype(int), 1 / ratio).astype(float)
        surplus = max(self.phi - 1, _POISSON)
        # Gamma distributed means make a negative binomial.
        return np.asarray(self.count + rng.poisson(surplus * rng.gamma((ratio - 1) * self.expected / surplus)))


def _policy(bakes: Bakes, ratios: Sequence[float]) -> Trial:
    """The first event fails it, whenever it comes; what is declared is not there before, so there is no multiple."""
    counted = bakes.answered.all(axis=1) & (bakes.at(bakes.exposure, bakes.inside).sum(axis=1) > 0)
    hit = bakes.at(bakes.track.count + bakes.track.own, bakes.inside) > 0
    minutes = np.where(hit.any(axis=1), hit.argmax(axis=1) + 1.0, math.inf)
    return Trial(bakes.check.name, counted, minutes, answered=_days(bakes))


def _amplified(bakes: Bakes, ratios: Sequence[float]) -> Trial:
    """Actions are bet upon one by one. Faults are not injected: how a retry would fall on actions is not known."""
    warm_up = bakes.minutes("warm_up")
    past, present = (_spreads(bakes, places) for places in (bakes.before, bakes.inside[:, warm_up:]))
    counted = bakes.answered.all(axis=1) & (past.sum(axis=(1, 2)) >= amplification.FEWEST_ACTIONS)
    counted &= present.sum(axis=(1, 2)) > 0
    minutes = np.full(len(counted), math.inf)
    for deploy in np.flatnonzero(counted):
        known = betting.baseline(past[deploy].sum(axis=0))
        if known is not None:
            minutes[deploy] = warm_up + _first_bet(bakes, known, present[deploy])
    return Trial(bakes.check.name, counted, minutes, answered=_days(bakes))


def _first_bet(bakes: Bakes, known: betting.Baseline, spreads: Array) -> float:
    threshold, at = threshold_of(bakes.plan), np.arange(len(spreads), dtype=np.float64)
    length = float(bakes.inside.shape[1])
    actions, events = np.cumsum(spreads.sum(axis=1)), np.cumsum(spreads @ np.arange(1, MOST_EVENTS + 1))
    for look in range(1, len(spreads) + 1):
        if amplification.large(bakes.check, events[look - 1], known.mean * actions[look - 1]):
            ln_e, _ = betting.weigh(at[:look], spreads[:look], known, length=length)
            if ln_e >= threshold:
                return float(look)
    return math.inf


def _spreads(bakes: Bakes, places: Places) -> Array:
    """(D, …, K)"""
    return np.stack([bakes.at(size, places) for size in bakes.track.spread.T], axis=-1)


def _unjudged(bakes: Bakes, ratios: Sequence[float]) -> Trial:
    """Minutes do not say which signatures they had: what is new in them is not known."""
    size = len(bakes.starts)
    return Trial(bakes.check.name, np.zeros(size, dtype=bool), np.full(size, math.inf), answered=_days(bakes))


def _days(bakes: Bakes) -> float:
    return float(bakes.answered.sum()) / (24 * 60)


_OTHERS: dict[Rule, Callable[[Bakes, Sequence[float]], Trial]] = {
    Rule.ZERO: _policy,
    Rule.AMPLIFICATION: _amplified,
    Rule.NOVELTY: _unjudged,
}
