"""4-2. An administrator reads stats/access, where currentParticipants and the timeline are right, and moderates."""

import uuid
from collections.abc import Callable

import httpx
from people import Account, Expect

from bakewatch.vendors.journeys.database import Database

_PRESENT = "select count(*) from presence where event_id = %s and last_seen_at > now() - interval '30 seconds'"


def test_an_administrator_sees_who_is_there(
    api: httpx.Client,
    event: str,
    test_event: str,
    account: Account,
    newcomer: Account,
    db: Database,
    expect: Expect,
    observe: Callable[[str, int], None],
    cleanup: Callable[..., None],
) -> None:
    cleanup(api.delete, f"{event}/registrations/me", headers=newcomer.headers)
    entered = api.post(f"{event}/access/track", headers=newcomer.headers)
    expect(entered.status_code == 200, "a visitor enters")
    ping = api.post(f"{event}/presence/ping", headers=newcomer.headers)
    expect(ping.status_code == 204, "the visitor's presence is noted")

    stats = api.get(f"{event}/stats/access", headers=account.headers)
    expect(stats.status_code == 200, "stats/access is shown to the administrator")
    shown, timeline = stats.json()["currentParticipants"], stats.json()["timeline"]
    observe("current_participants", shown)
    expect(shown >= 1, "currentParticipants counts the visitor who is there")
    expect(timeline and timeline[-1]["participants"] >= 1, "the timeline shows the visitor who came in")

    def agrees() -> bool:
        """Does currentParticipants say what the database says, before and after?"""
        before = db.count(_PRESENT, [test_event])
        shown = api.get(f"{event}/stats/access", headers=account.headers).json()["currentParticipants"]
        return bool(before == shown == db.count(_PRESENT, [test_event]))

    # Other walks may come and go in between.
    expect(any(agrees() for _ in range(5)), "currentParticipants agrees with the presence table")

    refused = api.get(f"{event}/stats/access", headers=newcomer.headers)
    expect(refused.status_code == 403, "stats/access is refused to everybody else")


def test_an_administrator_moderates(
    api: httpx.Client,
    event: str,
    account: Account,
    newcomer: Account,
    expect: Expect,
    cleanup: Callable[..., None],
) -> None:
    cleanup(api.delete, f"{event}/registrations/me", headers=newcomer.headers)
    api.post(f"{event}/access/track", headers=newcomer.headers)
    text = f"bakewatch {uuid.uuid4().hex}"
    written = api.post(f"{event}/chat", headers=newcomer.headers, json={"body": text})
    expect(written.status_code == 201, "the visitor's message is taken")
    place = f"{event}/chat/{written.json()['id']}"
    refused = api.patch(place, headers=newcomer.headers, json={"hidden": True})
    expect(refused.status_code == 403, "moderation is refused to everybody else")
    hidden = api.patch(place, headers=account.headers, json={"hidden": True})
    expect(hidden.status_code == 200, "the administrator hides the message")
    read = api.get(f"{event}/chat", headers=newcomer.headers)
    expect(text not in [one["body"] for one in read.json()["messages"]], "others do not see it any more")
