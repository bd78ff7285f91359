"""Removes everything that walks with this tag left in the hidden event, accounts included."""

import httpx
from people import Account, Expect


def test_everything_with_the_tag_is_removed(api: httpx.Client, account: Account, tag: str, expect: Expect) -> None:
    swept = api.post("/api/admin/sweep", json={"tag": tag}, headers=account.headers)
    expect(swept.status_code == 200, "the tag is swept")
