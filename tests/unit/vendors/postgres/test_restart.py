"""A server that was started anew between two samples."""

import pytest

from bakewatch.measured.samples import Reading, Sample
from bakewatch.vendors.postgres.counters import _refusal
from bakewatch.vendors.postgres.source import restarted


def sample(at: int, epoch: str) -> Sample:
    return Sample(at=at, readings={"database": Reading(epoch=epoch, since=None, counts={})})


def test_a_restart_is_told_of_the_newest_two_samples() -> None:
    before, after, later = sample(100, "1/0"), sample(200, "2/0"), sample(300, "2/0")
    assert restarted([before, after], 50)
    assert not restarted([before, after, later], 50)


def test_a_restart_before_what_is_asked_for_is_none() -> None:
    assert not restarted([sample(100, "1/0"), sample(200, "2/0")], 150)


def test_counters_that_were_set_to_zero_are_no_restart() -> None:
    assert not restarted([sample(100, "1/0"), sample(200, "1/5")], 50)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FATAL:  sorry, too many clients already", "no_connection_left"),
        ("FATAL:  remaining connection slots are reserved for roles with SUPERUSER", "no_connection_left"),
        ("FATAL:  the database system is starting up", "unreachable"),
        ("FATAL:  the database system is in recovery mode", "unreachable"),
        ("connection refused", "unreachable"),
        ("FATAL:  password authentication failed", "forbidden"),
    ],
)
def test_why_there_is_no_connection(text: str, code: str) -> None:
    assert _refusal(text) == code
