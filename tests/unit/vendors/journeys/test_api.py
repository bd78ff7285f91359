"""The journey's HTTP client, over a transport in memory."""

import json

import httpx
import pytest

from bakewatch.vendors.journeys.api import MAX_EXCHANGES, Api, error_code
from bakewatch.vendors.journeys.wire import Exchange


def answer(status: int, body: bytes) -> httpx.Response:
    return httpx.Response(status, content=body)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b'{"code": "42703", "message": "column registrations.id does not exist"}', "42703"),
        (400, b'{"code": 400, "error_code": "refresh_token_already_used"}', "refresh_token_already_used"),
        (403, b'{"code": 403}', ""),
        (200, b'{"code": "fine"}', ""),
        (500, b"<html>", ""),
        (500, b"\xff\xfe", ""),
        (500, b'{"code": "\\ud800"}', ""),
        (500, b"[" * 100_000, ""),
        (500, b'["code"]', ""),
        (500, b'{"code": ["x"]}', ""),
        (500, json.dumps({"code": "x" * 10_000}).encode(), "x" * 100),
    ],
)
def test_the_error_code_is_read_out_of_an_error_and_of_nothing_else(status: int, body: bytes, code: str) -> None:
    assert error_code(answer(status, body)) == code


def client(exchanges: list[Exchange]) -> Api:
    transport = httpx.MockTransport(lambda request: httpx.Response(204))
    return Api("http://127.0.0.1", "bw-1", exchanges, transport=transport)


def test_an_exchange_is_recorded_without_its_query() -> None:
    exchanges: list[Exchange] = []
    client(exchanges).get("/live?email=kim@example.com")
    assert [(one.method, one.path, one.status) for one in exchanges] == [("GET", "/live", 204)]


def test_every_request_carries_the_tag_where_hosted_logs_keep_it() -> None:
    seen: list[httpx.Headers] = []

    def heard(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(204)

    Api("http://127.0.0.1", "bw-1", [], transport=httpx.MockTransport(heard)).get("/live")
    [headers] = seen
    assert (headers["x-bakewatch"], headers["user-agent"]) == ("bw-1", "bakewatch/bw-1")
    assert headers["x-client-info"] == "bakewatch/bw-1"


def test_a_walk_of_thousands_of_requests_is_recorded_in_its_beginning() -> None:
    exchanges: list[Exchange] = []
    api = client(exchanges)
    for _ in range(MAX_EXCHANGES + 10):
        api.get("/live")
    assert len(exchanges) == MAX_EXCHANGES
