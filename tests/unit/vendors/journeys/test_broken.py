"""What an exception in a journey says."""

import json

import httpx
import pytest

from bakewatch.model.journey import Walked
from bakewatch.vendors.journeys.broken import CannotWalk, Misuse, Unmet, broken
from bakewatch.vendors.journeys.wire import Broken, Exchange

SECRET = "kim@example.com"
ANSWERED = [Exchange(method="GET", path="/ok", status=200), Exchange(method="GET", path="/live")]
UNANSWERED = [Exchange(method="GET", path="/live")]


def judge(error: BaseException, *, answered: bool = True, inside: bool = True) -> Broken:
    return broken(error, ANSWERED if answered else UNANSWERED, "test_live, line 7", inside=inside)


def status_error() -> httpx.HTTPStatusError:
    request = httpx.Request("GET", f"http://127.0.0.1/{SECRET}")
    return httpx.HTTPStatusError(SECRET, request=request, response=httpx.Response(500, request=request))


@pytest.mark.parametrize(
    "error",
    [
        AssertionError(SECRET),
        status_error(),
        json.JSONDecodeError(SECRET, SECRET, 0),
        httpx.DecodingError(SECRET),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, SECRET),
        KeyError(SECRET),
        IndexError(SECRET),
        TypeError(SECRET),
        AttributeError(SECRET),
        ValueError(SECRET),
        httpx.ReadTimeout(SECRET),
        httpx.RemoteProtocolError(SECRET),
        httpx.ReadError(SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_application_answered_or_owed_is_a_failure_without_quoting_it(error: Exception) -> None:
    found = judge(error)
    assert (found.walked, found.code, found.exchanges) == (Walked.FAILED, "", 2)
    assert "test_live, line 7" in found.words and SECRET not in found.words


def test_an_unmet_expectation_is_told_in_the_journeys_own_words() -> None:
    assert judge(Unmet("chat is shown")).words == "chat is shown"
    with pytest.raises(pytest.fail.Exception) as failed:
        pytest.fail("chat is shown")
    assert judge(failed.value) == judge(Unmet("chat is shown"))
    assert len(judge(Unmet("long " * 1000)).words) == 300


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ConnectError(SECRET), "unreachable"),
        (httpx.ConnectTimeout(SECRET), "unreachable"),
        (httpx.PoolTimeout(SECRET), "unreachable"),
        (CannotWalk("no_database"), "no_database"),
        (Misuse(SECRET), "journey_error"),
        (NameError(SECRET), "journey_error"),
        (ImportError(SECRET), "journey_error"),
        (OSError(SECRET), "journey_error"),
        (httpx.UnsupportedProtocol(SECRET), "journey_error"),
        (httpx.LocalProtocolError(SECRET), "journey_error"),
        (httpx.InvalidURL(SECRET), "journey_error"),
        (SystemExit(SECRET), "journey_error"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_fault_of_the_application_is_not_walked(error: BaseException, code: str) -> None:
    found = judge(error)
    assert (found.walked, found.code) == (Walked.UNWALKED, code)
    assert SECRET not in found.words


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.RemoteProtocolError("")])
def test_silence_from_the_first_request_on_is_not_walked(error: Exception) -> None:
    assert judge(error, answered=False).walked is Walked.UNWALKED
    assert judge(error, answered=False).code == "no_answer"


def test_a_stumble_before_any_answer_or_in_a_fixture_is_the_journeys_own() -> None:
    assert judge(KeyError("x"), answered=False).code == "journey_error"
    assert judge(KeyError("x"), inside=False).code == "journey_error"
