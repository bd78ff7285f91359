"""What the database refuses: how it is answered, and what each stream says of it, for real."""

import psycopg
import pytest
from live_rig import Live, Person, assert_shape, marked

from live_event.database import PUBLIC_EVENT, READER, SERVICE
from live_event.logs import EDGE, STREAMS
from live_event.rest import as_rest_error

pytestmark = pytest.mark.real

MISSING = "column registrations.id does not exist"


@pytest.mark.parametrize(
    ("role", "sql", "status", "code"),
    [
        (SERVICE, "select registrations.id from registrations", 400, "42703"),
        (SERVICE, "select 1 from nothing", 404, "42P01"),
        (SERVICE, "select nothing()", 404, "42883"),
        (SERVICE, "select", 200, ""),
        (SERVICE, "selec", 400, "42601"),
        (SERVICE, "select 1 / 0", 400, "22012"),
        (SERVICE, "select 'x'::uuid", 400, "22P02"),
        (SERVICE, "select (select 1 union select 2)", 500, "21000"),
        (SERVICE, f"insert into events (id, title) values ('{PUBLIC_EVENT}', 'Again')", 409, "23505"),
        (SERVICE, f"insert into registrations values ('{PUBLIC_EVENT}', gen_random_uuid())", 409, "23503"),
        (SERVICE, "insert into events (id) values ('untitled')", 400, "23502"),
        (SERVICE, "drop table events", 403, "42501"),
        (SERVICE, "do $$ begin raise 'no'; end $$", 400, "P0001"),
        (SERVICE, "set transaction read only; delete from presence", 405, "25006"),
        (SERVICE, "set local statement_timeout = 1; select pg_sleep(5)", 500, "57014"),
        (READER, "select 1 from users", 200, ""),
        (READER, "delete from users", 403, "42501"),
        (READER, "insert into events (id, title) values ('mine', 'Mine')", 403, "42501"),
    ],
)
def test_what_postgresql_refuses_is_answered_as_postgrest_does(
    live: Live, role: str, sql: str, status: int, code: str
) -> None:
    answered = 200, ""
    with psycopg.connect(live.database.url_of(role)) as connection:
        try:
            connection.execute(sql.encode())
        except psycopg.Error as problem:
            error = as_rest_error(problem)
            answered = error.status, str(error.body["code"])
            assert error.body["message"] == problem.diag.message_primary
        connection.rollback()
    assert answered == (status, code)


def test_a_question_asked_twice_is_a_conflict_and_postgresql_says_so_itself(
    live: Live, somebody: Person, path: str
) -> None:
    live.http.post(f"{path}/access/track", headers=somebody.headers)
    asked = [
        live.http.post(f"{path}/questions", headers=somebody.headers, json={"body": "When does it begin?"})
        for _ in range(2)
    ]
    assert [one.status_code for one in asked] == [201, 409]
    refused = asked[1].json()
    assert (refused["code"], set(refused)) == ("23505", {"code", "message", "details", "hint"})
    assert refused["message"] == 'duplicate key value violates unique constraint "questions_once"'
    assert live.edge(somebody, "/rest/v1/questions") == [("POST", "201"), ("POST", "409")]

    line = live.forwarded(lambda line: line["event_message"] == refused["message"])
    own = [one for one in live.server_log("23505") if "questions_once" in one["message"]]
    assert [(one["user"], one["error_severity"]) for one in own] == [(SERVICE, "ERROR")]
    assert line["log_attributes"]["parsed.session_id"] == own[0]["session_id"]
    assert "When does it begin?" not in "".join(file.read_text() for file in live.logs.iterdir())


def test_others_may_ask_the_same_question(live: Live, path: str) -> None:
    for who in (live.sign_up(), live.sign_up()):
        live.http.post(f"{path}/access/track", headers=who.headers)
        asked = live.http.post(f"{path}/questions", headers=who.headers, json={"body": "When does it end?"})
        assert asked.status_code == 201


def test_selecting_a_missing_column_is_a_bad_request_everywhere_it_is_selected(
    faulty: Live, somebody: Person, path: str
) -> None:
    assert faulty.http.post(f"{path}/access/track", headers=somebody.headers).status_code == 200
    for method, what in (("GET", "live"), ("POST", "presence/ping"), ("POST", "chat"), ("POST", "questions")):
        body = {"body": "words"} if method == "POST" else None
        answer = faulty.http.request(method, f"{path}/{what}", headers=somebody.headers, json=body)
        assert answer.status_code == 400
        assert answer.json() == {"code": "42703", "message": MISSING, "details": None, "hint": None}


def test_selecting_a_missing_column_is_told_by_the_edge_and_by_postgresql_itself(
    faulty: Live, somebody: Person, path: str
) -> None:
    tag = "bw-faulty-1"
    assert faulty.http.get(f"{path}/live", headers=somebody.headers | marked(tag)).status_code == 400

    assert faulty.edge(somebody, "/rest/v1/registrations") == [("GET", "400")]
    edge = [line for line in faulty.lines(EDGE) if line["log_attributes"].get("request.headers.x_bakewatch") == tag]
    assert "select=id,created_at" in edge[-1]["event_message"]
    assert edge[-1]["event_message"].startswith("GET | 400 | ")

    application = f"bakewatch/{tag}"
    line = faulty.forwarded(lambda line: line["log_attributes"].get("parsed.application_name") == application)
    told = line["log_attributes"]
    assert (line["source"], line["severity_text"], line["event_message"]) == ("postgres_logs", "ERROR", MISSING)
    assert (told["parsed.sql_state_code"], told["parsed.user_name"]) == ("42703", SERVICE)
    assert told["parsed.backend_type"] == "client backend"
    (own,) = [one for one in faulty.server_log("42703") if one.get("application_name") == application]
    assert (own["message"], own["session_id"], str(own["pid"])) == (
        MISSING,
        told["parsed.session_id"],
        told["parsed.process_id"],
    )


def test_the_healthy_service_never_selects_a_missing_column(live: Live, somebody: Person, path: str) -> None:
    before = len(live.server_log("42703"))
    live.http.post(f"{path}/access/track", headers=somebody.headers)
    for method, what in (("GET", "live"), ("POST", "presence/ping")):
        assert live.http.request(method, f"{path}/{what}", headers=somebody.headers).is_success
    assert len(live.server_log("42703")) == before


def test_a_tag_does_not_stay_with_the_connection(live: Live, somebody: Person) -> None:
    for _ in range(10):
        live.http.get("/api/events", headers=marked("bw-passing-1"))
    names = live.rows("select distinct application_name from pg_stat_activity where usename = %s", SERVICE)
    assert {name for (name,) in names} == {"live_event", "live_event hub"}


def test_every_line_of_every_stream_has_the_shape_of_a_line(live: Live) -> None:
    live.http.get("/auth/v1/user")
    live.forwarded(lambda line: True)
    for stream in STREAMS:
        lines = live.lines(stream)
        assert lines
        for line in lines:
            assert_shape(line)
            assert line["source"] == stream
