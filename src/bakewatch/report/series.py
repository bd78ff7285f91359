"""What is known of each bucket of a question, from all its answers."""

from collections.abc import Iterable
from typing import NamedTuple

from bakewatch.model.observation import Bucket, Observation, to_ms
from bakewatch.model.plan import Check, Rule, Stream


class Cell(NamedTuple):
    """A bucket, and the part of its time that was covered. Milliseconds since 1970."""

    bucket: Bucket
    start: int
    end: int


Cells = dict[int, Cell]
"""By the start of their buckets. A bucket that no answer covered has none."""


def cells(observations: Iterable[Observation], known: Cells | None = None) -> Cells:
    """*known* and what *observations* of one question add, in the order in which they were made.

    The newest answer about a bucket replaces earlier ones, and a gap covers nothing. A bucket that is covered and not
    listed was seen and had no event.
    """
    found = known if known is not None else {}
    for one in observations:
        if not one.gap:
            step = max(1, round(one.width * 1000))
            start, end = to_ms(one.window.start), to_ms(one.window.end)
            listed = {bucket.at: bucket for bucket in one.buckets}
            for at in range(start // step * step, end, step):
                found[at] = Cell(listed.get(at) or Bucket(at), max(at, start), min(at + step, end))
    return found


def exposure(cell: Cell, check: Check, stream: Stream) -> float:
    """What the count of *cell* is told against: actions, measured time, matches of `of`, else seconds."""
    if check.rule is Rule.AMPLIFICATION:
        return float(sum(cell.bucket.spread))
    if stream.measured:
        return cell.bucket.of / 1000
    return float(cell.bucket.of) if check.of or check.rule is Rule.SLOWER else (cell.end - cell.start) / 1000


def counted(cell: Cell, check: Check) -> int:
    """The events of *cell*; under rule `amplification` those of actions, each counted up to the cap."""
    if check.rule is Rule.AMPLIFICATION:
        return sum(times * actions for times, actions in enumerate(cell.bucket.spread, start=1))
    return cell.bucket.count
