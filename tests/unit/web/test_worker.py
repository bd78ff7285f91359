"""One thread, one thing after the other, and nothing that was accepted is lost."""

import threading
from functools import partial

from bakewatch.web.attempt import Attempt
from bakewatch.web.worker import Worker


def test_what_was_given_is_done_in_its_order_before_the_block_ends() -> None:
    begin, done = threading.Event(), list[int]()

    def wait() -> None:
        assert begin.wait(5)

    with Worker(room=4) as worker:
        assert worker.give(wait)
        assert all([worker.give(partial(done.append, number)) for number in (1, 2, 3)])
        assert done == []
        begin.set()
    assert done == [1, 2, 3]


def test_more_than_there_is_room_for_is_not_taken() -> None:
    worker = Worker(room=2)
    assert [worker.give(lambda: None) for _ in range(3)] == [True, True, False]


def test_what_is_for_later_is_done_then_and_waits_where_there_is_no_room() -> None:
    begin, done = threading.Event(), threading.Event()

    def wait() -> None:
        assert begin.wait(5)

    with Worker(room=1) as worker:
        worker.give(wait)
        while not worker.give(lambda: None):
            pass
        worker.later(0.01, done.set)
        assert not done.wait(0.05)
        begin.set()
        assert done.wait(5)


def test_what_goes_wrong_is_one_line_without_its_data() -> None:
    lines: list[str] = []
    with Attempt(lines.append, "github #1") as attempt:
        raise KeyError("hong@example.com")
    assert attempt.failed
    (line,) = lines
    assert line.startswith("github #1: a bug of ours: KeyError in ")
    assert "hong" not in line


def test_that_nobody_listens_is_no_trouble() -> None:
    def gone(line: str) -> None:
        raise BrokenPipeError

    with Attempt(gone, "x"):
        raise ValueError
