"""Leave a case before its end, in order: it goes on when the same command is run again."""

import os
import re
import signal
import threading
from datetime import UTC, datetime
from types import TracebackType

import click

from bakewatch.model.plan import seconds
from bakewatch.model.timeline import Event, Weighed, is_asking

NO_TIME = "the time limit is over"
ASKED = "a person is asked"


class DurationType(click.ParamType[float]):
    """A number and its unit, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds in *value*, such as `5h`."""
        if isinstance(value, float):
            return value
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?[smhd]", str(value)):
            self.fail(f"`{value}` is no duration such as 340m", param, ctx)
        return min(seconds(str(value)), threading.TIMEOUT_MAX)


class Departure:
    """Ends the process as SIGTERM does, once *limit* seconds have passed or, with *when_asked*, once a person is asked
    and has not answered within a look. A context manager; *why* says which."""

    def __init__(self, limit: float | None, *, when_asked: bool) -> None:
        self.why = ""
        self._when_asked, self._asked_looks = when_asked, 0
        self._since = datetime.now(UTC)
        self._timer = threading.Timer(limit, self._leave, (NO_TIME,)) if limit is not None else None
        self._told: list[Event] = []

    def hear(self, event: Event) -> None:
        """*event* happened. What is only told again, of an earlier process, is no reason to leave: before the second
        look the answers were read."""
        if not self._when_asked:
            return
        self._told.append(event)
        fresh = isinstance(event, Weighed) and event.at >= self._since
        self._asked_looks = self._asked_looks + fresh if is_asking(self._told) else 0
        if self._asked_looks >= 2:
            self._leave(ASKED)

    def _leave(self, why: str) -> None:
        if not self.why:
            self.why = why
            os.kill(os.getpid(), signal.SIGTERM)

    def __enter__(self) -> "Departure":
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
