"""The visitors: what they do, how often, and what counts as a bad answer."""

import asyncio
import inspect
import itertools
import json
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from live_rig import Live, assert_shape, read
from starlette.routing import Match, Route

from live_event import api, auth, client, past
from live_event.database import PUBLIC_EVENT
from live_event.load import MIX, Tally, Visitor, play

MISTAKES = ("lost", "forgot_token", "reuse_token")


def test_the_mix_names_what_a_visitor_can_do() -> None:
    for name, weight in MIX.items():
        assert inspect.iscoroutinefunction(getattr(Visitor, name)), name
        assert weight > 0


def test_visitors_mostly_watch_and_seldom_make_mistakes() -> None:
    total = sum(MIX.values())
    assert max(MIX, key=lambda name: MIX[name]) == "ping"
    assert tuple(MIX)[-len(MISTAKES) :] == MISTAKES
    assert sum(MIX[name] for name in MISTAKES) / total < 0.05
    assert MIX["reuse_token"] < MIX["refresh"]


def _acted(*names: str) -> list[httpx.Request]:
    """What a visitor who has signed in asks when doing this."""
    asked: list[httpx.Request] = []
    numbers = itertools.count()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        number = next(numbers)
        return httpx.Response(200, json={"access_token": f"access {number}", "refresh_token": f"refresh {number}"})

    async def act() -> None:
        async with httpx.AsyncClient(base_url="http://live", transport=httpx.MockTransport(answer)) as client:
            visitor = Visitor(client, Tally(Path("nowhere")), 7, random.Random(1))
            await visitor.sign_in()
            asked.clear()
            for name in names:
                await getattr(visitor, name)()

    asyncio.run(act())
    return asked


def _endpoint(request: httpx.Request) -> object:
    """What of the service answers the request."""
    scope = {"type": "http", "method": request.method, "path": request.url.path, "root_path": "", "headers": []}
    parts = (api.router, auth.router, client.router)
    routes = [one for part in parts for one in part.routes if isinstance(one, Route)]
    return next(one.endpoint for one in routes if one.matches(scope)[0] is Match.FULL)


@pytest.mark.parametrize("name", MIX)
def test_what_a_visitor_does_is_something_that_the_service_offers(name: str) -> None:
    asked = _acted("refresh", name)
    assert len(asked) >= 2
    for request in asked:
        assert _endpoint(request) is not auth.nothing
        assert request.headers["cf-connecting-ip"] == "10.0.0.8"
        assert "x-bakewatch" not in request.headers


def test_a_visitor_goes_on_with_the_newest_token() -> None:
    first, second, after = _acted("refresh", "refresh", "who_am_i")
    assert json.loads(first.content) == {"refresh_token": "refresh 0"}
    assert json.loads(second.content) == {"refresh_token": "refresh 1"}
    assert after.headers["authorization"] == "Bearer access 2"


def test_a_visitor_reuses_the_token_before_the_newest_and_then_signs_in_again() -> None:
    refreshed, reused, again = _acted("refresh", "reuse_token")
    assert reused.content == refreshed.content
    assert again.url.params["grant_type"] == "password"


def test_a_visitor_who_has_not_refreshed_has_nothing_to_reuse() -> None:
    assert _acted("reuse_token") == []


def test_a_visitor_who_forgot_the_token_sends_none() -> None:
    (asked,) = _acted("forgot_token")
    assert "authorization" not in asked.headers


def test_nobody_asks_the_same_question_twice() -> None:
    asked = [json.loads(request.content)["body"] for request in _acted(*["ask"] * 50)]
    assert len(set(asked)) == 50


@pytest.mark.parametrize(
    ("status", "path", "bad"),
    [
        (200, "/api/events", False),
        (400, "/api/events/x/live", True),
        (400, "/auth/v1/token", False),
        (401, "/auth/v1/user", False),
        (403, "/api/events/x/presence/ping", False),
        (404, "/api/events/last-year/live", False),
        (409, "/api/events/x/questions", False),
        (500, "/api/events/x/live", True),
        (500, "/auth/v1/token", True),
        (503, "/api/events", True),
    ],
)
def test_a_bad_answer_is_one_that_visitors_did_not_cause(tmp_path: Path, status: int, path: str, bad: bool) -> None:
    tally = Tally(tmp_path)
    tally.note(httpx.Response(status, request=httpx.Request("GET", f"http://live{path}")))
    assert (tally.asked, tally.bad) == (1, int(bad))
    assert [(one["status"], one["path"]) for one in read(tmp_path / "bad.ndjson")] == [(status, path)] * bad


@pytest.mark.real
def test_visitors_of_the_healthy_service_get_no_bad_answer_and_make_a_history(live: Live, tmp_path: Path) -> None:
    asyncio.run(play([str(live.http.base_url)], tmp_path, visitors=10, per_second=80, seconds=4, seed=1))
    told = json.loads((tmp_path / "load.json").read_text())
    assert (told["bad"], (tmp_path / "bad.ndjson").exists()) == (0, False)
    assert told["asked"] > 150

    edge = Counter(
        (one["log_attributes"]["request.path"], one["log_attributes"]["response.status_code"])
        for one in live.lines("edge_logs")
    )
    assert edge["/rest/v1/presence", "201"] > 50
    assert {status for _, status in edge} <= {"200", "201", "400", "401"}
    assert live.count("registrations", PUBLIC_EVENT) == 10

    written = past.generate(live.logs, timedelta(minutes=1))
    made = [line for stream in past.STREAMS for line in read(live.logs / f"past-{stream}.ndjson")]
    assert len(made) == written > 1000
    for line in made:
        assert_shape(line)
