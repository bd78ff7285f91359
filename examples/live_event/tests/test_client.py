"""The front end: what it says, and that visitors do as it says."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_rig import Live, Person

from live_event.client import BEHAVIOUR
from live_event.load import MIX, Tally, Visitor
from live_event.tables import PUBLIC_KEY


def _visits(behaviour: dict[str, Any], *names: str, **answers: httpx.Response) -> Counter[str]:
    """How often a visitor whose front end behaves so asks what, when doing this."""
    asked: Counter[str] = Counter()

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.rpartition("/")[2]
        asked[path] += 1
        if path == "client.json":
            return httpx.Response(200, json=behaviour)
        grant = request.url.params.get("grant_type", "")
        tokens = {"access_token": "access", "refresh_token": "refresh"}
        return answers.get(grant or path, httpx.Response(200, json=tokens))

    async def act() -> None:
        async with httpx.AsyncClient(base_url="http://live", transport=httpx.MockTransport(answer)) as client:
            visitor = Visitor(client, Tally(Path("nowhere")), 7, random.Random(1))
            await visitor.sign_in()
            await visitor.look()
            asked.clear()
            for name in names:
                await getattr(visitor, name)()

    asyncio.run(act())
    return asked


def test_a_page_load_reads_how_the_front_end_behaves() -> None:
    assert _visits(BEHAVIOUR, "look") == {"client.json": 1, "live": 1}


def test_a_newer_page_is_taken_with_the_next_sign_of_life() -> None:
    assert _visits({}, "ping") == {"client.json": 1, "ping": 1}


@pytest.mark.parametrize("behaviour", [BEHAVIOUR, {}, {"unheard_of": 1}])
def test_by_default_nothing_is_done_twice(behaviour: dict[str, Any]) -> None:
    assert _visits(behaviour, "track", "ping", "refresh") == {"track": 1, "client.json": 1, "ping": 1, "token": 1}


def test_a_page_may_enter_by_itself() -> None:
    assert _visits({"enter_on_load": True}, "look") == {"client.json": 1, "live": 1, "track": 1}


def test_entering_is_tried_again_until_a_registration_was_created() -> None:
    known = httpx.Response(200, json={"created": False})
    created = httpx.Response(200, json={"created": True})
    assert _visits({"enter_again": 3}, "track", track=known) == {"track": 4}
    assert _visits({"enter_again": 3}, "track", track=created) == {"track": 1}
    assert _visits({"enter_again": 3}, "track", track=httpx.Response(403)) == {"track": 1}


def test_every_sign_of_life_may_ask_auth_who_one_is() -> None:
    assert _visits({"who_am_i_per_ping": True}, "ping", "ping") == {"client.json": 2, "ping": 2, "user": 2}


def test_two_tabs_refresh_at_once_and_sign_in_again_when_one_was_refused() -> None:
    assert _visits({"tabs": 2}, "refresh") == {"token": 2}
    assert _visits({"tabs": 2}, "refresh", refresh_token=httpx.Response(400)) == {"token": 3}


def test_whoever_cannot_sign_in_can_only_try_again() -> None:
    refused = httpx.Response(400, json={})
    assert _visits({}, "sign_in", *["_act"] * 20, password=refused) == {"token": 21}


def test_the_old_fault_is_met_only_while_it_is_played() -> None:
    assert "replay" not in MIX
    assert _visits({}, *["_act"] * 200)["replay"] == 0


@pytest.mark.real
def test_the_service_serves_its_front_end(live: Live) -> None:
    assert live.http.get("/client.json").json() == BEHAVIOUR


@pytest.mark.real
def test_two_tabs_that_refresh_at_once_end_the_session(live: Live, somebody: Person) -> None:
    answers = [live.token("refresh_token", refresh_token=somebody.refresh) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 400]
    assert answers[1].json()["error_code"] == "refresh_token_already_used"
    assert live.http.get("/auth/v1/user", headers=somebody.headers).status_code == 403


@pytest.mark.real
def test_a_stranger_sees_public_events_and_no_registration(live: Live, somebody: Person, path: str) -> None:
    live.http.post(f"{path}/access/track", headers=somebody.headers)
    key = {"apikey": PUBLIC_KEY}
    assert live.http.get("/rest/v1/registrations?select=event_id", headers=key).json() == []
    shown = live.http.get("/rest/v1/events?select=id,title", headers=key).json()
    assert "launch-day" in [one["id"] for one in shown]
    assert "bakewatch" not in [one["id"] for one in shown]


@pytest.mark.real
@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("registrations?select=id", 400, "42703"),
        ("nothing", 404, "42P01"),
        ("events?select=id;drop", 400, "PGRST100"),
        ('events?select="id', 400, "PGRST100"),
    ],
)
def test_a_stranger_can_write_errors_into_the_logs(live: Live, asked: str, status: int, code: str) -> None:
    answer = live.http.get(f"/rest/v1/{asked}", headers={"apikey": PUBLIC_KEY})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert live.http.get(f"/rest/v1/{asked}").status_code == 401


@pytest.mark.real
def test_the_old_fault_begins_with_the_second_question(live: Live, somebody: Person, path: str) -> None:
    live.http.post(f"{path}/access/track", headers=somebody.headers)
    for number, status in enumerate((200, 200, 500)):
        live.http.post(f"{path}/chat", headers=somebody.headers, json={"body": "hello"})
        answer = live.http.get(f"{path}/replay", headers=somebody.headers)
        assert answer.status_code == status, number
        live.http.post(f"{path}/questions", headers=somebody.headers, json={"body": f"why {number}?"})
