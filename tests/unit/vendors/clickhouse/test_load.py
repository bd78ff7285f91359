"""A line becomes a row without personal data, and keeps what checks ask about."""

import json
from typing import Any

import pytest

from bakewatch.vendors.clickhouse.load import Cleaner

ID = "b9fa2895-dde0-4fdd-9fda-bb9a86edec8e"
USER = "550e8400-e29b-41d4-a716-446655440000"


def cleaner(secret: bytes = b"s" * 32) -> Cleaner:
    return Cleaner(["request.sb.auth_user"], secret)


def line(**changes: Any) -> bytes:
    given: dict[str, Any] = {
        "id": ID,
        "timestamp": "2026-02-07T02:46:18.215000",
        "source": "edge_logs",
        "event_message": "GET | 400",
        "severity_text": "INFO",
        "log_attributes": {},
    }
    return json.dumps(given | changes, ensure_ascii=False).encode()


def row(**changes: Any) -> dict[str, Any]:
    made = cleaner().row(line(**changes))
    assert made is not None
    return made


def attribute(key: str, value: Any) -> str:
    return str(row(log_attributes={key: value})["log_attributes"][key])


def test_a_line_becomes_a_row() -> None:
    assert row(log_attributes={"request.method": "GET"}) == {
        "id": ID,
        "timestamp": "2026-02-07 02:46:18.215000",
        "source": "edge_logs",
        "event_message": "GET | 400",
        "severity_text": "INFO",
        "log_attributes": {"request.method": "GET"},
    }


@pytest.mark.parametrize(
    ("given", "loaded"),
    [
        ("2026-02-07T02:46:18Z", "2026-02-07 02:46:18.000000"),
        ("2026-02-07T11:46:18+09:00", "2026-02-07 02:46:18.000000"),
        ("2026-02-07 02:46:18.123456789", "2026-02-07 02:46:18.123456"),
    ],
)
def test_a_timestamp_is_read_as_utc(given: str, loaded: str) -> None:
    assert row(timestamp=given)["timestamp"] == loaded


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b"1",
        b'"text"',
        b"null",
        b"{}",
        line()[:-10],
        line(timestamp="yesterday"),
        line(timestamp=1770432378),
        line(timestamp="1999-12-31T23:59:59"),
        line(timestamp="2100-01-01T00:00:00"),
        line(source=""),
        line(source="edge logs"),
        line(source="x" * 65),
        line(source=None),
        line(event_message=5),
        line(log_attributes=[]),
        line(log_attributes="x"),
        b'{"timestamp":"2026-02-07T02:46:18","source":"\xff"}',
    ],
)
def test_a_malformed_line_gives_no_row(raw: bytes) -> None:
    assert cleaner().row(raw) is None


def test_a_line_needs_only_its_time_and_its_stream() -> None:
    made = cleaner().row(b'{"timestamp":"2026-02-07T02:46:18","source":"edge_logs","other":{"email":"a@b.c"}}')
    assert made is not None
    assert (made["id"], made["event_message"], made["log_attributes"]) == ("", "", {})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("response.status_code", "400"),
        ("response.origin_time", "1234567.8"),
        ("duration", "16260718123"),
        ("request.method", "GET"),
        ("request.path", "/rest/v1/registrations"),
        ("path", "/user"),
        ("error_code", "refresh_token_already_used"),
        ("parsed.sql_state_code", "42703"),
        ("parsed.error_severity", "ERROR"),
        ("parsed.user_name", "authenticator"),
        ("parsed.application_name", "bakewatch"),
        ("parsed.backend_type", "client"),
        ("request.headers.x_bakewatch", "bw-a8719e7a02f8-1"),
        ("request.headers.x-bakewatch", "bw-a8719e7a02f8-1"),
        ("grant_type", "refresh_token"),
        ("level", "error"),
        ("msg", "request completed"),
        ("parsed.hint", 'Perhaps you meant to reference the column "registrations.event_id".'),
    ],
)
def test_what_checks_ask_about_is_kept(key: str, value: str) -> None:
    assert attribute(key, value) == value


@pytest.mark.parametrize(
    ("key", "value", "secret"),
    [
        ("request.headers.cf_connecting_ip", "203.0.113.7", "203"),
        ("request.search", "?select=id&name=eq.kim", "kim"),
        ("request.search", "select=id&name=eq.kim", "kim"),
        ("request.url", "https://live.example/rest/v1/u/kim@x.org?name=kim", "kim"),
        ("request.path", "/users/김철수/posts", "김철수"),
        ("parsed.detail", "Key (email)=(kim) already exists.", "kim"),
        ("parsed.query", "select * from users where name = 'kim'", "kim"),
        ("auth_event.actor_username", "kim", "kim"),
        ("user.email", "kim", "kim"),
        ("request.headers.authorization", "kim", "kim"),
        ("x.refresh_token", "kim", "kim"),
        ("status", "kim@x.org", "kim"),
        ("method", "010-1234-5678 ", "1234"),
        ("user_agent", "x/1 (kim@x.org)", "kim"),
        ("request.headers.x_bakewatch", "kim <kim@x.org>", "kim@x"),
        ("request_id", "d41d8cd98f00b204e9800998ecf8427e", "d41d"),
        ("body", {"email": "kim", "n": [{"phone": "kim"}]}, "kim"),
        ("body", ["kim@x.org"], "kim"),
        ("phone", 1012345678, "1012345678"),
        ("count_of", 1012345678, "1012345678"),
    ],
)
def test_personal_data_is_not_loaded(key: str, value: Any, secret: str) -> None:
    assert secret not in attribute(key, value)


def test_a_key_can_be_personal_too() -> None:
    made = row(log_attributes={"kim@x.org": "1"})
    assert list(made["log_attributes"]) == ["[email]"]


def test_values_that_are_not_strings_become_strings() -> None:
    assert attribute("response.status_code", 400) == "400"
    assert attribute("flag", True) == "true"
    assert attribute("nothing", None) == ""


def test_an_actor_can_be_counted_but_not_known() -> None:
    one, again = attribute("request.sb.auth_user", USER), attribute("request.sb.auth_user", USER)
    other = attribute("request.sb.auth_user", USER[:-1] + "1")
    assert one == again != other
    assert USER not in one and len(one) == 32
    assert attribute("request.sb.auth_user", "") == ""
    elsewhere = cleaner(b"t" * 32).value("request.sb.auth_user", USER)
    assert elsewhere != one


def test_a_message_that_is_json_stays_json_and_is_masked_key_by_key() -> None:
    message = {
        "msg": "request completed",
        "status": 401,
        "duration": 16260718,
        "path": "/user?email=kim",
        "error_code": "refresh_token_already_used",
        "remote_addr": "203.0.113.7",
        "auth_user": USER,
        "user": {"email": "kim", "phones": ["010-1234-5678"], "age": 40, "admin": False, "none": None},
        "n": 12345678,
    }
    loaded = json.loads(row(event_message=json.dumps(message))["event_message"])
    assert loaded == {
        "msg": "request completed",
        "status": 401,
        "duration": 16260718,
        "path": "/user",
        "error_code": "refresh_token_already_used",
        "remote_addr": "[ip]",
        "auth_user": cleaner().value("request.sb.auth_user", USER),
        "user": {"email": "[value]", "phones": ["[phone]"], "age": 40, "admin": False, "none": None},
        "n": "[number]",
    }


def test_a_message_that_only_begins_like_json_is_masked_as_text() -> None:
    assert row(event_message='{"email":"kim"')["event_message"] == '{"email":"[value]"'


def test_an_id_is_kept_when_it_is_a_name_and_masked_otherwise() -> None:
    assert row(id="42-abc")["id"] == "42-abc"
    assert "kim" not in row(id="kim@x.org")["id"]
