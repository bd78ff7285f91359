"""The three streams: how their lines look, how they are appended, and how PostgreSQL's own log gets into one."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from live_rig import assert_shape, read

from live_event.forward import Forwarder, as_line
from live_event.logs import AUTH, EDGE, POSTGRES, STREAMS, Call, Caller, Line, LogWriter, auth_line, edge_line, encode

AT = datetime(2026, 2, 7, 1, 2, 3, 456789, UTC)
CALLER = Caller(ip="10.0.0.7", agent="visitor | 1.0\n", tag="bw-abc-1", user="u-1")
CALL = Call("GET", "/rest/v1/registrations", "?select=event_id", 400, 12.345, CALLER)
ENTRY: dict[str, Any] = {
    "timestamp": "2026-02-07 01:02:03.456 UTC",
    "user": "authenticator",
    "dbname": "postgres",
    "pid": 4711,
    "session_id": "6986a2f0.1267",
    "line_num": 1,
    "ps": "SELECT",
    "error_severity": "ERROR",
    "state_code": "42703",
    "message": "column registrations.id does not exist",
    "detail": "what somebody wrote",
    "statement": "SELECT registrations.id FROM registrations -- what somebody wrote",
    "application_name": "bakewatch/bw-abc-1",
    "backend_type": "client backend",
    "query_id": -5,
}


@pytest.mark.parametrize(
    ("line", "source"),
    [
        (edge_line(AT, CALL), EDGE),
        (edge_line(AT, Call("GET", "/", "", 200, 1.0)), EDGE),
        (auth_line(AT, CALL, grant_type="password", error_code="invalid_credentials", error="no"), AUTH),
        (auth_line(AT, CALL), AUTH),
        (as_line(ENTRY), POSTGRES),
    ],
)
def test_a_line_of_any_stream_is_flat_and_made_of_strings(line: Line, source: str) -> None:
    assert_shape(line)
    assert line["source"] == source
    assert json.loads(encode(line)) == line
    assert encode(line).count(b"\n") == 1


def test_every_line_has_an_id_of_its_own() -> None:
    assert len({edge_line(AT, CALL)["id"] for _ in range(100)}) == 100


def test_a_line_keeps_its_time_in_utc_wherever_it_was_taken() -> None:
    seoul = AT.astimezone(timezone(timedelta(hours=9)))
    assert edge_line(seoul, CALL)["timestamp"] == "2026-02-07T01:02:03.456789"


def test_the_edge_says_who_called_what_and_with_which_result() -> None:
    line = edge_line(AT, CALL)
    attributes = line["log_attributes"]
    assert attributes.pop("request.headers.cf_ray") in line["event_message"]
    assert attributes == {
        "request.method": "GET",
        "request.host": "live-event.example",
        "request.path": "/rest/v1/registrations",
        "request.search": "?select=event_id",
        "request.url": "https://live-event.example/rest/v1/registrations?select=event_id",
        "request.headers.cf_connecting_ip": "10.0.0.7",
        "request.headers.user_agent": "visitor | 1.0\n",
        "request.headers.x_bakewatch": "bw-abc-1",
        "request.sb.auth_user": "u-1",
        "response.status_code": "400",
        "response.origin_time": "12.3",
    }
    assert line["event_message"].startswith("GET | 400 | 10.0.0.7 | ")


def test_the_edge_says_nothing_of_a_user_or_a_tag_that_is_not_there() -> None:
    attributes = edge_line(AT, Call("GET", "/", "", 200, 1.0))["log_attributes"]
    assert not {"request.sb.auth_user", "request.headers.x_bakewatch"} & set(attributes)


@pytest.mark.parametrize(("status", "level"), [(200, "info"), (401, "warning"), (500, "error")])
def test_auth_says_its_fields_as_json_too_with_a_level_by_status(status: int, level: str) -> None:
    line = auth_line(AT, Call("POST", "/auth/v1/token", "", status, 1.5, CALLER), grant_type="refresh_token")
    told = json.loads(line["event_message"])
    assert (told["path"], told["status"], told["duration"]) == ("/token", status, 1_500_000)
    assert (told["level"], line["severity_text"], told["msg"]) == (level, level.upper(), "request completed")
    assert told["grant_type"] == "refresh_token"
    assert "error_code" not in told and "error" not in told
    expected = {key: str(value) for key, value in told.items()} | {"request.headers.x_bakewatch": "bw-abc-1"}
    assert line["log_attributes"] == expected


def test_postgresql_is_told_by_its_own_words_but_not_by_what_people_wrote() -> None:
    line = as_line(ENTRY)
    assert line["timestamp"] == "2026-02-07T01:02:03.456000"
    assert (line["severity_text"], line["event_message"]) == ("ERROR", "column registrations.id does not exist")
    assert line["log_attributes"] == {
        "parsed.error_severity": "ERROR",
        "parsed.sql_state_code": "42703",
        "parsed.user_name": "authenticator",
        "parsed.database_name": "postgres",
        "parsed.command_tag": "SELECT",
        "parsed.backend_type": "client backend",
        "parsed.application_name": "bakewatch/bw-abc-1",
        "parsed.session_id": "6986a2f0.1267",
        "parsed.process_id": "4711",
        "parsed.query_id": "-5",
    }
    assert "what somebody wrote" not in json.dumps(line)


def test_the_forwarder_takes_everything_that_is_there_before_it_ends(tmp_path: Path) -> None:
    own = tmp_path / "postgres.json"
    own.write_text("".join(json.dumps(ENTRY | {"pid": pid}) + "\n" for pid in range(50)) + '{"timestamp": "half a li')
    forwarder = Forwarder(tmp_path, tmp_path / "logs")
    forwarder.start()
    forwarder.stop()
    lines = read(tmp_path / "logs" / "postgres_logs.ndjson")
    assert [line["log_attributes"]["parsed.process_id"] for line in lines] == [str(pid) for pid in range(50)]


def test_the_forwarder_waits_for_a_log_that_is_not_there_yet(tmp_path: Path) -> None:
    forwarder = Forwarder(tmp_path, tmp_path / "logs")
    forwarder.start()
    (tmp_path / "postgres.json").write_text(json.dumps(ENTRY) + "\n")
    forwarder.stop()
    assert len(read(tmp_path / "logs" / "postgres_logs.ndjson")) == 1


def test_writers_that_share_a_file_do_not_cut_each_other_short(tmp_path: Path) -> None:
    writers = [LogWriter(tmp_path / "logs") for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: writers[number % 4].write(edge_line(AT, CALL)), range(400)))
    writers[0].write_many(EDGE, b"".join(encode(edge_line(AT, CALL)) for _ in range(100)))
    for writer in writers:
        writer.close()
    lines = read(tmp_path / "logs" / "edge_logs.ndjson")
    assert len({line["id"] for line in lines}) == 500
    for line in lines:
        assert_shape(line)


def test_all_three_streams_are_there_from_the_start(tmp_path: Path) -> None:
    LogWriter(tmp_path).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.ndjson" for name in STREAMS)
