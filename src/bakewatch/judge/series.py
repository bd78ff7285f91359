"""From answers to one series per question: what is known of each bucket, and how much of it was covered."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import structs

from bakewatch.model.observation import Bucket, Observation, to_ms


class Cell(NamedTuple):
    """The newest answer about one bucket, and the part of its time that the answer covered. Milliseconds since 1970."""

    bucket: Bucket
    start: int
    end: int

    @property
    def seconds(self) -> float:
        """How much time was covered."""
        return (self.end - self.start) / 1000


Series = tuple[Cell, ...]
"""One question's cells in order of time. A bucket that no answer covered has none."""


@dataclass(frozen=True)
class Tally:
    """The sum of some cells."""

    count: int
    own: int
    hits: tuple[Cell, ...]
    """The cells in which something was counted."""


def fold(observations: Iterable[Observation]) -> dict[str, Series]:
    """The series of every question, from all its observations in the order in which they were made.

    1. Go from the newest answer back to the oldest: what a later answer covered, an earlier one does not change.
    2. A gap covers nothing.
    3. A bucket that an answer covers and does not list was seen and had no event.
    """
    newest_first: dict[str, list[list[Cell]]] = {}
    for one in reversed(tuple(observations)):
        if one.gap:
            continue
        parts = newest_first.setdefault(one.question, [])
        earlier = _cells(one, before=parts[-1][0].bucket.at if parts else None)
        if earlier:
            parts.append(earlier)
    return {
        question: tuple(cell for part in reversed(parts) for cell in part) for question, parts in newest_first.items()
    }


def tally(cells: Iterable[Cell], *, with_own: bool = False) -> Tally:
    """Add *cells* up; *with_own*: our own events make a hit too."""
    chosen = tuple(cells)
    hits = tuple(cell for cell in chosen if cell.bucket.count or (with_own and cell.bucket.own))
    count = sum(cell.bucket.count for cell in chosen)
    return Tally(count, sum(cell.bucket.own for cell in chosen), hits)


def appearing(cells: Series, since: int) -> Series:
    """*cells*, each with the number of signatures that are seen in it first, from *since* on."""
    seen = set[int]()
    told = []
    for cell in cells:
        new = {one.id for one in cell.bucket.signatures} - seen if cell.bucket.at >= since else set[int]()
        seen |= new
        told.append(_counting(cell, len(new)))
    return tuple(told)


def first_seen(cells: Series, moments: Sequence[int]) -> Series:
    """*cells*, each with the number of *moments* (milliseconds, in order) that lie in it."""
    return tuple(
        _counting(cell, bisect_left(moments, cell.end) - bisect_left(moments, cell.bucket.at)) for cell in cells
    )


def emptied(cells: Series) -> Series:
    """*cells*, seen and without any event."""
    return tuple(_counting(cell, 0) for cell in cells)


def _counting(cell: Cell, count: int) -> Cell:
    return cell._replace(bucket=structs.replace(cell.bucket, count=count))


def _cells(one: Observation, before: int | None) -> list[Cell]:
    """The cells that *one* covers and that begin before *before*, in order of time."""
    step = max(1, round(one.width * 1000))
    start, end = to_ms(one.window.start), to_ms(one.window.end)
    first, until = start // step * step, end if before is None else min(end, before)
    if first >= until:
        return []
    listed = {bucket.at: bucket for bucket in one.buckets}
    return [Cell(listed.get(at) or Bucket(at), max(at, start), min(at + step, end)) for at in range(first, until, step)]
