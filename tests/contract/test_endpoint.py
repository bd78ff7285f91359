"""What production serves, asked over real HTTP."""

import json
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from bakewatch.address import require_safe
from bakewatch.errors import ConfigError
from bakewatch.vendors.endpoint import Endpoint, EndpointSettings
from tests.contract.loopback import Answer, serving

NOW = datetime(2026, 2, 7, tzinfo=UTC)
COMMIT = "a8719e7a02f879b3b39cdf290c3fbed7311410d5"


def _endpoint(*addresses: str, **settings: object) -> Endpoint:
    return Endpoint(EndpointSettings(addresses=addresses, **settings), lambda: NOW)  # type: ignore[arg-type]


def _json(body: object, status: int = 200, **headers: str) -> Answer:
    return status, headers, json.dumps(body).encode()


def test_every_address_is_asked_once_past_every_cache() -> None:
    with serving(lambda asked: _json({"commit": COMMIT.upper(), "deployment": "dpl_7"})) as server:
        platform = _endpoint(server.url, server.url + "/")
        first, second = platform.sight()
        platform.sight()
    assert (first.commit, first.deployment, first.problem, first.at) == (COMMIT, "dpl_7", "", NOW)
    assert second.commit == COMMIT
    assert len({one.path for one in server.asked}) == 4
    assert {one.headers["cache-control"] for one in server.asked} == {"no-cache"}


def test_a_nested_key_and_a_short_commit_are_read() -> None:
    with serving(lambda asked: _json({"build": {"sha": COMMIT[:9]}})) as server:
        (seen,) = _endpoint(server.url, commit="build.sha", path="/v").sight()
    assert (seen.commit, seen.deployment) == (COMMIT[:9], "")


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (_json({}, 503), "status_503"),
        (_json({}, 302, location="https://elsewhere.example/"), "status_302"),
        ((200, {}, b"<html>"), "malformed"),
        ((200, {}, b" " * 200_000), "malformed"),
        ((200, {}, b'{"commit":"\xff"}'), "malformed"),
        ((200, {}, b"[" * 60_000), "malformed"),
        (_json({"commit": "main"}), "no_commit"),
        (_json({"commit": 7}), "no_commit"),
        (_json(["commit"]), "no_commit"),
    ],
)
def test_an_answer_that_names_no_commit_is_a_problem_not_a_commit(answer: Answer, problem: str) -> None:
    with serving(lambda asked: answer) as server:
        (seen,) = _endpoint(server.url).sight()
    assert (seen.commit, seen.problem) == ("", problem)


def test_no_answer_is_unreachable() -> None:
    with serving(lambda asked: _json({})) as server:
        url = server.url
    (seen,) = _endpoint(url).sight()
    assert seen.problem == "unreachable"


def test_an_answer_that_comes_drop_by_drop_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            there, _ = server.accept()
            with there, suppress(OSError):
                there.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n")
                for _ in range(60):
                    there.sendall(b" ")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        (seen,) = _endpoint(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.3).sight()
        thread.join()
    assert (seen.commit, seen.problem) == ("", "timeout")


@pytest.mark.parametrize(
    "address",
    [
        "http://live.example",
        "ftp://live.example",
        "https://u:p@live.example",
        "live",
        "https://",
        "https://[::1",
        "https://xn--/",
        "https://\x01",
        "https://live.example:port",
    ],
)
def test_an_unsafe_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _endpoint(address)
    assert "u:p" not in str(caught.value)


def test_the_path_of_a_refused_address_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="`http://hooks.example` is not https") as caught:
        require_safe("http://hooks.example/services/T0/SECRET")
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("path", ["version", ".evil.example/version", "@evil.example/", "/\x01", "/ver sion"])
def test_a_path_cannot_lead_to_another_host(path: str) -> None:
    with pytest.raises(ConfigError, match="`path` is none"):
        _endpoint("https://live.example", path=path)
