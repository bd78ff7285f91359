"""`ports.Archive` by the data directory's own record."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from bakewatch.durable import history
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import Closed, Timeline
from bakewatch.model.verdict import Ending


class Archive:
    """The cases of one data directory."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def ended(self, commit: str) -> Ending | None:
        """How the newest case of the release *commit* that is over ended."""
        with suppress(ConfigError):
            for one in reversed(history.cases(self._data)):
                if one.order.release.commit == commit and one.ending is not None:
                    return one.ending
        return None

    def passed(self, before: datetime) -> Iterator[Timeline]:
        """The cases that passed and were over *before* then, newest first."""
        with suppress(ConfigError):
            for one in reversed(history.cases(self._data)):
                if one.ending is not Ending.PASSED:
                    continue
                timeline = history.timeline(self._data, one.id)
                closed = timeline[-1] if timeline else None
                if isinstance(closed, Closed) and closed.at <= before:
                    yield timeline
