"""The rows that a fused text gives, turned back into observations: one per question, or a gap, never a zero.

A row is a whole stream: the starts of its buckets and, for each bucket, the counts. So a long window comes back in as
few rows as a short one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bakewatch.model.observation import Bucket, Observation, Window, from_ms, to_ms
from bakewatch.vendors.clickhouse import signatures

MALFORMED = "malformed"
"""The gap of an answer that is not what was asked for."""

LARGEST = 2**63
"""No engine counts so far."""
_DIGITS = re.compile(r"[0-9]{1,19}")

Row = Mapping[str, object]
"""A row of the answer: `stream`, `at` (starts of buckets, ms) and `n` (for each bucket a list of counts)."""

_Counts = dict[int, list[int]]


@dataclass(frozen=True)
class Places:
    """Where the numbers of a question stand in its streams' lists of counts; none where it has no such number."""

    question: str
    stream: str
    of_stream: str
    past: bool = False
    """What lies before the first line is not known."""
    count: int | None = None
    own: int | None = None
    of: int | None = None
    actors: int | None = None
    spread: tuple[int, ...] = ()
    listed: str = ""
    """The name of the row with its signatures."""
    known: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Fused:
    """One SQL text and how to read its answer."""

    sql: str
    window: Window
    step: int
    """Width of a bucket in milliseconds."""
    _places: tuple[Places, ...]
    _sizes: Mapping[str, int]

    def read(self, rows: Iterable[Row]) -> list[Observation]:
        """One observation per question, in their order. What is missing or malformed is a gap, never a zero."""
        streams: dict[str, _Counts | None] = {}
        for row in rows:
            name = row.get("stream")
            if isinstance(name, str):
                streams[name] = None if name in streams else self._counts(name, row)
        return [
            self._listing(places, streams) if places.listed else self._observation(places, streams)
            for places in self._places
        ]

    def _counts(self, stream: str, row: Row) -> _Counts | None:
        """The counts of each bucket of *stream*; none when the row cannot be what was asked for."""
        starts, lists = whole(row.get("at")), row.get("n")
        if starts is None or not isinstance(lists, list) or len(lists) != len(starts):
            return None
        first, last = to_ms(self.window.start) - self.step, to_ms(self.window.end)
        counts: _Counts = {}
        for at, given in zip(starts, lists, strict=True):
            numbers = whole(given)
            if numbers is None or not self._fits(stream, len(numbers)) or at in counts:
                return None
            if at % self.step or not first <= at <= last:
                return None
            counts[at] = numbers
        return counts

    def _fits(self, stream: str, size: int) -> bool:
        """Can a bucket of *stream* have so many numbers? Of signatures there are three each."""
        return size == self._sizes[stream] if stream in self._sizes else size % 3 == 0

    def _observation(self, places: Places, streams: Mapping[str, _Counts | None]) -> Observation:
        here = streams.get(places.stream)
        there = {} if places.of is None else streams.get(places.of_stream)
        if here is None or there is None:
            return self._answer(places, gap=MALFORMED)
        buckets = []
        for at in sorted({*here, *there}):
            mine, other = here.get(at), there.get(at)
            bucket = Bucket(
                at=at,
                count=_at(mine, places.count),
                of=_at(other, places.of),
                own=_at(mine, places.own),
                actors=_at(mine, places.actors),
                spread=tuple(_at(mine, place) for place in places.spread) if mine else (),
            )
            if bucket.count or bucket.of or bucket.own or bucket.actors:
                buckets.append(bucket)
        return self._answer(places, tuple(buckets), there if places.of is not None else here)

    def _listing(self, places: Places, streams: Mapping[str, _Counts | None]) -> Observation:
        """The signatures that are not known, and how often they were there."""
        listed, lines = streams.get(places.listed), streams.get(places.stream)
        if listed is None or lines is None:
            return self._answer(places, gap=MALFORMED)
        if any(len(numbers) > 3 * signatures.MOST for numbers in listed.values()):
            return self._answer(places, gap=signatures.TOO_MANY)
        buckets = []
        for at in sorted({*listed, *lines}):
            new = tuple(one for one in signatures.read(listed.get(at, [])) if one.id not in places.known)
            count, actors = sum(one.count for one in new), max((one.actors for one in new), default=0)
            bucket = Bucket(at, count, _at(lines.get(at), places.of), actors=actors, signatures=new)
            if bucket.count or bucket.of:
                buckets.append(bucket)
        return self._answer(places, tuple(buckets), lines)

    def _answer(
        self, places: Places, buckets: tuple[Bucket, ...] = (), lines: _Counts | None = None, gap: str = ""
    ) -> Observation:
        """*lines*: the stream that *buckets* are measured against. Of the past, what lies before its first line is not
        known: it may be that nothing happened, or that nothing of it was kept."""
        window = self.window
        if places.past and not gap:
            first = from_ms(min(lines)) if lines else window.end
            window = Window(max(window.start, first), window.end)
            buckets = tuple(one for one in buckets if one.at + self.step > to_ms(window.start))
        return Observation(question=places.question, window=window, width=self.step / 1000, buckets=buckets, gap=gap)


def merged(parts: Sequence[Sequence[Row]]) -> list[Row]:
    """The rows of consecutive windows as those of one. A stream that has not one row in each of them has none."""
    rows: list[Row] = []
    for name in [row.get("stream") for row in parts[0]]:
        found = [[row for row in part if row.get("stream") == name] for part in parts]
        if all(len(some) == 1 for some in found):
            starts, lists = ([one for [row] in found for one in _listed(row.get(key))] for key in ("at", "n"))
            rows.append({"stream": name, "at": starts, "n": lists})
    return rows


def _listed(value: object) -> list[object]:
    """*value*, or what makes a row malformed when it is no list."""
    return value if isinstance(value, list) else [None]


def whole(values: object) -> list[int] | None:
    """A list of whole numbers that are not negative (64-bit ones may come as strings); none when it is not one."""
    if not isinstance(values, list):
        return None
    numbers = [int(one) if isinstance(one, str) and _DIGITS.fullmatch(one) else one for one in values]
    if all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < LARGEST for one in numbers):
        return numbers
    return None


def _at(numbers: list[int] | None, place: int | None) -> int:
    return 0 if numbers is None or place is None else numbers[place]
