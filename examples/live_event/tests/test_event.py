"""Entering the event, being present, chat, questions and the administrator's view, for real."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from live_rig import Live, Person

from live_event.database import HIDDEN_EVENT, PUBLIC_EVENT

pytestmark = pytest.mark.real


def _enter(live: Live, path: str, who: Person) -> None:
    assert live.http.post(f"{path}/access/track", headers=who.headers).status_code == 200


def test_registrations_are_keyed_by_event_and_user_and_have_no_id(live: Live) -> None:
    columns = live.rows(
        "select column_name from information_schema.columns"
        " where table_schema = 'public' and table_name = 'registrations' order by ordinal_position"
    )
    assert [name for (name,) in columns] == ["event_id", "user_id", "created_at", "last_seen_at", "tag"]
    key = live.rows(
        "select k.column_name from information_schema.table_constraints c"
        " join information_schema.key_column_usage k using (constraint_schema, constraint_name)"
        " where c.table_name = 'registrations' and c.constraint_type = 'PRIMARY KEY' order by k.ordinal_position"
    )
    assert [name for (name,) in key] == ["event_id", "user_id"]


def test_preparing_a_prepared_database_changes_nothing(live: Live, admin: Person) -> None:
    count = "select (select count(*) from users), (select count(*) from events)"
    before = live.rows(count)
    live.database.prepare({admin.email: ("another password", "member")})
    assert live.rows(count) == before
    assert live.sign_in(admin.email).id == admin.id


def test_everybody_sees_the_public_events_and_nobody_the_hidden_one(live: Live) -> None:
    shown = {one["id"] for one in live.http.get("/api/events").json()["events"]}
    assert PUBLIC_EVENT in shown and HIDDEN_EVENT not in shown


def test_the_live_page_is_shown_to_whoever_is_signed_in(live: Live, somebody: Person, path: str) -> None:
    assert live.http.get(f"{path}/live").status_code == 403
    shown = live.http.get(f"{path}/live", headers=somebody.headers)
    assert (shown.status_code, shown.json()["registered"]) == (200, False)
    _enter(live, path, somebody)
    assert live.http.get(f"{path}/live", headers=somebody.headers).json()["registered"] is True


@pytest.mark.parametrize("event", ["last-year", "%00", "x' or '1'='1"])
def test_an_event_that_is_not_there_is_no_outage(live: Live, somebody: Person, event: str) -> None:
    for method, what in (("GET", "live"), ("POST", "access/track"), ("POST", "presence/ping")):
        answer = live.http.request(method, f"/api/events/{event}/{what}", headers=somebody.headers)
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("POST", "access/track"),
        ("POST", "presence/ping"),
        ("GET", "chat"),
        ("POST", "chat"),
        ("GET", "questions"),
        ("POST", "questions"),
        ("GET", "stats/access"),
        ("DELETE", "registrations/me"),
    ],
)
def test_nothing_is_done_for_whoever_is_not_signed_in(live: Live, path: str, method: str, what: str) -> None:
    answer = live.http.request(method, f"{path}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_entering_registers_once_by_upsert(live: Live, somebody: Person, event: str, path: str) -> None:
    answers = [live.http.post(f"{path}/access/track", headers=somebody.headers).json() for _ in range(3)]
    assert [one["created"] for one in answers] == [True, False, False]
    assert (live.count("registrations", event), live.count("access_log", event)) == (1, 3)
    assert live.edge(somebody, "/rest/v1/registrations") == [("POST", "201"), ("POST", "200"), ("POST", "200")]
    assert live.edge(somebody, "/rest/v1/access_log") == [("POST", "201")] * 3


def test_entering_twenty_times_at_once_registers_once_without_a_conflict(
    live: Live, somebody: Person, event: str, path: str
) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: live.http.post(f"{path}/access/track", headers=somebody.headers), range(20)))
    assert [one.status_code for one in answers] == [200] * 20
    assert sum(one.json()["created"] for one in answers) == 1
    assert (live.count("registrations", event), live.count("access_log", event)) == (1, 20)
    assert sorted(live.edge(somebody, "/rest/v1/registrations")) == [("POST", "200")] * 19 + [("POST", "201")]
    assert not live.server_log("23505")


def test_presence_without_a_registration_is_refused_and_registers_nobody(
    live: Live, somebody: Person, event: str, path: str
) -> None:
    answer = live.http.post(f"{path}/presence/ping", headers=somebody.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_registered")
    assert (live.count("registrations", event), live.count("presence", event)) == (0, 0)


def test_presence_with_a_registration_is_noted_once(live: Live, somebody: Person, event: str, path: str) -> None:
    _enter(live, path, somebody)
    for _ in range(3):
        answer = live.http.post(f"{path}/presence/ping", headers=somebody.headers)
        assert (answer.status_code, answer.content) == (204, b"")
    assert live.count("presence", event) == 1


def test_whoever_leaves_is_neither_registered_nor_present(live: Live, somebody: Person, event: str, path: str) -> None:
    _enter(live, path, somebody)
    live.http.post(f"{path}/presence/ping", headers=somebody.headers)
    left = [live.http.delete(f"{path}/registrations/me", headers=somebody.headers).json() for _ in range(2)]
    assert left == [{"removed": True}, {"removed": False}]
    assert (live.count("registrations", event), live.count("presence", event)) == (0, 0)
    assert live.http.post(f"{path}/presence/ping", headers=somebody.headers).status_code == 403


@pytest.mark.parametrize(("place", "what"), [("chat", "messages"), ("questions", "questions")])
def test_what_people_write_is_read_by_others_newest_first(live: Live, path: str, place: str, what: str) -> None:
    people = [live.sign_up() for _ in range(5)]
    for who in people:
        _enter(live, path, who)
    for number in range(25):
        who = people[number % 5]
        written = live.http.post(f"{path}/{place}", headers=who.headers, json={"body": f" words {number} "})
        assert (written.status_code, written.json()["body"]) == (201, f"words {number}")
        assert written.json()["mine"] is True
    first = live.http.get(f"{path}/{place}", headers=people[0].headers).json()[what]
    assert [one["body"] for one in first] == [f"words {number}" for number in range(24, 4, -1)]
    older = live.http.get(f"{path}/{place}", params={"before": first[-1]["id"]}, headers=people[0].headers).json()[what]
    assert [one["body"] for one in older] == [f"words {number}" for number in range(4, -1, -1)]
    assert [one["mine"] for one in older] == [False, False, False, False, True]
    assert len({one["author"] for one in first}) == 5


def test_people_are_known_by_a_pseudonym_that_no_two_events_share(live: Live, somebody: Person) -> None:
    reader, authors = live.sign_up(), set()
    for path in (f"/api/events/{live.new_event()}" for _ in range(2)):
        _enter(live, path, somebody)
        for words in ("one", "two"):
            live.http.post(f"{path}/chat", headers=somebody.headers, json={"body": words})
        shown = live.http.get(f"{path}/chat", headers=reader.headers)
        authors |= {one["author"] for one in shown.json()["messages"]}
        assert somebody.id not in shown.text and somebody.email not in shown.text
    assert len(authors) == 2


@pytest.mark.parametrize("place", ["chat", "questions"])
def test_nothing_is_written_by_whoever_is_not_registered(live: Live, somebody: Person, path: str, place: str) -> None:
    answer = live.http.post(f"{path}/{place}", headers=somebody.headers, json={"body": "words"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_registered")


@pytest.mark.parametrize("place", ["chat", "questions"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", 422),
        (b'{"body": "  "}', 422),
        (b'{"body": 5}', 422),
        (b'{"body": "%s"}' % (b"w" * 501), 422),
        (b"[]", 400),
        (b"", 400),
        (b"nothing", 400),
        (b'{"body": "a\\u0000b"}', 400),
        (b'{"body": "\\ud800"}', 400),
    ],
    ids=ascii,
)
def test_nothing_is_written_when_there_are_no_words(
    live: Live, somebody: Person, path: str, place: str, body: bytes, status: int
) -> None:
    _enter(live, path, somebody)
    headers = somebody.headers | {"content-type": "application/json"}
    answer = live.http.post(f"{path}/{place}", headers=headers, content=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message"}


def test_any_words_are_kept_as_they_are_up_to_their_limit(live: Live, somebody: Person, path: str) -> None:
    _enter(live, path, somebody)
    for words in ("안녕하세요 🎪", "'); drop table chat_messages; --", "\\u0000", "%s", "w" * 500):
        live.http.post(f"{path}/chat", headers=somebody.headers, json={"body": words})
        newest = live.http.get(f"{path}/chat", headers=somebody.headers).json()["messages"][0]
        assert newest["body"] == words


def test_the_administrator_sees_who_is_there_and_who_came(
    live: Live, admin: Person, somebody: Person, event: str, path: str
) -> None:
    empty = live.http.get(f"{path}/stats/access", headers=admin.headers)
    assert (empty.status_code, empty.json()) == (200, {"currentParticipants": 0, "timeline": []})
    other, gone = live.sign_up(), live.sign_up()
    for who in (somebody, somebody, other, gone):
        _enter(live, path, who)
        live.http.post(f"{path}/presence/ping", headers=who.headers)
    live.rows(
        "update presence set last_seen_at = now() - interval '31 seconds' where user_id = %s returning 1", gone.id
    )
    minutes = (("2 minutes", somebody), ("2 minutes", other), ("61 minutes", gone))
    for ago, who in minutes:
        live.rows(
            "insert into attendance (event_id, user_id, minute)"
            " values (%s, %s, date_trunc('minute', now() - %s::interval)) returning 1",
            event,
            who.id,
            ago,
        )
    shown = live.http.get(f"{path}/stats/access", headers=admin.headers).json()
    assert shown["currentParticipants"] == 2
    expected = live.rows(
        "select minute, count(distinct user_id) from attendance"
        " where event_id = %s and minute > now() - interval '1 hour' group by 1 order by 1",
        event,
    )
    told = [(datetime.fromisoformat(one["minute"]), one["participants"]) for one in shown["timeline"]]
    assert told == expected
    assert told[0][1] == 2
    assert sum(participants for _, participants in told) >= 5


def test_the_administrators_view_is_refused_to_everybody_else(live: Live, somebody: Person, path: str) -> None:
    answer = live.http.get(f"{path}/stats/access", headers=somebody.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_an_administrator")


def test_the_served_commit_is_told(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_EVENT_COMMIT", "c" * 40)
    monkeypatch.setenv("LIVE_EVENT_DEPLOYMENT", "dpl_1")
    answer = live.http.get("/version")
    assert answer.status_code == 200
    assert (answer.json()["commit"], answer.json()["deployment"]) == ("c" * 40, "dpl_1")
    assert set(answer.json()) == {"commit", "deployment", "started_at"}


def test_the_service_is_healthy(live: Live) -> None:
    assert live.http.get("/health").json() == {"status": "ok"}
