"""When a process leaves a case that asks: after its question was read, not because an old one is told again."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bakewatch.cli.leaving import ASKED, Departure
from bakewatch.model.timeline import Answered, Asked, Event, Weighed

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
