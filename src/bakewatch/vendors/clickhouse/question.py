"""All questions of one look as one SQL text, and its rows turned back into observations.

The text has one sub-select per stream (a value of the column `source`), so that an engine reads each stream once,
however many questions there are; a question that lists signatures has one more of its own. Each row of the answer is a
whole stream: the starts of its buckets and, for each bucket, the counts. A long window therefore comes back in as few
rows as a short one.

It keeps to what a hosted log endpoint accepts too: columns are named, `source` and `timestamp` are filtered, there is
a LIMIT, and neither `count(*)` nor `select *`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bakewatch.errors import ConfigError
from bakewatch.model.observation import MOST_EVENTS, Bucket, Observation, Question, Window, to_ms
from bakewatch.vendors.clickhouse import signatures
from bakewatch.vendors.clickhouse.findable import refuse_masked
from bakewatch.vendors.clickhouse.signatures import literal as _literal
from bakewatch.vendors.clickhouse.where import parse_number, parse_value, parse_where

MALFORMED = "malformed"
"""The gap of an answer that is not what was asked for."""

Row = Mapping[str, object]
"""A row of the answer: `stream`, `at` (starts of buckets, ms) and `n` (for each bucket a list of counts)."""

_Counts = dict[int, list[int]]

_LINES = "countIf(true)"
"""Every line of a stream."""


@dataclass(frozen=True)
class _Places:
    """Where the numbers of a question stand in its streams' lists of counts; none where it has no such number."""

    question: str
    stream: str
    of_stream: str
    count: int | None
    own: int | None
    of: int | None
    actors: int | None
    spread: tuple[int, ...] = ()
    listed: str = ""
    """The name of the row with its signatures."""
    known: frozenset[int] = frozenset()


@dataclass
class _Stream:
    """What is counted in one stream: each expression once."""

    counts: dict[str, int] = field(default_factory=dict)

    def place(self, expression: str) -> int:
        """The place of *expression* in the list of counts."""
        return self.counts.setdefault(expression, len(self.counts))


@dataclass(frozen=True)
class Fused:
    """One SQL text and how to read its answer."""

    sql: str
    window: Window
    step: int
    """Width of a bucket in milliseconds."""
    _places: tuple[_Places, ...]
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
        starts, lists = _whole(row.get("at")), row.get("n")
        if starts is None or not isinstance(lists, list) or len(lists) != len(starts):
            return None
        first, last = to_ms(self.window.start) - self.step, to_ms(self.window.end)
        counts: _Counts = {}
        for at, given in zip(starts, lists, strict=True):
            numbers = _whole(given)
            if numbers is None or not self._fits(stream, len(numbers)) or at in counts:
                return None
            if at % self.step or not first <= at <= last:
                return None
            counts[at] = numbers
        return counts

    def _fits(self, stream: str, size: int) -> bool:
        """Can a bucket of *stream* have so many numbers? Of signatures there are three each."""
        return size == self._sizes[stream] if stream in self._sizes else size % 3 == 0

    def _observation(self, places: _Places, streams: Mapping[str, _Counts | None]) -> Observation:
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
        return self._answer(places, tuple(buckets))

    def _listing(self, places: _Places, streams: Mapping[str, _Counts | None]) -> Observation:
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
        return self._answer(places, tuple(buckets))

    def _answer(self, places: _Places, buckets: tuple[Bucket, ...] = (), gap: str = "") -> Observation:
        return Observation(
            question=places.question, window=self.window, width=self.step / 1000, buckets=buckets, gap=gap
        )


def fuse(questions: Sequence[Question], window: Window, width: timedelta, table: str = "logs") -> Fused:
    """*questions* over *window* in buckets of *width* as one SQL text over *table*.

    `ConfigError` when an expression is outside of what may be asked; `where` is the question's field.
    """
    step = max(1, round(width / timedelta(milliseconds=1)))
    streams: dict[str, _Stream] = {}
    places = tuple(_place(question, streams) for question in questions)
    selects = [_select(name, stream, window, step, table) for name, stream in streams.items()]
    for question in questions:
        if question.known is not None:
            within = _within(question.stream, window)
            selects.append(signatures.select(question, _slot(step), within, table))
    sql = f"SELECT stream, at, n FROM (\n{' UNION ALL '.join(selects)}\n) LIMIT {len(selects)}"
    return Fused(sql, window, step, places, {name: len(stream.counts) for name, stream in streams.items()})


def check(question: Question) -> None:
    """`ConfigError` when *question* is outside of what may be asked, or asks for text that masking never leaves.

    `where` is the field that is wrong.
    """
    _place(question, {})
    if question.signatures:
        signatures.check(question)
    for name in ("where", "of", "own", "of_own", "healthy"):
        if text := getattr(question, name):
            refuse_masked(parse_where(text, name), name)


def _place(question: Question, streams: dict[str, _Stream]) -> _Places:
    """Enter the counts of *question* into *streams*.

    Our own traffic (`own`, `of_own`) is left out of `count`, `of` and `actors` and counted by itself. An actor counts
    when, in the same bucket, it has both a matching call and one that `healthy` matches.
    """
    if not question.stream:
        raise ConfigError("is empty", where="stream", right="a value of the column `source`")
    stream = streams.setdefault(question.stream, _Stream())
    if question.known is not None:
        return _listed(question, stream)
    where = _matching(question)
    own = parse_where(question.own, "own") if question.own else ""
    matching = f"{where} AND NOT {own}" if own else where
    of_stream, of = question.of_stream or question.stream, None
    if question.signatures:
        of = stream.place(_LINES)
    elif question.of:
        of = streams.setdefault(of_stream, _Stream()).place(_count(question, _of(question), question.of_actor))
    return _Places(
        question=question.name,
        stream=question.stream,
        of_stream=of_stream,
        count=stream.place(_count(question, matching, question.actor)),
        own=stream.place(f"countIf({where} AND {own})") if own else None,
        of=of,
        actors=_actors(question, matching, stream),
        spread=tuple(stream.place(one) for one in _spread(question, matching)),
    )


def _listed(question: Question, stream: _Stream) -> _Places:
    """The counts come with the signatures; that there were lines at all comes with the stream."""
    return _Places(
        question=question.name,
        stream=question.stream,
        of_stream=question.stream,
        count=None,
        own=None,
        of=stream.place(_LINES),
        actors=None,
        listed=signatures.row_name(question),
        known=frozenset(question.known or ()),
    )


def _matching(question: Question) -> str:
    if question.signatures:
        return signatures.matching(question)
    where = parse_where(question.where, "where")
    if not question.value:
        return where
    return f"{where} AND {parse_number(question.value, 'value')} > {question.above or 0.0!r}"


def _of(question: Question) -> str:
    of = parse_where(question.of, "of")
    return f"{of} AND NOT {parse_where(question.of_own, 'of_own')}" if question.of_own else of


def _count(question: Question, matching: str, actor: str) -> str:
    """Events, or with `distinct` each actor once per grain, and every event without one."""
    if not question.distinct or not actor:
        return f"countIf({matching})"
    who = parse_value(actor, "actor")
    named, nameless = f"{matching} AND {who} != ''", f"{matching} AND {who} = ''"
    return f"uniqExactIf({_deed(question, who)}, {named}) + countIf({nameless})"


def _spread(question: Question, matching: str) -> Iterator[str]:
    """How many (actor, grain) pairs have 1, 2, … events."""
    if not question.spread:
        return
    who = parse_value(question.actor, "actor")
    each = f"mapValues(sumMapIf(map({_deed(question, who)}, 1), {matching} AND {who} != ''))"
    for events in range(1, MOST_EVENTS + 1):
        yield f"arrayCount(v -> v {'=' if events < MOST_EVENTS else '>='} {events}, {each})"


def _deed(question: Question, who: str) -> str:
    grain = max(1, round(question.grain * 1000))
    return f"concat(toString(intDiv(toUnixTimestamp64Milli(timestamp), {grain})), ' ', {who})"


def _actors(question: Question, matching: str, stream: _Stream) -> int | None:
    actor = parse_value(question.actor, "actor") if question.actor else ""
    healthy = parse_where(question.healthy, "healthy") if question.healthy else ""
    if not actor or not healthy:
        return None
    both = (f"groupUniqArrayIf({actor}, {one} AND {actor} != '')" for one in (matching, healthy))
    return stream.place(f"length(arrayIntersect({', '.join(both)}))")


def fuse_levels(questions: Sequence[Question], window: Window, table: str = "logs") -> str:
    """One SQL text that gives, per question that has a value, a row of its name and of what 95 % stay below."""
    return " UNION ALL ".join(
        f"SELECT {_literal(one.name)} AS question, quantileExactIf(0.95)({parse_number(one.value, 'value')},"
        f" {_of(one)}) AS level, countIf({_of(one)}) AS events FROM {table} WHERE {_within(one.stream, window)} LIMIT 1"
        for one in questions
    )


def _select(name: str, stream: _Stream, window: Window, step: int, table: str) -> str:
    return (
        f"SELECT {_literal(name)} AS stream, groupArray(slot) AS at, groupArray(counts) AS n FROM (\n"
        f"SELECT {_slot(step)} AS slot,\n"
        f"[{', '.join(stream.counts)}] AS counts\n"
        f"FROM {table} WHERE {_within(name, window)}\nGROUP BY slot)"
    )


def _slot(step: int) -> str:
    return f"intDiv(toUnixTimestamp64Milli(timestamp), {step}) * {step}"


def _within(stream: str, window: Window) -> str:
    moments = f"timestamp >= {_moment(window.start)} AND timestamp < {_moment(window.end)}"
    return f"source = {_literal(stream)} AND {moments}"


def _moment(moment: datetime) -> str:
    return f"toDateTime64('{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"


def _whole(values: object) -> list[int] | None:
    """A list of whole numbers that are not negative (64-bit ones may come as strings); none when it is not one."""
    if not isinstance(values, list):
        return None
    numbers = [int(one) if isinstance(one, str) and one.isdecimal() and one.isascii() else one for one in values]
    if all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in numbers):
        return numbers
    return None


def _at(numbers: list[int] | None, place: int | None) -> int:
    return 0 if numbers is None or place is None else numbers[place]
