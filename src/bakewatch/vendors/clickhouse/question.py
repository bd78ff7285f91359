"""All questions of one look as one SQL text.

The text has one sub-select per stream (a value of the column `source`), so that an engine reads each stream once,
however many questions there are; a question that lists signatures has one more of its own. Within it every expression
of the plan is written once and named: a hosted endpoint takes the text in an address, which may not be long.

It keeps to what a hosted log endpoint accepts too: columns are named, `source` and `timestamp` are filtered, there is
a LIMIT, and neither `count(*)` nor `select *`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bakewatch.errors import ConfigError
from bakewatch.model.observation import MOST_EVENTS, Question, Window
from bakewatch.vendors.clickhouse import signatures
from bakewatch.vendors.clickhouse.answer import LARGEST, MALFORMED, Fused, Places, Row, merged, whole
from bakewatch.vendors.clickhouse.findable import refuse_masked
from bakewatch.vendors.clickhouse.signatures import literal as _literal
from bakewatch.vendors.clickhouse.where import parse_number, parse_value, parse_where

__all__ = ["MALFORMED", "Fused", "Row", "check", "fuse", "fuse_levels", "merged", "read_levels"]

FEWEST_VALUES = 100
"""Of fewer values nobody knows what 95 % stay below."""

_LINES = "countIf(true)"
"""Every line of a stream."""


@dataclass
class _Stream:
    """What is counted in one stream: each expression once."""

    names: dict[str, str] = field(default_factory=dict)
    """The name of each expression of a line."""
    counts: dict[str, int] = field(default_factory=dict)
    """Where each count stands."""
    size: int = 0
    """How many counts there are."""

    def name(self, expression: str) -> str:
        """What *expression*, of one line, is called in counts."""
        return self.names.setdefault(expression, f"e{len(self.names)}")

    def place(self, count: str) -> int:
        """The place of the number that *count* gives."""
        return self.places(f"[{count}]", 1)

    def places(self, counts: str, numbers: int) -> int:
        """The place of the first of so many *numbers* that the list *counts* has."""
        if counts not in self.counts:
            self.counts[counts] = self.size
            self.size += numbers
        return self.counts[counts]


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
    return Fused(sql, window, step, places, {name: stream.size for name, stream in streams.items()})


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


def _place(question: Question, streams: dict[str, _Stream]) -> Places:
    """Enter the counts of *question* into *streams*.

    Our own traffic (`own`, `of_own`) is left out of `count`, `of` and `actors` and counted by itself. An actor counts
    when, in the same bucket, it has both a matching call and one that `healthy` matches.
    """
    if not question.stream:
        raise ConfigError("is empty", where="stream", right="a value of the column `source`")
    stream = streams.setdefault(question.stream, _Stream())
    if question.known is not None:
        return _listed(question, stream)
    where = stream.name(_matching(question))
    own = stream.name(parse_where(question.own, "own")) if question.own else ""
    matching = f"{where} AND NOT {own}" if own else where
    of_stream, of = question.of_stream or question.stream, None
    if question.signatures:
        of = stream.place(_LINES)
    elif question.of:
        other = streams.setdefault(of_stream, _Stream())
        of = other.place(_count(question, other, other.name(_of(question)), question.of_actor))
    return Places(
        question=question.name,
        stream=question.stream,
        of_stream=of_stream,
        past=question.past,
        count=stream.place(_count(question, stream, matching, question.actor)),
        own=stream.place(f"countIf({where} AND {own})") if own else None,
        of=of,
        actors=_actors(question, matching, stream),
        spread=_spread(question, matching, stream) if question.spread else (),
    )


def _listed(question: Question, stream: _Stream) -> Places:
    """The counts come with the signatures; that there were lines at all comes with the stream."""
    return Places(
        question=question.name,
        stream=question.stream,
        of_stream=question.stream,
        past=question.past,
        of=stream.place(_LINES),
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
    """Of what has a value, only events that tell it: one that tells none (which reads as 0) is not a small one."""
    of = parse_where(question.of, "of")
    if question.value:
        of = f"{of} AND {parse_number(question.value, 'value')} > 0"
    return f"{of} AND NOT {parse_where(question.of_own, 'of_own')}" if question.of_own else of


def _count(question: Question, stream: _Stream, matching: str, actor: str) -> str:
    """Events, or with `distinct` each actor once per grain, and every event without one."""
    if not question.distinct or not actor:
        return f"countIf({matching})"
    who, deed = _deed(question, stream, actor)
    return f"uniqExactIf({deed}, {matching} AND {who} != '') + countIf({matching} AND {who} = '')"


def _spread(question: Question, matching: str, stream: _Stream) -> tuple[int, ...]:
    """How many (actor, grain) pairs have 1, 2, … events."""
    who, deed = _deed(question, stream, question.actor)
    each = f"mapValues(sumMapIf(map({deed}, 1), {matching} AND {who} != ''))"
    capped = f"arrayMap(v -> least(v, {MOST_EVENTS}), {each})"
    counts = f"arrayMap(n -> countEqual({capped}, n), range(1, {MOST_EVENTS + 1}))"
    first = stream.places(counts, MOST_EVENTS)
    return tuple(range(first, first + MOST_EVENTS))


def _deed(question: Question, stream: _Stream, actor: str) -> tuple[str, str]:
    """The names of who it was, and of who it was within which grain."""
    who, grain = parse_value(actor, "actor"), max(1, round(question.grain * 1000))
    deed = f"concat(toString(intDiv(toUnixTimestamp64Milli(timestamp), {grain})), ' ', {who})"
    return stream.name(who), stream.name(deed)


def _actors(question: Question, matching: str, stream: _Stream) -> int | None:
    actor = stream.name(parse_value(question.actor, "actor")) if question.actor else ""
    healthy = stream.name(parse_where(question.healthy, "healthy")) if question.healthy else ""
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


def read_levels(rows: Iterable[Row]) -> dict[str, float]:
    """The levels in *rows*; of fewer values than `FEWEST_VALUES` nothing is said, nor of what is malformed."""
    levels: dict[str, float] = {}
    for row in rows:
        name, level, events = row.get("question"), row.get("level"), whole([row.get("events")])
        told = whole([level]) if isinstance(level, str) else [level]
        if not isinstance(name, str) or not events or events[0] < FEWEST_VALUES or not told:
            continue
        if isinstance(told[0], int | float) and 0 < told[0] < LARGEST:
            levels[name] = float(told[0])
    return levels


def _select(name: str, stream: _Stream, window: Window, step: int, table: str) -> str:
    named = "".join(f", {expression} AS {short}" for expression, short in stream.names.items())
    return (
        f"SELECT {_literal(name)} AS stream, groupArray(slot) AS at, groupArray(counts) AS n FROM (\n"
        f"SELECT slot, arrayConcat({', '.join(stream.counts)}) AS counts FROM (\n"
        f"SELECT {_slot(step)} AS slot{named}\n"
        f"FROM {table} WHERE {_within(name, window)})\nGROUP BY slot)"
    )


def _slot(step: int) -> str:
    return f"intDiv(toUnixTimestamp64Milli(timestamp), {step}) * {step}"


def _within(stream: str, window: Window) -> str:
    moments = f"timestamp >= {_moment(window.start)} AND timestamp < {_moment(window.end)}"
    return f"source = {_literal(stream)} AND {moments}"


def _moment(moment: datetime) -> str:
    return f"toDateTime64('{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"
