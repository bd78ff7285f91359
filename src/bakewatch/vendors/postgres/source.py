"""Source `postgres`: a question's `where` names a measure, and its answer is how much of it there was.

The server's counters only grow, so every observation takes one sample of them, and what is answered are the differences
between neighbouring samples. A sample is kept in the data directory before anything is answered.
"""

import hashlib
import threading
from collections.abc import Callable, Sequence, Set
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from bakewatch.measured import answers
from bakewatch.measured.answers import Answers, Measure, Measures
from bakewatch.measured.samples import Reading, Sample, SampleFile
from bakewatch.model.observation import Observation, Question, Window, to_ms
from bakewatch.ports import Context, Kind
from bakewatch.vendors.postgres.counters import DATABASE, STATEMENTS, Server, Unavailable

MEASURES: Measures = {
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
    ) -> None:
        self._settings, self._url, self._data, self._clock = settings, url, data, clock

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        """Take a sample and answer from all samples.

        Where the server says since when it counts, even the first sample tells of the past: from then on.
        """
        families = {MEASURES[one.where].family for one in questions if one.where in MEASURES} | {DATABASE}
        with _sampling:
            troubles = self._sample(families)
            samples = [] if families <= troubles.keys() else self._file().read()
        if restarted(samples, to_ms(window.start)):
            troubles = dict.fromkeys(families, "restarted") | troubles
        told = Answers(MEASURES, samples, troubles)
        return [told.to(one, window, width) for one in questions]

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


def restarted(samples: Sequence[Sample], since: int) -> bool:
    """Was the server started anew between the newest two of the *samples*, both taken *since* then?"""
    newest = [one for one in samples[-2:] if one.at >= since and DATABASE in one.readings]
    return len({one.readings[DATABASE].epoch.partition("/")[0] for one in newest}) > 1


def check(question: Question) -> None:
    """`ConfigError` when *question* names no measure, or asks for what counters cannot tell."""
    answers.check(question, MEASURES)


def _build(settings: PostgresSettings, context: Context) -> PostgresSource:
    return PostgresSource(settings, context.secret(settings.url_env), context.data, context.clock)


KIND = Kind(settings=PostgresSettings, build=_build, check=check)
