"""Source `supabase`: hosted logs, asked in ClickHouse's SQL through the platform's Management API.

A look is one query with all questions, the same text that the embedded engine is asked. What leaves the platform are
counts: conditions and actors are looked at where the lines are. A window longer than the platform answers for is asked
in parts. An answer that is not what was asked for is a gap; so is one that carries an error, whatever its status.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from bakewatch.api import Api
from bakewatch.errors import ConfigError, SourceError
from bakewatch.model.observation import Observation, Question, Window, from_ms, to_ms
from bakewatch.model.probe import Probe
from bakewatch.ports import Context, Kind
from bakewatch.vendors.clickhouse.question import MALFORMED, Row, check, fuse, fuse_levels, merged, read_levels
from bakewatch.vendors.supabase import probe
from bakewatch.vendors.supabase.budget import budget_of
from bakewatch.vendors.supabase.project import ProjectSettings

DAY, MINUTE = timedelta(hours=24), timedelta(minutes=1)
"""The longest range that is answered for, and what its ends are rounded to."""
MOST_ROWS = 1000
"""So many rows may be all that there are, or the first ones of more."""
LONGEST = 14_000
"""Characters of a query in an address: servers take 16 kB of address and headers."""
TIMEOUT = 30.0
SKEW = timedelta(seconds=5)
"""Clocks that differ by more would count what the release before did as this one's."""
REFUSALS = 8
"""So many refused queries one observation may cost."""
REFUSED, TOO_LONG = "refused", "too_long"


class LogsSettings(ProjectSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table `[sources.NAME]` of kind `supabase`. The token needs the permission `analytics_logs_read`."""

    queries_per_minute: Annotated[int, Meta(ge=2, le=120)] = 10
    """At most so many queries are sent in a minute of the plan, by all sources of the project in one process. A fifth
    of them is left to looks when history is read."""


class SupabaseLogs:
    """A project's logs."""

    def __init__(
        self,
        settings: LogsSettings,
        token: str,
        clock: Callable[[], datetime],
        *,
        minute: timedelta = MINUTE,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """*minute*: of the plan; *pause*: waits so many seconds."""
        self._api = Api(settings.api, token=token, error=SourceError, clock=clock, timeout=TIMEOUT)
        self._path = f"/v1/projects/{settings.project}/analytics/endpoints/logs"
        self._most, self._minute, self._clock, self._pause = settings.queries_per_minute, minute, clock, pause
        self._budget = budget_of(settings.api, settings.project)
        self._refused: set[str] = set()
        """Questions that were refused by themselves: asked apart, so that they cost the others no more than a query."""

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        """Answer all *questions* in one query, and in one more for each further day of *window*.

        When it is refused, its halves are asked, and theirs, until what is refused stands alone.
        """
        asking = _Asking(self._rows, window, width)
        doubted = {one.name for one in questions if one.name in self._refused}
        calm = iter(asking.ask([one for one in questions if one.name not in doubted]))
        apart = iter(asking.ask([one for one in questions if one.name in doubted], divide=False))
        answers = [next(apart if one.name in doubted else calm) for one in questions]
        answered = {one.question for one in answers if not one.gap}
        if answered:  # when nothing is, it is no question's fault
            self._refused = (self._refused | asking.refused) - answered
        return answers

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        """What 95 % of the values stayed below on the last day of *window*; of few values nothing is said."""
        last = Window(max(window.start, _outward(window).end - DAY), window.end)
        half = len(questions) // 2
        try:
            sql = fuse_levels(questions, last)
            if half and _too_long(sql):
                return self.levels(questions[:half], last) | self.levels(questions[half:], last)
            return read_levels(self._rows(sql, last, past=True))
        except (ConfigError, SourceError):
            return {}

    def _rows(self, sql: str, window: Window, past: bool) -> list[Row]:
        """The rows that *sql* gives over *window*; *past*: others are in more of a hurry. Raises `SourceError`."""
        most = self._most - max(1, self._most // 5) if past else self._most
        self._budget.wait(most, self._minute, self._clock, self._pause)
        whole = _outward(window)
        params = {"sql": sql, "iso_timestamp_start": _iso(whole.start), "iso_timestamp_end": _iso(whole.end)}
        sent = self._clock()
        answer = self._api.get(self._path, params)
        if answer.at is not None and not sent - SKEW <= answer.at <= self._clock() + SKEW:
            raise SourceError("clock_skew")
        return _read(answer.body)


class _Asking:
    """One window, and what became of the questions about it."""

    def __init__(self, rows: Callable[[str, Window, bool], list[Row]], window: Window, width: timedelta) -> None:
        self._rows, self._window, self._width = rows, window, width
        self._refusals = 0
        self.refused: set[str] = set()
        """Names of questions that were refused by themselves."""

    def ask(self, questions: Sequence[Question], *, divide: bool = True) -> list[Observation]:
        """One observation per question; *divide*: of a refused query the halves are asked."""
        if not questions:
            return []
        try:
            return self._answers(questions)
        except ConfigError:
            code = "bad_question"
        except SourceError as error:
            code = error.code
        self._refusals += code == REFUSED
        half = len(questions) // 2
        if half and divide and code in ("bad_question", REFUSED, TOO_LONG) and self._refusals <= REFUSALS:
            return self.ask(questions[:half]) + self.ask(questions[half:])
        if code == REFUSED and not half:
            self.refused.add(questions[0].name)
        seconds = self._width.total_seconds()
        return [Observation(question=one.name, window=self._window, width=seconds, gap=code) for one in questions]

    def _answers(self, questions: Sequence[Question]) -> list[Observation]:
        past = any(one.past for one in questions)
        whole = fuse(questions, self._window, self._width)
        if _too_long(whole.sql):
            raise SourceError(TOO_LONG)
        days = parts(self._window, self._width)
        return whole.read(merged([self._rows(fuse(questions, day, self._width).sql, day, past) for day in days]))


def parts(window: Window, width: timedelta) -> Iterator[Window]:
    """*window* in parts that the platform answers for, even when their ends are rounded to whole minutes, outward.

    They end where buckets of *width* do.
    """
    step, start = max(1, round(width / timedelta(milliseconds=1))), window.start
    while (until := _floor(start) + DAY) < window.end:
        end = from_ms(to_ms(until) // step * step)
        yield Window(start, end)
        start = end
    yield Window(start, window.end)


def _outward(window: Window) -> Window:
    """The whole minutes that *window* lies in: the platform rounds to the nearest one, and a part would be missing."""
    end = _floor(window.end)
    return Window(_floor(window.start), end if end == window.end else end + MINUTE)


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _too_long(sql: str) -> bool:
    return len(urlencode({"sql": sql})) > LONGEST


class _Told(Struct):
    """The body of an answer."""

    result: list[dict[str, Any]] | None = None
    error: Any = None


_PASSING = re.compile(r"time.?out|timed out|memory|too many|overload|unavailable|internal", re.IGNORECASE)
"""What an error says that is not about the question,"""
_QUOTED = re.compile(r"\bselect\b.*", re.IGNORECASE | re.DOTALL)
"""and what it quotes of the question, which speaks of time-outs itself."""


def _read(body: Any) -> list[Row]:
    """The rows in *body*. Raises `SourceError`; what the error says is not repeated."""
    try:
        told = msgspec.convert(body, _Told)
    except msgspec.ValidationError:
        raise SourceError(MALFORMED) from None
    if told.error is not None:
        raise SourceError("query_failed" if _PASSING.search(_QUOTED.sub("", str(told.error))) else REFUSED)
    if told.result is None:
        raise SourceError(MALFORMED)
    if len(told.result) >= MOST_ROWS:
        raise SourceError("too_many_rows")
    return list[Row](told.result)


def _build(settings: LogsSettings, context: Context) -> SupabaseLogs:
    token = context.secret(settings.token_env)
    return SupabaseLogs(settings, token, context.clock, minute=context.plan.minute)


def _probe(settings: LogsSettings, context: Context) -> list[Probe]:
    return probe.logs(settings, _build(settings, context), context)


KIND = Kind(settings=LogsSettings, build=_build, check=check, probe=_probe)
