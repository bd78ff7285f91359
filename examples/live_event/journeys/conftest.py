"""What the journeys of the live event share: how one signs in, and the paths of the hidden event."""

import uuid

import httpx
import pytest
from people import Account, Expect

from bakewatch.vendors.journeys.plugin import Walker


@pytest.fixture(scope="session")
def event(test_event: str) -> str:
    """The path of the hidden event, which only journeys write to."""
    return f"/api/events/{test_event}"


@pytest.fixture(scope="session")
def account(api: httpx.Client, persona: Walker, expect: Expect) -> Account:
    """The persona, signed in."""
    credentials = {"email": persona.email, "password": persona.password}
    answer = api.post("/auth/v1/token", params={"grant_type": "password"}, json=credentials)
    expect(answer.status_code == 200, f"the {persona.name} signs in")
    return _account(answer)


@pytest.fixture(scope="session")
def newcomer(api: httpx.Client, tag: str, expect: Expect) -> Account:
    """Somebody who has just signed up and is registered nowhere. A fresh one for each walk: walks do not meet.

    The account carries our tag and goes with the sweep.
    """
    credentials = {"email": f"{tag}.{uuid.uuid4().hex}@live-event.example", "password": uuid.uuid4().hex}
    answer = api.post("/auth/v1/signup", json=credentials)
    expect(answer.status_code == 200, "a newcomer signs up")
    return _account(answer)


def _account(answer: httpx.Response) -> Account:
    body = answer.json()
    return Account(id=body["user"]["id"], headers={"authorization": f"Bearer {body['access_token']}"})
