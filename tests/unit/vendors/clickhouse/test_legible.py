"""Where malformed lines may lie, and what an answer is worth there."""

from datetime import UTC, datetime, timedelta

import pytest

from bakewatch.model.observation import Bucket, Observation, Window, to_ms
from bakewatch.vendors.clickhouse.legible import Legible, Stretch, read_from

START = datetime(2026, 2, 7, 2, 46, 20, tzinfo=UTC)
AT = to_ms(START)
END = AT + 120_000
LATER = AT / 1000 + 3600


def read(legible: Legible, *seconds: float | str) -> Legible:
    """A good line of so many seconds after START; a malformed one for each other sign."""
    for one in seconds:
        if isinstance(one, str):
            legible.bad(len(one))
        else:
            legible.good((START + timedelta(seconds=one)).replace(tzinfo=None).isoformat(" ", "microseconds"))
    return legible


def unread(legible: Legible, written: float = LATER) -> dict[int, bool]:
    """Slots that could not be read (seconds after START), and whether they are blind."""
    slots: dict[int, bool] = {}
    for one in legible.stretches(AT, END, written):
        for at in range((one.start - AT) // 1000, (one.end - AT) // 1000, 10):
            slots[at] = one.blind or slots.get(at, False)
    return slots


def test_all_good_lines_leave_nothing_unread() -> None:
    assert unread(read(Legible(), 1, 2, 50)) == {}


def test_a_malformed_line_lies_between_the_good_lines_around_it() -> None:
    assert unread(read(Legible(), 5, "x", 6, 50)) == {0: False}
    assert unread(read(Legible(), 5, "x", 35)) == {0: False, 10: False, 20: False, 30: False}
    assert unread(read(Legible(), 35, "x", 5)) == {0: False, 10: False, 20: False, 30: False}
    assert unread(read(Legible(), "x", 35)) == {30: False}


def test_a_small_share_is_tolerated_as_soon_as_it_is_small() -> None:
    legible = read(Legible(), *[1.0] * 50, "x", 2)
    assert unread(legible) == {0: False}
    assert unread(read(legible, *[3.0] * 50)) == {}


def test_where_most_lines_are_malformed_nothing_was_seen() -> None:
    assert unread(read(Legible(), 1, 1, "xxxx", 2)) == {0: False}
    assert unread(read(Legible(), 1, 1, 1, 1, "xxxxx", 2)) == {0: True}
    assert unread(read(Legible(), 1, 1, 1, 1, 1, "xxxxx", 2)) == {0: False}


def test_at_the_end_of_a_file_they_lie_anywhere_until_it_was_written_last() -> None:
    legible = read(Legible(), 1, 5, "x")
    assert unread(legible, AT / 1000 + 25) == {0: False, 10: False, 20: False}
    assert unread(legible, AT / 1000 - 25) == {0: False}
    assert len(unread(legible)) == 12
    assert unread(read(legible, 8)) == {0: False}


def test_a_long_window_costs_no_more_than_a_short_one() -> None:
    assert len(list(read(Legible(), "x").stretches(0, END, LATER))) == 1


def test_a_file_that_told_of_nothing_is_blind() -> None:
    assert set(unread(read(Legible(), "x")).values()) == {True}
    assert unread(read(Legible(), "x"), AT / 1000 - 25) == {}


def test_lines_that_came_at_once_and_are_all_malformed_are_blind_until_one_is_not() -> None:
    legible = read(Legible(), *[1.0] * 1000, "x")
    legible.came(1000, 1)
    assert unread(legible) == {}
    legible.came(0, 1)
    assert set(unread(legible).values()) == {True}
    legible.came(0, 0)
    assert set(unread(legible).values()) == {True}
    assert unread(read(legible, 2)) == {}


def test_good_lines_that_are_far_apart_cost_little() -> None:
    legible = read(Legible(), -10 * 365 * 86_400, "x", 5)
    assert unread(legible) == {0: False}
    assert len(list(legible.stretches(AT - 10**11, END, LATER))) < 10_000


def answer(*buckets: Bucket, seconds: float = 10) -> Observation:
    window = Window(START + timedelta(seconds=3), START + timedelta(seconds=120))
    return Observation(question="q", window=window, width=seconds, buckets=buckets)


def slot(second: int, blind: bool = False) -> Stretch:
    return Stretch(AT + 1000 * second, AT + 1000 * second + 10_000, blind)


@pytest.mark.parametrize(
    ("given", "stretches", "second"),
    [
        (answer(), [], 3),
        (answer(), [slot(20), slot(50)], 60),
        (answer(Bucket(AT + 30_000, 1)), [slot(20), slot(50)], 60),
        (answer(Bucket(AT + 20_000, 1)), [slot(20), slot(50)], 3),
        (answer(Bucket(AT + 20_000, own=1)), [slot(20)], 3),
        (answer(Bucket(AT + 20_000, of=9)), [slot(20)], 30),
        (answer(Bucket(AT + 20_000, 1)), [slot(20, True)], 30),
        (answer(Bucket(AT + 50_000, 1)), [slot(20, True), slot(50)], 30),
        (answer(Bucket(AT + 10_000, 1)), [slot(10), slot(20, True), slot(50)], 60),
        (answer(Bucket(AT - 20_000, 1), seconds=60), [slot(20)], 3),
        (answer(), [slot(110)], 120),
    ],
)
def test_a_zero_needs_lines_that_can_be_read(given: Observation, stretches: list[Stretch], second: int) -> None:
    assert read_from(given, stretches) == AT + 1000 * second
