"""Sign-up, sign-in, token rotation and who am I, for real; and what the two streams say of them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from live_rig import ADMIN, PASSWORD, SECRET, Live, Person, person

from live_event.logs import EDGE
from live_event.tokens import ACCESS_SECONDS, access_token, token_hash

pytestmark = pytest.mark.real


def test_whoever_signs_up_is_signed_in_and_can_sign_in_again(live: Live, somebody: Person) -> None:
    again = live.sign_in(somebody.email)
    assert again.id == somebody.id
    for one in (somebody, again):
        who = live.http.get("/auth/v1/user", headers=one.headers)
        assert (who.status_code, who.json()) == (200, {"id": one.id, "email": one.email, "role": "member"})


def test_an_address_is_the_same_in_any_letters(live: Live, somebody: Person) -> None:
    assert live.sign_in(f" {somebody.email.upper()} ").id == somebody.id


def test_the_administrator_is_one(live: Live, admin: Person) -> None:
    assert live.http.get("/auth/v1/user", headers=admin.headers).json()["role"] == "admin"


def test_an_address_can_be_used_once(live: Live, somebody: Person) -> None:
    credentials = {"email": somebody.email, "password": "another"}
    answer = live.http.post("/auth/v1/signup", json=credentials)
    assert (answer.status_code, answer.json()["error_code"]) == (422, "user_already_exists")
    assert live.rows("select count(*) from users where email = %s", somebody.email) == [(1,)]
    assert live.token("password", **credentials).status_code == 400


def test_nobody_can_sign_up_as_an_administrator(live: Live) -> None:
    body = {"email": "me@live-event.example", "password": PASSWORD, "role": "admin"}
    assert live.http.post("/auth/v1/signup", json=body).json()["user"]["role"] == "member"


@pytest.mark.parametrize("email", [ADMIN, "nobody@live-event.example"])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(live: Live, email: str) -> None:
    answer = live.token("password", email=email, password="wrong")
    assert answer.status_code == 400
    assert answer.json() == {"code": 400, "error_code": "invalid_credentials", "msg": "Invalid login credentials"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"[]", "bad_json"),
        (b"\xff", "bad_json"),
        (b'{"email": "a\\u0000@b.example", "password": "x"}', "bad_json"),
        (b'{"email": "a@b.example", "password": "\\ud800"}', "bad_json"),
        (b"{}", "validation_failed"),
        (b'{"email": "a@b.example"}', "validation_failed"),
        (b'{"email": "a@b.example", "password": ""}', "validation_failed"),
        (b'{"email": "a@b.example", "password": 5}', "validation_failed"),
        (b'{"email": "nowhere", "password": "x"}', "validation_failed"),
    ],
    ids=ascii,
)
def test_a_body_without_credentials_is_refused(live: Live, body: bytes, code: str) -> None:
    answer = live.http.post("/auth/v1/signup", content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


def test_a_grant_that_is_not_offered_is_refused(live: Live) -> None:
    assert live.token("magic").json()["error_code"] == "validation_failed"


def test_a_refresh_token_is_exchanged_for_another_in_the_same_session(live: Live, somebody: Person) -> None:
    first = person(live.token("refresh_token", refresh_token=somebody.refresh))
    second = person(live.token("refresh_token", refresh_token=first.refresh))
    assert len({somebody.refresh, first.refresh, second.refresh}) == 3
    assert {first.id, second.id} == {somebody.id}
    assert live.rows("select count(*) from sessions where user_id = %s", somebody.id) == [(1,)]
    assert live.http.get("/auth/v1/user", headers=second.headers).status_code == 200


def test_using_a_refresh_token_twice_ends_its_session_and_no_other(live: Live, somebody: Person) -> None:
    elsewhere = live.sign_in(somebody.email)
    fresh = person(live.token("refresh_token", refresh_token=somebody.refresh))
    again = live.token("refresh_token", refresh_token=somebody.refresh)
    assert (again.status_code, again.json()["error_code"]) == (400, "refresh_token_already_used")
    assert again.json()["msg"] == "Invalid Refresh Token: Already Used"

    for ended in (somebody, fresh):
        who = live.http.get("/auth/v1/user", headers=ended.headers)
        assert (who.status_code, who.json()["error_code"]) == (403, "session_not_found")
    newest = live.token("refresh_token", refresh_token=fresh.refresh)
    assert (newest.status_code, newest.json()["error_code"]) == (400, "refresh_token_already_used")
    assert live.http.get("/auth/v1/user", headers=elsewhere.headers).status_code == 200
    assert live.token("refresh_token", refresh_token=elsewhere.refresh).status_code == 200


def test_the_reuse_of_a_token_can_be_told_from_the_auth_log(live: Live, somebody: Person) -> None:
    live.token("refresh_token", refresh_token=somebody.refresh)
    before = len(live.auth(error_code="refresh_token_already_used"))
    live.token("refresh_token", refresh_token=somebody.refresh)
    *_, line = told = live.auth(error_code="refresh_token_already_used")
    assert len(told) == before + 1
    assert (line["path"], line["status"], line["level"], line["grant_type"]) == (
        "/token",
        "400",
        "warning",
        "refresh_token",
    )
    assert line["error"].startswith("Possible abuse attempt: ")
    assert json.loads(live.lines("auth_logs")[-1]["event_message"])["error_code"] == "refresh_token_already_used"


def test_whoever_signs_out_ends_that_session_and_no_other(live: Live, somebody: Person) -> None:
    elsewhere = live.sign_in(somebody.email)
    answer = live.http.post("/auth/v1/logout", headers=somebody.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    refused = live.token("refresh_token", refresh_token=somebody.refresh)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "refresh_token_not_found")
    gone = live.http.get("/auth/v1/user", headers=somebody.headers)
    assert (gone.status_code, gone.json()["error_code"]) == (403, "session_not_found")
    assert live.token("refresh_token", refresh_token=elsewhere.refresh).status_code == 200
    assert [one["status"] for one in live.auth(path="/logout")] == ["204"]


def test_nobody_is_signed_out_without_a_token(live: Live) -> None:
    assert live.http.post("/auth/v1/logout").status_code == 401


def test_of_many_who_use_one_refresh_token_at_once_only_one_succeeds(live: Live, somebody: Person) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: live.token("refresh_token", refresh_token=somebody.refresh), range(10)))
    assert sorted(one.status_code for one in answers) == [200] + [400] * 9
    refused = [one.json()["error_code"] for one in answers if one.status_code == 400]
    assert refused == ["refresh_token_already_used"] * 9


@pytest.mark.parametrize("used", ["", "never issued"])
def test_a_refresh_token_that_was_never_issued_is_not_found(live: Live, used: str) -> None:
    answer = live.token("refresh_token", refresh_token=used)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "refresh_token_not_found")


def test_tokens_and_passwords_are_stored_as_hashes_and_never_logged(live: Live, somebody: Person) -> None:
    live.http.get("/auth/v1/user", headers=somebody.headers)
    live.token("refresh_token", refresh_token=somebody.refresh)
    hashes = live.rows("select token_hash from refresh_tokens")
    assert (token_hash(somebody.refresh),) in hashes and (somebody.refresh,) not in hashes
    assert PASSWORD not in str(live.rows("select * from users"))
    written = "".join(path.read_text() for path in live.logs.iterdir())
    assert not [secret for secret in (somebody.refresh, somebody.access, PASSWORD) if secret in written]


def test_who_am_i_asks_for_a_token(live: Live) -> None:
    answer = live.http.get("/auth/v1/user")
    assert (answer.status_code, answer.json()["error_code"]) == (401, "no_authorization")
    assert live.auth(path="/user", status="401")[-1]["error_code"] == "no_authorization"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer a", "bearer a.b.c", "Basic dTpw", "Bearer \xe9.\xe9.\xe9"])
def test_who_am_i_refuses_what_is_no_token(live: Live, header: str) -> None:
    answer = live.http.get("/auth/v1/user", headers=[(b"authorization", header.encode("latin-1"))])
    assert (answer.status_code, answer.json()["error_code"]) == (403, "bad_jwt")


def test_who_am_i_refuses_a_token_whose_time_is_over(live: Live, somebody: Person) -> None:
    (session,) = live.rows("select id from sessions where user_id = %s", somebody.id)[0]
    old = access_token(
        SECRET,
        time.time() - ACCESS_SECONDS - 1,
        user=somebody.id,
        email=somebody.email,
        role="member",
        session=str(session),
    )
    answer = live.http.get("/auth/v1/user", headers={"authorization": f"Bearer {old}"})
    assert (answer.status_code, answer.json()["error_code"]) == (403, "bad_jwt")


def test_every_auth_request_writes_one_line_to_either_stream(live: Live, somebody: Person) -> None:
    before = len(live.lines("edge_logs")), len(live.lines("auth_logs"))
    live.http.get("/auth/v1/user", headers=somebody.headers)
    edge, auth = live.lines(EDGE), live.lines("auth_logs")
    assert (len(edge), len(auth)) == (before[0] + 1, before[1] + 1)
    assert live.edge(somebody, "/auth/v1/user") == [("GET", "200")]
    assert (auth[-1]["log_attributes"]["path"], auth[-1]["log_attributes"]["status"]) == ("/user", "200")


def test_a_canary_is_seen_by_its_tag_in_both_streams(live: Live) -> None:
    answer = live.http.get("/auth/v1/canary", headers={"x-bakewatch": "bw-canary-1"})
    assert answer.status_code == 404
    tagged = {"request.headers.x_bakewatch": "bw-canary-1"}
    (edge,) = [line["log_attributes"] for line in live.lines(EDGE) if tagged.items() <= line["log_attributes"].items()]
    assert (edge["request.path"], edge["response.status_code"]) == ("/auth/v1/canary", "404")
    assert [line["path"] for line in live.auth(**tagged)] == ["/canary"]


@pytest.mark.parametrize("tag", ["x" * 49, "a b", "'; drop table users; --", "{}"])
def test_a_tag_that_is_none_is_not_taken_for_one(live: Live, tag: str) -> None:
    live.http.get("/auth/v1/canary", headers={"x-bakewatch": tag})
    assert "request.headers.x_bakewatch" not in live.lines(EDGE)[-1]["log_attributes"]


def test_a_token_of_a_session_that_has_ended_is_worth_nothing(live: Live, somebody: Person) -> None:
    """It may not have been seen by what ended the session, having been issued at that very moment."""
    live.rows("update sessions set ended_at = now() where user_id::text = %s returning id", somebody.id)
    answer = live.token("refresh_token", refresh_token=somebody.refresh)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "refresh_token_already_used")
