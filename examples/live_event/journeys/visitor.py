"""4-3, check C. A visitor who is not registered: policy B, "enter without registering: automatic registration"."""

from collections.abc import Callable

import httpx
from people import Account, Expect

from bakewatch.vendors.journeys.database import Database

PUBLIC_KEY = {"apikey": "live-event-public"}
"""It stands in every page."""
OTHERS = (
    *("users", "sessions", "refresh_tokens", "registrations"),
    *("presence", "chat_messages", "questions", "access_log", "attendance"),
)


def test_only_entering_registers_a_visitor(
    api: httpx.Client,
    event: str,
    test_event: str,
    newcomer: Account,
    db: Database,
    expect: Expect,
    observe: Callable[[str, int | bool], None],
    cleanup: Callable[..., None],
) -> None:
    me = newcomer.headers

    def registrations() -> int:
        """How many registrations the visitor has, as the database knows it."""
        query = "select count(*) from registrations where event_id = %s and user_id::text = %s"
        return db.count(query, [test_event, newcomer.id])

    cleanup(api.delete, f"{event}/registrations/me", headers=me)
    anonymous = api.get(f"{event}/live")
    observe("live_page_signed_out", anonymous.status_code)
    expect(anonymous.status_code == 403, "whoever is not signed in is led to signing in")
    live = api.get(f"{event}/live", headers=me)
    observe("live_page_unregistered", live.status_code)
    expect(live.status_code == 200, "the live page is shown without a registration")
    expect(live.json()["registered"] is False, "the live page knows that there is no registration")

    ping = api.post(f"{event}/presence/ping", headers=me)
    observe("ping_before_track", ping.status_code)
    expect(ping.status_code == 403, "presence/ping is refused without a registration")
    observe("registrations_by_ping", registrations())
    expect(registrations() == 0, "presence/ping creates no registration")

    track = api.post(f"{event}/access/track", headers=me)
    expect(track.status_code == 200, "access/track lets the visitor in")
    again = api.post(f"{event}/access/track", headers=me)
    expect(again.status_code == 200, "access/track lets the visitor in again")
    observe("registrations_by_track", registrations())
    expect(registrations() == 1, "access/track creates exactly one registration")

    ping = api.post(f"{event}/presence/ping", headers=me)
    observe("ping_after_track", ping.status_code)
    expect(ping.status_code == 204, "presence/ping is answered once registered")


def test_a_stranger_reads_nobodys_rows(api: httpx.Client, expect: Expect) -> None:
    for table in OTHERS:
        answer = api.get(f"/rest/v1/{table}", params={"select": "*"}, headers=PUBLIC_KEY)
        expect(answer.status_code == 200 and answer.json() == [], f"{table}: no row is shown to a stranger")


def test_a_closed_event_sends_a_visitor_to_register(
    api: httpx.Client, event: str, newcomer: Account, expect: Expect, cleanup: Callable[..., None]
) -> None:
    me, closed = newcomer.headers, f"{event}-closed"
    cleanup(api.delete, f"{closed}/registrations/me", headers=me)
    refused = api.post(f"{closed}/access/track", headers=me)
    expect(refused.status_code == 403, "a closed event keeps a visitor out")
    expect(refused.json()["code"] == "registration_needed", "a closed event says that one has to register")
    registered = api.post(f"{closed}/registrations", headers=me)
    expect(registered.status_code == 201, "a visitor registers")
    entered = api.post(f"{closed}/access/track", headers=me)
    expect(entered.status_code == 200, "whoever has registered enters")
