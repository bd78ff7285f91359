"""What each persona may see and do, tried from outside, for real."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from live_rig import SECRET, Live, Person

from live_event.tables import PUBLIC_KEY
from live_event.tokens import access_token

pytestmark = pytest.mark.real

PEOPLE = ("users", "sessions", "refresh_tokens", "registrations", "presence", "chat_messages", "questions")
TABLES = (*PEOPLE, "access_log", "attendance", "applied_migrations", "alembic_version")


@pytest.fixture
def busy(live: Live, somebody: Person, path: str) -> str:
    """The path of an event in which somebody has done everything."""
    for what in ("access/track", "presence/ping", "chat", "questions"):
        assert live.http.post(f"{path}/{what}", headers=somebody.headers, json={"body": "words"}).is_success
    return path


@pytest.mark.parametrize("table", TABLES)
def test_a_visitor_reads_no_ones_rows(live: Live, busy: str, somebody: Person, table: str) -> None:
    assert live.rows(f"select count(*) from {table}")[0][0] > 0
    for headers in ({}, somebody.headers, live.sign_up().headers):
        answer = live.http.get(f"/rest/v1/{table}", headers=headers | {"apikey": PUBLIC_KEY})
        assert answer.status_code in {200, 403}
        if answer.status_code == 200:
            assert answer.json() == []


def test_a_visitor_changes_no_ones_rows(live: Live, busy: str) -> None:
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        answer = live.http.request(method, "/rest/v1/registrations", headers={"apikey": PUBLIC_KEY})
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("method", "what", "code"),
    [
        ("GET", "stats/access", "not_an_administrator"),
        ("PATCH", "chat/1", "not_an_administrator"),
        ("PATCH", "questions/1", "not_an_administrator"),
    ],
)
def test_a_registrant_does_nothing_that_is_for_administrators(
    live: Live, busy: str, somebody: Person, method: str, what: str, code: str
) -> None:
    body = {"hidden": True, "state": "hidden"}
    answer = live.http.request(method, f"{busy}/{what}", headers=somebody.headers, json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_nobody_is_told_who_wrote_what(live: Live, busy: str, somebody: Person, admin: Person) -> None:
    for reader in (live.sign_up(), admin):
        for what in ("live", "chat", "questions", "replay"):
            told = live.http.get(f"{busy}/{what}", headers=reader.headers)
            assert told.status_code == 200
            assert somebody.id not in told.text and somebody.email not in told.text


def test_whoever_leaves_takes_nobody_else_along(live: Live, busy: str, event: str) -> None:
    other = live.sign_up()
    left = live.http.delete(f"{busy}/registrations/me", headers=other.headers)
    assert left.json() == {"removed": False}
    assert live.count("registrations", event) == 1


def test_a_closed_event_tells_whoever_is_not_registered_nothing(live: Live) -> None:
    closed = f"/api/events/{live.new_event(policy='closed')}"
    member, stranger = live.sign_up(), live.sign_up()
    live.http.post(f"{closed}/registrations", headers=member.headers)
    for what in ("live", "chat", "questions", "replay"):
        assert live.http.get(f"{closed}/{what}", headers=member.headers).status_code == 200
        answer = live.http.get(f"{closed}/{what}", headers=stranger.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "registration_needed")


def _token(live: Live, who: Person, secret: str = SECRET, ago: float = 0, role: str = "member") -> dict[str, str]:
    session = str(live.rows("select id from sessions where user_id = %s", who.id)[0][0])
    token = access_token(secret, time.time() - ago, user=who.id, email=who.email, role=role, session=session)
    return {"authorization": f"Bearer {token}"}


def test_a_token_that_expired_or_was_signed_by_another_or_by_nobody_opens_nothing(
    live: Live, busy: str, somebody: Person
) -> None:
    claims = {"sub": somebody.id, "email": somebody.email, "user_role": "admin", "session_id": "", "exp": 2**33}
    unsigned = jwt.encode(claims, "", "none")
    refused = (
        _token(live, somebody, ago=3601),
        _token(live, somebody, secret="another secret, of which nobody here knows"),
        {"authorization": f"Bearer {unsigned}"},
        {"authorization": f"Basic {somebody.access}"},
    )
    for headers in refused:
        assert live.http.get(f"{busy}/chat", headers=headers).status_code == 401
        assert live.http.get(f"{busy}/stats/access", headers=headers).status_code == 401
    assert live.http.get(f"{busy}/chat", headers=_token(live, somebody, ago=3590)).status_code == 200


def test_tokens_rotate_and_one_that_is_used_again_ends_the_family(live: Live, somebody: Person) -> None:
    first = live.token("refresh_token", refresh_token=somebody.refresh).json()
    second = live.token("refresh_token", refresh_token=first["refresh_token"]).json()
    assert len({somebody.refresh, first["refresh_token"], second["refresh_token"]}) == 3
    reused = live.token("refresh_token", refresh_token=somebody.refresh)
    assert (reused.status_code, reused.json()["error_code"]) == (400, "refresh_token_already_used")
    assert live.token("refresh_token", refresh_token=second["refresh_token"]).status_code == 400
    headers = {"authorization": f"Bearer {second['access_token']}"}
    assert live.http.get("/auth/v1/user", headers=headers).status_code == 403


def test_of_many_who_use_one_token_at_once_at_most_one_gets_another(live: Live, somebody: Person) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: live.token("refresh_token", refresh_token=somebody.refresh), range(20)))
    assert sorted(one.status_code for one in answers) == [200] + [400] * 19
    fresh = next(one.json()["refresh_token"] for one in answers if one.status_code == 200)
    assert live.token("refresh_token", refresh_token=fresh).status_code == 400


def test_a_session_that_was_signed_out_gets_no_new_token(live: Live, somebody: Person) -> None:
    assert live.http.post("/auth/v1/logout", headers=somebody.headers).status_code == 204
    assert live.token("refresh_token", refresh_token=somebody.refresh).status_code == 400


def test_an_unknown_member_of_no_session_is_nobody(live: Live) -> None:
    token = access_token(
        SECRET, time.time(), user=str(uuid.uuid4()), email="x", role="member", session=str(uuid.uuid4())
    )
    answer = live.http.get("/auth/v1/user", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error_code"]) == (403, "session_not_found")
