"""Signatures of webhooks, and what is in them."""

import json

import pytest

from bakewatch.vendors.github.events import parse
from bakewatch.vendors.github.signature import signed

BODY, SECRET = b"Hello, World!", "It's a Secret to Everybody"
HEADER = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_vendors_own_example_is_signed() -> None:
    assert signed(BODY, HEADER, SECRET)


@pytest.mark.parametrize(
    ("body", "header", "secret"),
    [
        (b"Hello, World?", HEADER, SECRET),
        (BODY, HEADER.upper(), SECRET),
        (BODY, HEADER.removeprefix("sha256="), SECRET),
        (BODY, HEADER[:-1] + "8", SECRET),
        (BODY, HEADER[:-1], SECRET),
        (BODY, "", SECRET),
        (BODY, "sha256=é\udcff", SECRET),
        (BODY, HEADER, "another"),
        (BODY, "sha256=" + "0" * 64, ""),
    ],
)
def test_anything_else_is_not(body: bytes, header: str, secret: str) -> None:
    assert not signed(body, header, secret)


def test_without_a_secret_nothing_is_signed_although_it_could_be_computed() -> None:
    import hashlib
    import hmac

    assert not signed(BODY, "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest(), "")


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"zen": 1}', b'{"action": "closed"}']
)
@pytest.mark.parametrize("event", ["pull_request", "deployment_status", "ping"])
def test_what_is_malformed_is_nothing(event: str, body: bytes) -> None:
    assert parse(event, body) is None


def test_another_event_is_nothing() -> None:
    assert parse("star", json.dumps({"action": "created", "repository": {"full_name": "team/live"}}).encode()) is None
