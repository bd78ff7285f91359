"""The story's runtime on DBOS. Only JSON text crosses into it, and every operation is recorded in order."""

from collections.abc import Callable
from datetime import UTC, datetime
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


class DbosRuntime:
    """`Runtime` inside a DBOS workflow: what was recorded before a crash is returned, not done again."""

    def now(self) -> datetime:
        """The time, recorded."""
        return self.step("now", datetime, clock)

    def wait_until(self, moment: datetime) -> Message | None:
        """Sleep until *moment*; a message wakes early. The deadline is recorded: a restart does not sleep again."""
        seconds = max(0.0, (moment - clock()).total_seconds())
        told: str | None = DBOS.recv(TOPIC, timeout_seconds=seconds)
        return None if told is None else msgspec.json.decode(told, type=Message)

    def publish(self, event: Event) -> None:
        """Append to the workflow's stream, once."""
        DBOS.write_stream(STREAM, to_json(event))

    def step(self, name: str, returns: type[T], work: Callable[[], T]) -> T:
        """Do *work* and record it; at least once when the process dies inside it, never again afterwards."""
        recorded = DBOS.run_step({"name": name}, lambda: msgspec.json.encode(work()).decode())
        return msgspec.json.decode(recorded, type=returns)
