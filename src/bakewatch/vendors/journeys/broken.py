"""What an exception in a journey says: about the release, or only about the walk."""

import json
from collections.abc import Sequence

import httpx
import pytest

from bakewatch.model.journey import Walked
from bakewatch.vendors.journeys.wire import Broken, Exchange, short


class CannotWalk(Exception):
    """The walk cannot go on, through no fault of the application. Its argument is a code."""


class Misuse(Exception):
    """The journey uses a fixture in a way that it does not offer."""


class Unmet(AssertionError):
    """An expectation did not hold. Its argument is the journey's own words for it."""


_UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_OURS = (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.ProxyError)
_BAD_ANSWER = (httpx.DecodingError, json.JSONDecodeError, UnicodeDecodeError)
_SHAPE = (LookupError, TypeError, AttributeError, ValueError)


def broken(error: BaseException, exchanges: Sequence[Exchange], place: str, *, inside: bool) -> Broken:
    """Judge *error*, raised at *place* after *exchanges*; *inside* a test, or in one of its fixtures.

    1. No connection, or a fixture that cannot serve: not walked.
    2. A connection without an answer: failed when the application answered before, else not walked.
    3. An expectation or assertion, an unexpected status, an unreadable answer: failed.
    4. A test that stumbles over the shape of an answer (`KeyError`, `TypeError`, …): failed.
    5. Everything else is a fault of the journey: not walked.

    The error's own message is only used where the journey wrote it: others may quote an answer.
    """
    answered = any(exchange.status for exchange in exchanges)
    made = len(exchanges)
    if isinstance(error, CannotWalk):
        return Broken(walked=Walked.UNWALKED, code=str(error), exchanges=made)
    if isinstance(error, _UNREACHED):
        return Broken(walked=Walked.UNWALKED, code="unreachable", exchanges=made)
    if isinstance(error, httpx.TransportError) and not isinstance(error, _OURS):
        walked, code = (Walked.FAILED, "") if answered else (Walked.UNWALKED, "no_answer")
        return Broken(walked=walked, code=code, words=f"{place}: no answer", exchanges=made)
    if isinstance(error, Unmet | pytest.fail.Exception):
        return Broken(walked=Walked.FAILED, words=short(str(error), 300), exchanges=made)
    if isinstance(error, AssertionError | httpx.HTTPStatusError):
        return Broken(walked=Walked.FAILED, words=place, exchanges=made)
    if isinstance(error, _BAD_ANSWER) or (inside and answered and isinstance(error, _SHAPE)):
        return Broken(walked=Walked.FAILED, words=f"{place}: {type(error).__name__}", exchanges=made)
    return Broken(
        walked=Walked.UNWALKED, code="journey_error", words=f"{place}: {type(error).__name__}", exchanges=made
    )
