"""Passwords and tokens."""

import base64
import hashlib
import hmac
import json

import pytest

from live_event.tokens import (
    ACCESS_SECONDS,
    access_token,
    claims_of,
    hash_password,
    new_refresh_token,
    password_fits,
    token_hash,
)

NOW = 1_700_000_000.0
SECRET = "known only here, in these few tests"
TOKEN = access_token(SECRET, NOW, user="u-1", email="a@b.example", role="member", session="s-1")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signed(text: str) -> str:
    return f"{text}.{_encoded(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())}"


def test_a_token_says_what_was_put_into_it() -> None:
    assert claims_of(SECRET, NOW, TOKEN) == {
        "sub": "u-1",
        "email": "a@b.example",
        "user_role": "member",
        "session_id": "s-1",
        "exp": int(NOW) + ACCESS_SECONDS,
    }


def test_a_token_is_a_json_web_token() -> None:
    head, claims, signature = TOKEN.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert _signed(f"{head}.{claims}") == f"{head}.{claims}.{signature}"


def test_a_token_ends_with_its_time() -> None:
    assert claims_of(SECRET, NOW + ACCESS_SECONDS - 1, TOKEN)
    assert claims_of(SECRET, NOW + ACCESS_SECONDS, TOKEN) is None


def test_a_token_of_another_secret_is_nothing() -> None:
    assert claims_of("another one, and as long as the first", NOW, TOKEN) is None


@pytest.mark.parametrize("at", range(0, len(TOKEN), 7))
def test_a_token_that_was_changed_anywhere_is_nothing(at: int) -> None:
    other = "A" if TOKEN[at] != "A" else "B"
    assert claims_of(SECRET, NOW, TOKEN[:at] + other + TOKEN[at + 1 :]) is None


def test_claims_of_another_user_under_the_same_signature_are_nothing() -> None:
    head, _, signature = TOKEN.split(".")
    forged = _encoded(json.dumps({"sub": "u-2", "user_role": "admin", "exp": NOW * 2}).encode())
    assert claims_of(SECRET, NOW, f"{head}.{forged}.{signature}") is None


def test_a_token_that_says_it_needs_no_signature_is_nothing() -> None:
    _, claims, _ = TOKEN.split(".")
    assert claims_of(SECRET, NOW, f"{_encoded(json.dumps({'alg': 'none'}).encode())}.{claims}.") is None


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a", "a.b", "a.b.c", " ", "\x00", "é.ü.ß", "🎪.🎪.🎪", TOKEN[:-1], "." + TOKEN],
    ids=ascii,
)
def test_what_is_no_token_is_nothing(token: str) -> None:
    assert claims_of(SECRET, NOW, token) is None


@pytest.mark.parametrize(
    "claims",
    [b"", b"no json", b"[]", b'"text"', b"1", b"null", b"{}", b'{"exp": "soon"}', b'{"exp": null}', b"\xff\xfe"],
    ids=ascii,
)
def test_a_token_that_is_well_signed_but_says_nothing_of_use_is_nothing(claims: bytes) -> None:
    assert claims_of(SECRET, NOW, _signed(f"head.{_encoded(claims)}")) is None


@pytest.mark.parametrize("text", ["", "head", "head.a", "head.é"], ids=ascii)
def test_a_signature_under_something_that_is_not_base64_is_nothing(text: str) -> None:
    assert claims_of(SECRET, NOW, _signed(text)) is None


def test_only_its_own_password_fits_a_stored_one() -> None:
    stored = hash_password("open sesame")
    assert password_fits("open sesame", stored)
    assert not password_fits("open sesam", stored)
    assert not password_fits("", stored)


def test_a_stored_password_is_salted_and_does_not_show_itself() -> None:
    one, other = hash_password("open sesame"), hash_password("open sesame")
    assert one != other
    assert "sesame" not in one + other


def test_refresh_tokens_differ_and_are_stored_as_a_hash() -> None:
    tokens = {new_refresh_token() for _ in range(100)}
    assert len(tokens) == len({token_hash(one) for one in tokens}) == 100
    assert not tokens & {token_hash(one) for one in tokens}
