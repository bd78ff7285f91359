"""The story's runtime on DBOS. Only JSON text crosses into it, and every operation is recorded in order."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import TypeVar

import msgspec
from dbos import DBOS

from bakewatch.model.timeline import Event, to_json
from bakewatch.ports import Message

T = TypeVar("T")

TOPIC = "case"
STREAM = "timeline"


def clock() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


class Left(BaseException):
    """This process goes on with a case no further, because of its cause; the record stays as it is.

    No `Exception`, which DBOS would record: what raised it once would then be raised at every replay.
    """


class Gate:
    """Lets work in until it is closed, and knows when all of it has come out again."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self.closed = False

    def open(self) -> None:
        """Let work in."""
        self.closed = False

    def close(self, patience: float) -> None:
        """Let nothing in any more, and wait for what is inside, *patience* seconds at most."""
        with self._changed:
            self.closed = True
            self._changed.wait_for(lambda: not self._inside, patience)

    def __enter__(self) -> None:
        with self._changed:
            if self.closed:
                raise Left
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()


GATE = Gate()
"""Every step passes it, so that a process which is told to stop knows when nothing of it acts any more."""


class _Unrecorded:
    """Turns what a step raises into `Left`: a port says its troubles as values, so it is a bug, to be tried again."""

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            raise Left from error


class DbosRuntime:
    """`Runtime` inside a DBOS workflow: what was recorded before a crash is returned, not done again."""

    def now(self) -> datetime:
        """The time, recorded."""
        return self.step("now", datetime, clock)

    def wait_until(self, moment: datetime) -> Message | None:
        """Sleep until *moment*; a message wakes early. The deadline is recorded: a restart does not sleep again."""
        with GATE:
            seconds = max(0.0, (moment - clock()).total_seconds())
        # Outside the gate: sleeping acts on nothing.
        told: str | None = DBOS.recv(TOPIC, timeout_seconds=seconds)
        return None if told is None else msgspec.json.decode(told, type=Message)

    def publish(self, event: Event) -> None:
        """Append to the workflow's stream, once."""
        with GATE:
            DBOS.write_stream(STREAM, to_json(event))

    def step(self, name: str, returns: type[T], work: Callable[[], T]) -> T:
        """Do *work* and record it; at least once when the process dies inside it, never again afterwards."""

        def recorded() -> str:
            with _Unrecorded():
                return msgspec.json.encode(work()).decode()

        with GATE:
            text = DBOS.run_step({"name": name}, recorded)
        return msgspec.json.decode(text, type=returns)
