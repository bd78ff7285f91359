"""What could each check see? Said before the bake, from the history, the habits and the traffic there were."""

from collections.abc import Callable

from msgspec import structs

from bakewatch.judge import amplification, compare
from bakewatch.judge.measure import Measure, history
from bakewatch.judge.rules import bound_of_none
from bakewatch.judge.series import tally
from bakewatch.judge.sight import Sight
from bakewatch.model.bake import Watch
from bakewatch.model.foresight import RATIOS, Foresight
from bakewatch.model.habit import Trust
from bakewatch.model.plan import Check, Rule
from bakewatch.stats import betting, power


def foresee(watch: Watch) -> tuple[Foresight, ...]:
    """What every check would find by the end of *watch*, in the plan's order; nothing of it was looked at yet."""
    sight = Sight(watch, watch.started)
    return tuple(_of(sight, check) for check in watch.plan.checks)


def _of(sight: Sight, check: Check) -> Foresight:
    if check.rule is not Rule.NOVELTY:
        return _FORESIGHTS.get(check.rule, _of_counts)(sight, check)
    novelty = sight.watch.novelty(check)
    if novelty.trust is Trust.REFUSED:
        return Foresight(check=check.name, per_minute=0.0, rate=None, could_see=None, target=None, novelty=novelty)
    of = _of_policy if novelty.trust is Trust.ACTS else _of_counts
    return structs.replace(of(sight, check), novelty=novelty)


def _of_counts(sight: Sight, check: Check) -> Foresight:
    sides, threshold = compare.sides_of(sight, check), compare.eased_threshold_of(sight.plan)
    warm_up = sight.span(sight.plan.bake.warm_up) / sight.minute
    judged = max(0.0, sight.planned - warm_up)
    per_minute, rate = _traffic(sight, sides.measure)
    x0, n0 = sides.parts.x0[0], sides.parts.n0[0]
    minutes: list[float | None] = []
    for ratio in RATIOS if n0[-1] > 0 and x0[-1] > 0 else ():
        change = 1 / ratio if sides.falling else ratio
        found = power.minutes_to_find(change, per_minute, x0, n0, threshold, sides.noise, most=judged)
        minutes.append(None if found is None else found + warm_up)
    return Foresight(
        check=check.name,
        per_minute=per_minute,
        rate=None if rate is None else rate * sides.measure.unit,
        could_see=compare.could_see(sides, threshold, per_minute * judged, judged),
        target=sides.measure.target(rate or 0.0),
        minutes=tuple(minutes),
    )


def _of_policy(sight: Sight, check: Check) -> Foresight:
    measure = Measure(sight.plan, check)
    per_minute, rate = _traffic(sight, measure)
    return Foresight(
        check=check.name,
        per_minute=per_minute,
        rate=None if rate is None else rate * measure.unit,
        could_see=bound_of_none(measure, per_minute * sight.planned),
        target=measure.target(rate or 0.0),
    )


def _of_actions(sight: Sight, check: Check) -> Foresight:
    before = amplification.before(sight, check)
    per_minute, _ = _traffic(sight, Measure(sight.plan, check))
    if before is None:
        return Foresight(check=check.name, per_minute=per_minute, rate=None, could_see=None, target=None)
    return Foresight(
        check=check.name,
        per_minute=per_minute,
        rate=before.mean,
        could_see=betting.smallest_growth(per_minute * sight.planned, before, compare.threshold_of(sight.plan)),
        target=amplification.target(check, before),
    )


def _traffic(sight: Sight, measure: Measure) -> tuple[float, float | None]:
    """The exposure of a minute, and the rate on it, in the history that is compared with; None: there is none."""
    past = history(sight, measure.check)
    minutes = sum(cell.seconds for cell in past) * 1000 / sight.minute
    exposure = sum(map(measure.exposure, past))
    rate = tally(past).count / exposure if exposure else None
    if measure.timed:
        return sight.minute / 1000, rate
    return exposure / minutes if minutes else 0.0, rate


_FORESIGHTS: dict[Rule, Callable[[Sight, Check], Foresight]] = {
    Rule.ZERO: _of_policy,
    Rule.AMPLIFICATION: _of_actions,
}
