"""Taking away what a watcher wrote, and nothing else, for real."""

import pytest
from live_rig import Live, Person, marked

from live_event.database import HIDDEN_EVENT

pytestmark = pytest.mark.real

TAG, OTHER = "bw-sweep-1", "bw-sweep-2"
TABLES = ("chat_messages", "questions", "access_log", "attendance", "presence", "registrations")


def _take_part(live: Live, event: str, who: Person, tag: str = "") -> None:
    """Leave a row in every table."""
    headers = who.headers | marked(tag)
    for what in ("access/track", "presence/ping", "chat", "questions"):
        answer = live.http.post(f"/api/events/{event}/{what}", headers=headers, json={"body": "words"})
        assert answer.is_success, answer.text


def _counts(live: Live, event: str) -> list[int]:
    return [live.count(table, event) for table in TABLES]


def _sweep(live: Live, admin: Person, tag: str = TAG) -> dict[str, int]:
    answer = live.http.post("/api/admin/sweep", headers=admin.headers, json={"tag": tag})
    assert (answer.status_code, answer.json()["tag"]) == (200, tag)
    removed: dict[str, int] = answer.json()["removed"]
    return removed


def test_rows_carry_the_tag_of_the_request_that_wrote_them(live: Live, somebody: Person) -> None:
    event = live.new_event()
    _take_part(live, event, somebody, TAG)
    for table in TABLES:
        assert live.rows(f"select tag from {table} where event_id = %s", event) == [(TAG,)]


def test_only_tagged_rows_of_hidden_events_go(live: Live, admin: Person) -> None:
    hidden, shown = live.new_event(hidden=True), live.new_event()
    _take_part(live, hidden, live.sign_up(), TAG)
    _take_part(live, HIDDEN_EVENT, live.sign_up(), TAG)
    _take_part(live, shown, live.sign_up(), TAG)
    _take_part(live, hidden, live.sign_up(), OTHER)
    _take_part(live, hidden, live.sign_up())
    people = live.rows("select count(*) from users")

    assert _sweep(live, admin) == dict.fromkeys(TABLES, 2) | {"users": 0}
    assert _counts(live, hidden) == [2] * 6
    assert _counts(live, HIDDEN_EVENT) == [0] * 6
    assert _counts(live, shown) == [1] * 6
    assert live.rows("select count(*) from users") == people
    assert not live.rows("select 1 from chat_messages where event_id = %s and tag = %s", hidden, TAG)


def test_accounts_that_were_signed_up_with_the_tag_go_with_all_they_have(live: Live, admin: Person) -> None:
    hidden = live.new_event(hidden=True)
    swept, kept = live.sign_up(TAG), live.sign_up(OTHER)
    for who in (swept, kept):
        _take_part(live, hidden, who)
    assert _sweep(live, admin)["users"] == 1
    assert _counts(live, hidden) == [1] * 6
    assert live.rows("select count(*) from sessions where user_id = %s", swept.id) == [(0,)]
    assert live.http.get("/auth/v1/user", headers=swept.headers).status_code == 403
    assert live.http.get("/auth/v1/user", headers=kept.headers).status_code == 200


def test_sweeping_again_removes_nothing(live: Live, admin: Person) -> None:
    _take_part(live, HIDDEN_EVENT, live.sign_up(TAG), TAG)
    assert all(_sweep(live, admin).values())
    assert not any(_sweep(live, admin).values())


def test_only_administrators_sweep(live: Live, somebody: Person) -> None:
    hidden = live.new_event(hidden=True)
    _take_part(live, hidden, somebody, TAG)
    for headers, status in (({}, 401), (somebody.headers, 403)):
        assert live.http.post("/api/admin/sweep", headers=headers, json={"tag": TAG}).status_code == status
    assert _counts(live, hidden) == [1] * 6


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "unfit"),
        ({"tag": ""}, "no_tag"),
        ({"tag": None}, "unfit"),
        ({"tag": 5}, "unfit"),
        ({"tag": [TAG]}, "unfit"),
    ],
)
def test_a_sweep_names_its_tag(live: Live, admin: Person, body: dict[str, object], code: str) -> None:
    answer = live.http.post("/api/admin/sweep", headers=admin.headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
