"""The signature of webhooks and log drains, against vectors that another program made (`openssl dgst -sha1 -hmac`)."""

import pytest

from bakewatch.vendors.vercel.signature import signed

BODY, SECRET, HEADER = b"what do ya want for nothing?", "Jefe", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
"""RFC 2202, test case 2."""


@pytest.mark.parametrize(
    ("body", "header", "secret"),
    [
        (BODY, HEADER, SECRET),
        (BODY, HEADER.upper(), SECRET),
        (b'{"id":"evt_1"}\n', "e4c582e00b6e3736b274f42db062713ca28719c5", "whsec 비밀"),
        (b"", "3a84a218ee6665209bb70e84525dd837645a1965", "k"),
    ],
)
def test_what_the_platform_signed_is_signed(body: bytes, header: str, secret: str) -> None:
    assert signed(body, header, secret)


@pytest.mark.parametrize("header", ["", "effcdf6a", f"sha1={HEADER}", "ключ", "0" * 40, HEADER[:-1] + "8"])
def test_anything_else_is_not(header: str) -> None:
    assert not signed(BODY, header, SECRET)


def test_one_byte_more_or_another_secret_is_not_signed() -> None:
    assert not signed(BODY + b"\n", HEADER, SECRET) and not signed(BODY, HEADER, "jefe")


def test_without_a_secret_nothing_is_signed() -> None:
    assert not signed(b"", "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d", "")
