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
        (" 2026-02-07T02:46:18Z ", "2026-02-07 02:46:18.000000"),
        (1770432378, "2026-02-07 02:46:18.000000"),
        (1770432378.25, "2026-02-07 02:46:18.250000"),
        (1770432378215, "2026-02-07 02:46:18.215000"),
        (1770432378215001, "2026-02-07 02:46:18.215001"),
        (1770432378215001999, "2026-02-07 02:46:18.215001"),
        ("1770432378215", "2026-02-07 02:46:18.215000"),
    ],
)
def test_a_timestamp_is_read_as_utc(given: Any, loaded: str) -> None:
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
        line(timestamp=True),
        line(timestamp=None),
        line(timestamp=17704323),
        line(timestamp=-1770432378),
        line(timestamp=10**25),
        line(timestamp="9999-12-31T23:59:59-23:59"),
        line(timestamp="2000-01-01T00:00:00+23:59"),
        line() + line(),
        line(timestamp="1999-12-31T23:59:59"),
        line(timestamp="2100-01-01T00:00:00"),
        line(source=""),
        line(source="edge logs"),
        line(source="x" * 65),
        line(source=None),
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


MARK = "bakewatch/bw-a8719e7a02f8-1"


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("request.headers.user_agent", MARK, MARK),
        ("request.headers.x_client_info", MARK, MARK),
        ("request.headers.user-agent", f"Mozilla/5.0 (X11; kim) Chrome/150.0 {MARK}", MARK),
        ("request.headers.user_agent", f"{MARK} kim@x.org", MARK),
        ("request.headers.x_client_info", f"supabase-js/2.1 {MARK} 010-1234-5678", MARK),
    ],
)
def test_of_what_a_program_calls_itself_our_own_mark_is_kept_and_nothing_else(key: str, value: str, kept: str) -> None:
    assert attribute(key, value) == kept


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("request.headers.user_agent", "bakewatch/bw-kim@x.org-1"),
        ("request.headers.user_agent", "bakewatch/bw-0101234567890-1"),
        ("request.headers.user_agent", "notbakewatch/bw-a8719e7a02f8-1 kim@x.org 010-1234-5678"),
        ("request.headers.user_agent", "bakewatch/bw-a8719e7a02f8-12345678901"),
        ("parsed.query", f"{MARK} 'kim@x.org' 010-1234-5678"),
    ],
)
def test_what_only_looks_like_our_mark_is_masked_like_anything_else(key: str, value: str) -> None:
    kept = attribute(key, value)
    assert kept != value and "kim" not in kept and "1234" not in kept


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
        "user": {"email": "kim", "age": 40},
        "attempt": {
            "email": "kim",
            "phones": ["010-1234-5678"],
            "age": 40,
            "admin": False,
            "none": None,
            "list": ["kim"],
        },
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
        "user": "[value]",
        "attempt": {
            "email": "[value]",
            "phones": ["[phone]"],
            "age": 40,
            "admin": False,
            "none": None,
            "list": ["kim"],
        },
        "n": "[number]",
    }


def test_a_message_that_only_begins_like_json_is_masked_as_text() -> None:
    assert row(event_message='{"email":"kim"')["event_message"] == '{"email":"[value]"'


@pytest.mark.parametrize("given", [ID, ID.upper(), "42-abc", "175928847299117063", "8f2a9b8c7d6e5f4a-ICN", "l1", ""])
def test_an_id_is_kept_when_it_is_opaque(given: str) -> None:
    assert row(id=given)["id"] == given


@pytest.mark.parametrize(
    "given", ["kim@x.org", "010-1234-5678", "01012345678", "192.168.0.17", "900101-1234567", "2001:db8::1", "kim lee"]
)
def test_an_id_that_may_tell_of_a_person_becomes_a_hash_so_that_two_lines_stay_two(given: str) -> None:
    one = row(id=given)["id"]
    assert given not in one and len(one) == 32
    assert one == row(id=given)["id"] != row(id=given[:-1] + "9")["id"]


def test_what_is_null_or_no_text_is_loaded_all_the_same() -> None:
    made = row(id=5, event_message=None, severity_text=None, log_attributes=None)
    assert (made["id"], made["event_message"], made["severity_text"], made["log_attributes"]) == ("5", "", "", {})
    made = row(id=None, event_message={"msg": "m", "email": "kim"}, severity_text=3)
    assert (made["id"], made["severity_text"]) == ("", "3")
    assert json.loads(made["event_message"]) == {"msg": "m", "email": "[value]"}
    assert row(log_attributes={"a": {"b": [1, {"c": "x"}]}, "n": None})["log_attributes"] == {
        "a": '{"b":[1,{"c":"x"}]}',
        "n": "",
    }


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (line(event_message="does X not").replace(b"X", b"\xff"), "does \ufffd not"),
        (b"\0" * 5000 + line(event_message="m"), "m"),
        (b"\xef\xbb\xbf" + line(event_message="m"), "m"),
        (line(event_message="m") + b"\r", "m"),
        (line(event_message="aXb").replace(b"X", b"\0"), "a b"),
        (line(event_message="aXb").replace(b"X", b"\\ud800"), "a\ufffdb"),
        (line(event_message="aXb").replace(b"X", b"\\ud83d\\ude00"), "a\U0001f600b"),
        (line(event_message="m", log_attributes={"x": float("nan")}), "m"),
        (line(event_message="m", log_attributes={"x": 1}).replace(b"1}", b"9" * 5000 + b"}"), "m"),
    ],
)
def test_a_line_that_was_damaged_is_read_as_far_as_it_can_be(raw: bytes, message: str) -> None:
    made = cleaner().row(raw)
    assert made is not None
    assert (made["event_message"], made["source"]) == (message, "edge_logs")


@pytest.mark.parametrize("depth", [30, 400, 900, 3000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
def test_nothing_is_too_deep_to_be_survived(depth: int, opening: str, closing: str) -> None:
    deep = opening * depth + '"kim@x.org"' + closing * depth
    assert "kim" not in row(event_message=deep)["event_message"]
    raw = line(log_attributes={"x": 1}).replace(b'"x": 1', b'"x": ' + deep.encode())
    made = cleaner().row(raw)
    assert made is None or "kim" not in made["log_attributes"]["x"]


def test_a_structure_is_looked_into_twenty_deep() -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = {"a": deep}
    message = row(event_message=json.dumps(deep))["event_message"]
    assert message == '{"a":' * 20 + '"[value]"' + "}" * 20


@pytest.mark.parametrize(
    "message",
    [
        {"address": {"line1": "kim", "lines": ["kim"]}},
        {"password": {"value": "kim"}},
        {"name": ["kim", "kim"]},
        {"profile": {"name": {"first": "kim"}}},
        [{"user": {"first": "kim"}}],
        {"token": [[{"v": "kim"}]]},
        {"session": {"v": "kim"}},
        {"a": json.dumps({"password": {"b": "kim"}})},
    ],
)
def test_what_a_telling_key_names_is_masked_whole(message: Any) -> None:
    assert "kim" not in row(event_message=json.dumps(message))["event_message"]
    assert "kim" not in row(event_message="got " + json.dumps(message))["event_message"]
    assert "kim" not in attribute("body", message)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "01012345678"),
        ("status", 1012345678),
        ("action", "010-1234-5678"),
        ("version", "900101-1234567"),
        ("count", "01012345678"),
        ("count", 9001011234567),
        ("size", 9001011234567),
        ("duration", "01012345678"),
        ("request.host", "192.168.0.17"),
        ("host", "2001:db8::1"),
        ("method", "d41d8cd98f00b204e9800998ecf8427e"),
        ("user_name", "gildong"),
        ("request.user_name", "gildong"),
        ("request.headers.x_bakewatch", "hong@example.com"),
        ("request.headers.x_bakewatch", "010-1234-5678"),
        ("code", "010-1234"),
        ("code", "98765"),
        ("application_name", "bakewatch/01012345678"),
    ],
)
def test_a_safe_key_lets_nothing_personal_through(key: str, value: Any) -> None:
    assert str(value) != attribute(key, value)
    assert "12345" not in attribute(key, value)
    message = {key: value}
    assert "12345" not in row(event_message=json.dumps(message))["event_message"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("code", "42703"),
        ("error.code", "23505"),
        ("code", "57P01"),
        ("code", "PGRST204"),
        ("code", "session_not_found"),
        ("sqlstate", "42703"),
        ("sql_state", "P0001"),
        ("error_code", "42703"),
        ("request.host", "abcdefgh.supabase.example"),
        ("host", "live-event.example:8787"),
        ("version", "16.3.1"),
        ("count", "1234567890"),
        ("bytes", "123456789012"),
        ("elapsed", "1234567ns"),
        ("attempt", "3"),
        ("request.headers.x_bakewatch", "bw-010123456789-12"),
        ("request.headers.x_bakewatch", "bw-canary-1"),
        ("parsed.application_name", "bakewatch/bw-010123456789-1"),
        ("request.path", "/rest/v1/registrations_2024"),
        ("auth_event.action", "token_refreshed"),
    ],
)
def test_codes_measures_and_names_of_parts_are_kept(key: str, value: str) -> None:
    assert attribute(key, value) == value


def test_an_actor_in_a_structure_is_a_hash_whatever_it_is() -> None:
    message = {"auth_user": {"id": "kim"}, "x": 1}
    loaded = json.loads(row(event_message=json.dumps(message))["event_message"])
    assert loaded == {"auth_user": cleaner().value("auth_user", {"id": "kim"}), "x": 1}
    assert len(loaded["auth_user"]) == 32
