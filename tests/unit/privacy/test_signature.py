"""Messages of one kind have one template, those of two kinds have two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakewatch.privacy.scrub import clean
from bakewatch.privacy.signature import template

ALIKE = [
    ("Process 12 waits for ShareLock on transaction 7", "Process 345 waits for ShareLock on transaction 67890"),
    ("user 550e8400-e29b-41d4-a716-446655440000 left", "user 650e8400-e29b-41d4-a716-446655440001 left"),
    ("took 12.5ms at 11:46:18", "took 3ms at 23:01:02"),
    ("GET | 400 | 203.0.113.7 | 8f2a9b8c7d6e5f4a-ICN", "GET | 400 | 198.51.100.23 | 7e1b8a7d6c5f4e3b-ICN"),
    ("no row for 'kim'", "no row for 'lee'"),
    ("id IN ('a', 'b', 'c')", "id IN ('d')"),
    ("worker bw-7f3a2c stopped", "worker bw-1b9d4e stopped"),
    ("at 0x7ffee4c0", "at 0x10"),
]
APART = [
    ("column registrations.id does not exist", "column registrations.name does not exist"),
    ('violates unique constraint "registrations_pkey"', 'violates unique constraint "events_pkey"'),
    ("relation v1 missing", "relation v2 missing"),
    ('table "log_2024"', 'table "log_2025"'),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_messages_of_one_kind_share_a_template(one: str, other: str) -> None:
    assert template(one) == template(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_messages_of_two_kinds_do_not(one: str, other: str) -> None:
    assert template(one) != template(other)


def test_the_messages_of_the_known_faults_are_their_own_templates() -> None:
    for text in (
        "column registrations.id does not exist",
        'duplicate key value violates unique constraint "registrations_pkey"',
    ):
        assert template(text) == text


@given(st.text(max_size=200))
def test_a_template_is_clean_and_its_own_template(raw: str) -> None:
    once = template(raw)
    assert clean(once) == once
    assert template(once) == once
