"""Source `postgres`: a question's `where` names a measure, and its answer is how much of it there was.

The server's counters only grow, so every observation takes one sample of them, and what is answered are the differences
between neighbouring samples. A sample is kept in the data directory before anything is answered.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Bucket, Observation, Question, Window, to_ms
from bakewatch.ports import Context, Kind
from bakewatch.vendors.postgres.counters import DATABASE, STATEMENTS, Server, Unavailable
from bakewatch.vendors.postgres.samples import Interval, Reading, Sample, SampleFile, intervals

NO_SAMPLES = "no_samples"
"""The gap of a window that no two samples tell of."""


@dataclass(frozen=True)
class Measure:
    """One counter."""

    family: str
    unit: int = 1


MEASURES: Mapping[str, Measure] = {
    "active": Measure(DATABASE, unit=1000),
    "transactions": Measure(DATABASE),
    "rollbacks": Measure(DATABASE),
    "deadlocks": Measure(DATABASE),
    "statements": Measure(STATEMENTS),
    "slow_statements": Measure(STATEMENTS),
}
"""What may be asked for. `active`: seconds that backends were active, so that a count per second is the mean number of
active backends. `transactions`: committed and rolled back. `statements`, `slow_statements`: calls, all of them and
those of statements that took more than 100 ms in the mean. Our own session is among them: a few transactions a look."""

LATER = 0.1
"""Of an interval that tells of the past, at most this part may lie after it: the release could have been at work."""

_sampling = threading.Lock()
"""One sample at a time: the files are shared by all sources of this process."""


class PostgresSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table `[sources.NAME]` of kind `postgres`."""

    url_env: str
    """The environment variable with the database's URL. Its user needs no rights but to connect; for statements, the
    role `pg_read_all_stats`."""
    statement_timeout: Annotated[float, Meta(gt=0, le=60)] = 5
    """Seconds that one statement, or the connection, may take."""


class PostgresSource:
    """A database's load."""

    def __init__(
        self,
        settings: PostgresSettings,
        url: str,
        data: Path,
        clock: Callable[[], datetime],
        merged_at: datetime | None = None,
    ) -> None:
        self._settings, self._url, self._data, self._clock = settings, url, data, clock
        self._merged_at = merged_at

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        """Take a sample and answer from all samples.

        A bucket stands where an interval between two samples begins; its `of` is the length of the interval. An
        interval that began before the window is left out, lest the past be counted as present; only in a window that
        begins before the merge, which asks for the past, it stands at the window's beginning. So, where the server
        says since when it counts, even the first sample tells of the past: from then on.
        """
        families = {MEASURES[one.where].family for one in questions if one.where in MEASURES} | {DATABASE}
        with _sampling:
            troubles = self._sample(families)
            samples = [] if families <= troubles.keys() else self._file().read()
        return [self._answer(one, samples, troubles, window, width) for one in questions]

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        """Counters have no values of single events."""
        return {}

    def _sample(self, families: Set[str]) -> dict[str, str]:
        """Take one sample of *families* and keep it; the code of each one that could not be read."""
        readings: dict[str, Reading] = {}
        troubles: dict[str, str] = {}
        try:
            server = Server(self._url, self._settings.statement_timeout)
        except Unavailable as error:
            return dict.fromkeys(families, error.code)
        with closing(server):
            now = to_ms(self._clock())
            for family in sorted(families):
                try:
                    readings[family] = self._reading(server, family, now)
                except Unavailable as error:
                    troubles[family] = error.code
        if readings:
            self._file().append(Sample(at=now, readings=readings))
        return troubles

    def _reading(self, server: Server, family: str, now: int) -> Reading:
        return server.database(now) if family == DATABASE else server.statements(now, self._path("statements.json"))

    def _file(self) -> SampleFile:
        return SampleFile(self._path("samples.ndjson"))

    def _path(self, name: str) -> Path:
        """A file about this database: known by where it is."""
        from psycopg.conninfo import conninfo_to_dict

        about = conninfo_to_dict(self._url)
        place = "|".join(str(about.get(key, "")) for key in ("host", "hostaddr", "port", "dbname"))
        return self._data / "postgres" / hashlib.sha256(place.encode()).hexdigest()[:12] / name

    def _answer(
        self,
        question: Question,
        samples: Sequence[Sample],
        troubles: Mapping[str, str],
        window: Window,
        width: timedelta,
    ) -> Observation:
        buckets: tuple[Bucket, ...] = ()
        gap = "bad_question"
        measure, step = MEASURES.get(question.where), max(1, round(width / timedelta(milliseconds=1)))
        if measure:
            gap = troubles.get(measure.family, "") or _unsupported(question.where, measure, samples)
        if measure and not gap:
            past = self._merged_at is not None and window.start < self._merged_at
            buckets = buckets_of(intervals(samples, measure.family, question.where, measure.unit), window, step, past)
            gap = "" if buckets else NO_SAMPLES
        return Observation(question=question.name, window=window, width=step / 1000, buckets=buckets, gap=gap)


def check(question: Question) -> None:
    """`ConfigError` when *question* names no measure, or asks for what counters cannot tell."""
    if question.signatures:
        right = "a stream of log lines"
        raise ConfigError("a database's counters have no messages to tell apart", where="stream", right=right)
    if question.where not in MEASURES:
        raise ConfigError(f"no measure `{question.where}`", where="where", right=f"one of: {', '.join(MEASURES)}")
    for name in ("of", "own", "actor", "healthy", "value", "distinct", "spread"):
        if getattr(question, name):
            raise ConfigError("cannot be asked of a database's counters", where=name, right="leave it out")


def _unsupported(name: str, measure: Measure, samples: Sequence[Sample]) -> str:
    newest = samples[-1].readings.get(measure.family) if samples else None
    return "" if newest and name in newest.counts else "unsupported"


def buckets_of(found: Iterable[Interval], window: Window, step: int, past: bool) -> tuple[Bucket, ...]:
    """The buckets of *window*, *step* milliseconds wide; *past*: of a window that asks for the past."""
    start, end = to_ms(window.start), to_ms(window.end)
    sums: dict[int, Bucket] = {}
    for one in found:
        if one.end <= start or one.start >= end or (one.start < start and not past):
            continue
        if past and one.end - end > LATER * (one.end - one.start):
            continue
        at = max(one.start, start) // step * step
        before = sums.get(at, Bucket(at))
        sums[at] = Bucket(at, before.count + one.count, before.of + one.end - one.start)
    return tuple(sums[at] for at in sorted(sums))


def _build(settings: PostgresSettings, context: Context) -> PostgresSource:
    merged_at = context.release.merged_at if context.release else None
    return PostgresSource(settings, context.secret(settings.url_env), context.data, context.clock, merged_at)


KIND = Kind(settings=PostgresSettings, build=_build, check=check)
