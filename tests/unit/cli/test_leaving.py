"""When a process leaves a case that asks: after its question was read, not because an old one is told again."""

import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest

from bakewatch.cli import run
from bakewatch.cli.leaving import ASKED, NO_TIME, Departure, DurationType
from bakewatch.durable import history, start
from bakewatch.model.timeline import Answered, Asked, Event, Weighed
from bakewatch.model.verdict import Ending

NOW = datetime.now(UTC) + timedelta(hours=1)
EARLIER = NOW - timedelta(hours=2)


@pytest.fixture
def signals() -> Iterator[list[int]]:
    """The signals that this process got."""
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    yield got
    signal.signal(signal.SIGTERM, before)


def _asked(at: datetime) -> Asked:
    return Asked(at=at, until=at + timedelta(minutes=30))


def _looked(at: datetime) -> Weighed:
    return Weighed(at=at, number=1, evidence=())


@pytest.mark.parametrize(
    ("events", "leaves"),
    [
        ([_asked(NOW), _looked(NOW)], False),
        ([_asked(NOW), _looked(NOW), _looked(NOW)], True),
        ([_looked(NOW), _looked(NOW), _asked(NOW)], False),
        ([_asked(EARLIER), _looked(EARLIER), _looked(EARLIER), _looked(NOW)], False),
        ([_asked(EARLIER), _looked(NOW), Answered(at=NOW, approved=True), _looked(NOW), _looked(NOW)], False),
    ],
)
def test_it_leaves_when_nobody_answers_within_a_look(signals: list[int], events: list[Event], leaves: bool) -> None:
    with Departure(None, when_asked=True) as departure:
        for event in events:
            departure.hear(event)
    assert (departure.why, signals) == ((ASKED, [signal.SIGTERM]) if leaves else ("", []))


def test_who_waits_for_the_end_does_not_leave(signals: list[int]) -> None:
    with Departure(None, when_asked=False) as departure:
        for event in (_asked(NOW), _looked(NOW), _looked(NOW)):
            departure.hear(event)
    assert (departure.why, signals) == ("", [])


def test_what_is_over_is_reported_on_however_little_time_is_left(
    signals: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    departure, late = Departure(0.05, when_asked=False), threading.Event()
    monkeypatch.setattr(start, "verify", lambda order, watcher: Ending.PASSED)
    monkeypatch.setattr(history, "cases", lambda data: [])
    monkeypatch.setattr(run, "tell", lambda *told: late.wait(0.2))
    order: Any = SimpleNamespace(id="a/b@c", data=".", plan=SimpleNamespace(service=SimpleNamespace(language="en")))
    assert run._see(cast(Any, order), departure, "") is Ending.PASSED
    assert (departure.why, signals) == ("", [])


def test_a_limit_that_is_over_ends_the_process_as_a_signal_does(signals: list[int]) -> None:
    with Departure(0.01, when_asked=False) as departure:
        threading.Event().wait(0.2)
    assert (departure.why, signals) == (NO_TIME, [signal.SIGTERM])


@pytest.mark.parametrize("told", ["1", "-1m", "1e9s", "inf", f"{'9' * 400}d", "1w", ""])
def test_what_is_no_duration_is_said(told: str) -> None:
    with pytest.raises(click.BadParameter, match="is no duration such as 340m"):
        DurationType().convert(told, None, None)
    assert DurationType().convert("999999d", None, None) <= threading.TIMEOUT_MAX
