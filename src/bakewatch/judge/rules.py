"""What all looks so far weigh, check by check."""

from collections.abc import Callable
from datetime import datetime

from msgspec import structs

from bakewatch.judge.amplification import amplified
from bakewatch.judge.compare import compare, judged_from
from bakewatch.judge.measure import Measure, history
from bakewatch.judge.novelty import is_sure, refused, told
from bakewatch.judge.series import tally
from bakewatch.judge.sight import Sight
from bakewatch.model.bake import Watch
from bakewatch.model.habit import Trust
from bakewatch.model.observation import from_ms
from bakewatch.model.plan import Check, Rule
from bakewatch.model.verdict import Evidence, Reason
from bakewatch.stats.intervals import rate_bound_of_none, share_bound_of_none


def weigh(watch: Watch, now: datetime) -> tuple[Evidence, ...]:
    """The evidence of every check, in the plan's order. Valid at any moment one looks."""
    sight = Sight(watch, now)
    compared = compare(sight)
    weighed = (compared.get(check.name) or _RULES[check.rule](sight, check) for check in watch.plan.checks)
    return tuple(told(sight, one) for one in weighed)


def zero(sight: Sight, check: Check) -> Evidence:
    """Nothing of this may appear: the first event since production served the commit fails the check.

    Events count wherever they were seen, our own too; only what was exposed to sight can speak for a pass.
    """
    measure, view = Measure(sight.plan, check), sight.view(check)
    cells, past = sight.series.get(check.name, ()), history(sight, check)
    total = tally(cells, with_own=True)
    exposure = sum(measure.exposure(cell) for cell in cells if sight.minute_of(cell.start) in view.seen)
    base_count, base_exposure = tally(past).count, sum(map(measure.exposure, past))
    could_see = bound_of_none(measure, exposure)
    target = measure.target(base_count / base_exposure if base_exposure else 0.0)
    dull = bool(view.seen) and (could_see is None or could_see > target)
    return Evidence(
        check=check.name,
        fired=total.count + total.own > 0,
        seen=view.share,
        blind_minutes=len(view.blind),
        count=total.count,
        own=total.own,
        exposure=exposure,
        base_count=base_count,
        base_exposure=base_exposure,
        buckets_hit=len(total.hits),
        first_at=from_ms(total.hits[0].start) if total.hits else None,
        last_at=from_ms(total.hits[-1].start) if total.hits else None,
        could_see=could_see,
        target=target,
        reasons=view.obstacles + ((Reason(code="too_little_traffic", about=f"check:{check.name}"),) if dull else ()),
    )


def new_signatures(sight: Sight, check: Check) -> Evidence:
    """A signature that history did not have fails the check once it is sure; refused where history speaks against it.

    It is not a declared one: what only a restart says is told, and only what comes after the warm-up makes it sure.
    Where only their number counts, it is compared (`compare`).
    """
    if sight.watch.novelty(check).trust is Trust.REFUSED:
        return refused(sight, check)
    cells, first = sight.series.get(check.name, ()), judged_from(sight)
    sure = is_sure(tuple(cell for cell in cells if cell.bucket.at >= first))
    return structs.replace(zero(sight, check), fired=sure)


def bound_of_none(measure: Measure, exposure: float) -> float | None:
    """The smallest share (or rate per minute) that shows itself at least once with 95 %; None without exposure."""
    if exposure <= 0:
        return None
    return share_bound_of_none(exposure) if measure.share else rate_bound_of_none(exposure / measure.unit)


_RULES: dict[Rule, Callable[[Sight, Check], Evidence]] = {
    Rule.ZERO: zero,
    Rule.AMPLIFICATION: amplified,
    Rule.NOVELTY: new_signatures,
}
