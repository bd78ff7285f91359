"""What the checks of a plan could see, as a table."""

import math
from collections.abc import Iterator

from bakewatch.judge.measure import Measure
from bakewatch.model.foresight import RATIOS, Foresight
from bakewatch.model.habit import Novelty, Trust
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.report.say import number, percent


def told(plan: Plan, said: tuple[Foresight, ...], gaps: tuple[str, ...]) -> Iterator[str]:
    """A line for every check, and one that says which are too weak."""
    rows = [("check", "rule", "before", "finds from", "needs", *(f"{ratio:g}x" for ratio in RATIOS))]
    rows += [_row(plan, plan.check(one.check), one) for one in said]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield f"with 95 % chance, in {plan.bake.duration} of bake; {'/'.join(f'{one:g}' for one in RATIOS)}x: after so long"
    if gaps:
        yield f"not answered: {', '.join(gaps)}"
    yield from (_novelty(plan, one.check, one.novelty) for one in said if one.novelty is not None)
    said = tuple(one for one in said if one.novelty is None or one.novelty.trust is not Trust.REFUSED)
    unknown = [one.check for one in said if one.rate is None]
    if unknown:
        yield f"no history of: {', '.join(unknown)}"
    weak = [one.check for one in said if not one.sharp and one.rate is not None]
    if weak:
        yield (
            f"too weak for this traffic: {', '.join(weak)} (a required one keeps a bake from passing: bake for longer, "
            "count something that happens more often, or declare in `sees` what is enough)"
        )


_MAY = {
    Trust.ACTS: "it acts",
    Trust.COUNTS: "it counts, it does not act",
    Trust.REFUSED: "refused, it never fires",
}
_SHORT = "it counts, history is too short for it to act"


def _novelty(plan: Plan, name: str, one: Novelty) -> str:
    """How often new signatures appear when nothing happens, and what a check may make of them."""
    may = _SHORT if one.why == "short_novelty" else f"{_MAY[one.trust]}{f' ({one.why})' if one.why else ''}"
    if one.rate is None:
        return f"{name}: {may}"
    where = f"{one.windows} ordinary stretches of {plan.bake.duration} ({percent(one.rate)})"
    return f"{name}: new error signatures appeared in {one.surprised} of {where}: {may}"


def _row(plan: Plan, check: Check, one: Foresight) -> tuple[str, ...]:
    before = "unknown" if one.rate is None else _size(plan, check, one.rate, lost=False)
    found = "nothing" if one.could_see is None else _size(plan, check, one.could_see, lost=True)
    needed = "-" if one.target is None else _size(plan, check, one.target, lost=True)
    times = tuple("-" if minutes is None else f"{math.ceil(minutes)} min" for minutes in one.minutes)
    return check.name, check.rule.value, before, found, needed, *(times or ("",) * len(RATIOS))


def _size(plan: Plan, check: Check, value: float, *, lost: bool) -> str:
    """A share, a rate, a mean; of a floor the share that is lost."""
    if check.rule is Rule.FLOOR and lost:
        return f"loss of {percent(value)}"
    if check.rule is Rule.AMPLIFICATION:
        return f"{number(value)} each"
    return percent(value) if Measure(plan, check).share else f"{number(value)}/min"
