"""4-1. A registrant enters the live event; chat and Q&A work, and come to others as they are written."""

import uuid

import httpx
from people import Account, Expect, listening


def test_a_registrant_enters_and_takes_part(
    api: httpx.Client, address: str, event: str, account: Account, tag: str, expect: Expect
) -> None:
    entered = api.post(f"{event}/access/track", headers=account.headers)
    expect(entered.status_code == 200, "the registrant enters")
    live = api.get(f"{event}/live", headers=account.headers)
    expect(live.status_code == 200, "the live page is shown")
    expect(live.json()["registered"] is True, "the live page knows the registration")
    ping = api.post(f"{event}/presence/ping", headers=account.headers)
    expect(ping.status_code == 204, "presence is noted")

    with listening(address, event, account, tag, expect) as hears:
        for place, what in (("chat", "messages"), ("questions", "questions")):
            # Never the same text twice: the service refuses a repeated question.
            text = f"bakewatch {uuid.uuid4().hex}"
            written = api.post(f"{event}/{place}", headers=account.headers, json={"body": text})
            expect(written.status_code == 201, f"{place}: a new entry is taken")
            read = api.get(f"{event}/{place}", headers=account.headers)
            expect(read.status_code == 200, f"{place}: the entries are shown")
            expect(text in [entry["body"] for entry in read.json()[what]], f"{place}: the new entry is among them")
            expect(hears(text), f"{place}: the new entry comes to whoever listens")
