"""Source `chdb`: log files on this machine, asked in ClickHouse's SQL by an engine inside this process.

The files hold one JSON object per line (`load.py`), plain or compressed with gzip; a growing file is followed. What is
loaded is masked and kept in the data directory, in one table for all sources of this kind. Needs the extra
`bakewatch[local]`.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, structs

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Observation, Question, Window, from_ms, to_ms
from bakewatch.ports import Context, Kind
from bakewatch.vendors.clickhouse.actors import actor_key
from bakewatch.vendors.clickhouse.engine import Engine, QueryError, installed, opened
from bakewatch.vendors.clickhouse.legible import Stretch, read_from
from bakewatch.vendors.clickhouse.load import Cleaner
from bakewatch.vendors.clickhouse.loader import Loader, Trouble
from bakewatch.vendors.clickhouse.question import MALFORMED, check, fuse, fuse_levels, read_levels


class ChdbSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table `[sources.NAME]` of kind `chdb`."""

    files: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Paths or globs, relative to the plan's folder. A glob that matches rotated files too (`edge.ndjson*`) lets
    them be read to their end even if bakewatch was not running when they were rotated."""
    actor_keys: tuple[str, ...] = (
        "request.sb.auth_user",
        "auth_event.actor_id",
        "auth_audit_event.actor_id",
        "user_id",
        "requestId",
    )
    """Attributes that name a signed-in user, or where nobody is known a request: loaded as a keyed hash. Their last
    part counts (`auth_user`)."""
    max_seconds: Annotated[float, Meta(gt=0, le=600)] = 20
    """How long one question may take."""
    max_memory: Annotated[int, Meta(ge=100_000_000)] = 2_000_000_000
    """Bytes that one question may take."""


class ChdbSource:
    """Log files, followed and asked."""

    def __init__(
        self, settings: ChdbSettings, data: Path, base: Path = Path(), clock: Callable[[], float] = time.time
    ) -> None:
        self._settings, self._data, self._clock = settings, data, clock
        self._patterns = [str((base / pattern).absolute()) for pattern in settings.files]
        self._loader: Loader | None = None

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        """Load what is new in the files, then answer all *questions* in one query.

        A file that is missing or unreadable is a gap for the streams that it could hold. Where too many of its lines
        are malformed, the window of the answer is shorter than what was asked for, or there is none.
        """
        engine = opened(self._data / "chdb")
        with engine.loading:
            troubles = self._load(engine)
            unread = [self._unread(question, window) for question in questions]
        answers = self._answers(engine, questions, window, width)
        starts = [read_from(*pair) for pair in zip(answers, unread, strict=True)]
        late = [start > to_ms(answer.window.start) for start, answer in zip(starts, answers, strict=True)]
        for start in {start for start, later in zip(starts, late, strict=True) if later}:
            places = [at for at, one in enumerate(starts) if one == start and late[at] and not answers[at].gap]
            part = Window(min(from_ms(start), window.end), window.end)
            again = self._answers(engine, [questions[place] for place in places], part, width)
            for place, answer in zip(places, again, strict=True):
                nothing = structs.replace(answers[place], buckets=(), gap=MALFORMED)
                answers[place] = answer if part.start < part.end else nothing
        return [_with(troubles, *pair) for pair in zip(questions, answers, strict=True)]

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        """What 95 % of the values stayed below; of few values nothing is said."""
        engine = opened(self._data / "chdb")
        with engine.loading:
            self._load(engine)
        try:
            sql = fuse_levels(questions, window)
            return read_levels(engine.query(sql, self._settings.max_seconds, self._settings.max_memory))
        except (ConfigError, QueryError):
            return {}

    def _unread(self, question: Question, window: Window) -> list[Stretch]:
        start, end = to_ms(window.start), to_ms(window.end)
        return self._loader.unread(_streams(question), start, end) if self._loader else []

    def _load(self, engine: Engine) -> list[Trouble]:
        if self._loader is None:
            cleaner = Cleaner(self._settings.actor_keys, actor_key(self._data))
            self._loader = Loader(engine, cleaner, self._patterns, self._clock)
        try:
            return self._loader.load()
        except QueryError as error:
            return [Trouble(error.code, frozenset())]

    def _answers(
        self, engine: Engine, questions: Sequence[Question], window: Window, width: timedelta
    ) -> list[Observation]:
        """One fused query. When it is refused, each question is asked alone, so that one cannot blind the others."""
        if not questions:
            return []
        try:
            fused = fuse(questions, window, width)
            return fused.read(engine.query(fused.sql, self._settings.max_seconds, self._settings.max_memory))
        except ConfigError:
            code = "bad_question"
        except QueryError as error:
            code = error.code
        if len(questions) > 1 and code in ("bad_question", "refused"):
            return [one for question in questions for one in self._answers(engine, [question], window, width)]
        seconds = width.total_seconds()
        return [Observation(question=one.name, window=window, width=seconds, gap=code) for one in questions]


def _streams(question: Question) -> set[str]:
    return {question.stream, question.of_stream or question.stream} if question.of else {question.stream}


def _with(troubles: Sequence[Trouble], question: Question, answer: Observation) -> Observation:
    """*answer*, or a gap when lines that it needs may be missing."""
    streams = _streams(question)
    code = next((trouble.code for trouble in troubles if trouble.concerns(streams)), "")
    return structs.replace(answer, buckets=(), gap=code) if code and not answer.gap else answer


def _build(settings: ChdbSettings, context: Context) -> ChdbSource:
    installed()
    return ChdbSource(settings, context.data, context.base)


KIND = Kind(settings=ChdbSettings, build=_build, check=check)
