"""A runtime whose clock jumps and which dies where a test wants it to.

It keeps a journal as a durable engine does: every operation is recorded in order, and a runtime that is given the
journal of an earlier one returns the recorded results first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from bakewatch.model.timeline import Event, Timeline, from_json, to_json
from bakewatch.ports import Message

T = TypeVar("T")

START = datetime(2026, 2, 7, 2, 46, 18, tzinfo=UTC)


class Crash(BaseException):
    """The process died here."""


@dataclass
class Clock:
    """The time, which moves only when told to."""

    moment: datetime = START

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Journal:
    """What has been recorded so far: (name, result) in order."""

    entries: list[tuple[str, str]] = field(default_factory=list)

    def timeline(self) -> Timeline:
        """The events published so far."""
        return from_json(result for name, result in self.entries if name == "publish")


class InlineRuntime:
    """`Runtime` in memory.

    *crash_at* is the number of the recorded operation at which the process dies, counted over the whole journal;
    *crash_after_work* dies after the work was done but before it was recorded, else before the work.
    """

    def __init__(
        self,
        clock: Clock,
        journal: Journal | None = None,
        *,
        crash_at: int | None = None,
        crash_after_work: bool = False,
    ) -> None:
        self.clock = clock
        self.journal = journal or Journal()
        self.in_step = False
        self.messages: list[tuple[datetime, Message]] = []
        self.on_wait: Callable[[datetime], None] = lambda moment: None
        self._replayed = 0
        self._crash_at, self._crash_after_work = crash_at, crash_after_work

    def now(self) -> datetime:
        return msgspec.json.decode(self._do("now", lambda: _encode(self.clock())), type=datetime)

    def wait_until(self, moment: datetime) -> Message | None:
        return msgspec.json.decode(self._do("wait", lambda: _encode(self._sleep(moment))), type=Message | None)

    def publish(self, event: Event) -> None:
        line = to_json(event)
        recorded = self._do("publish", lambda: line)
        assert recorded == line, f"replay told another story:\n{recorded}\n{line}"

    def step(self, name: str, returns: type[T], work: Callable[[], T]) -> T:
        def run() -> str:
            self.in_step = True
            try:
                return _encode(work())
            finally:
                self.in_step = False

        return msgspec.json.decode(self._do(f"step {name}", run), type=returns)

    def _do(self, name: str, work: Callable[[], str]) -> str:
        if self._replayed < len(self.journal.entries):
            recorded, result = self.journal.entries[self._replayed]
            assert recorded == name, f"replay asked for {name!r} where {recorded!r} was recorded"
            self._replayed += 1
            return result
        dies_here = self._crash_at == len(self.journal.entries)
        if dies_here and not self._crash_after_work:
            raise Crash(name)
        result = work()
        if dies_here:
            raise Crash(name)
        self.journal.entries.append((name, result))
        self._replayed += 1
        return result

    def _sleep(self, moment: datetime) -> Message | None:
        for entry in sorted(self.messages, key=lambda pair: pair[0]):
            at, message = entry
            if at <= max(moment, self.clock.moment):
                self.messages.remove(entry)
                self._pass_time(max(at, self.clock.moment))
                return message
        self._pass_time(max(moment, self.clock.moment))
        return None

    def _pass_time(self, moment: datetime) -> None:
        self.clock.moment = moment
        self.on_wait(moment)


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()
