"""Signatures of webhooks: the senders' own vectors, and everything that is none."""

import pytest

from bakewatch.web.signature import signed_by_github, signed_by_vercel

SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
GITHUB = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
VERCEL = "01dc10d0c83e72ed246219cdd91669667fe2ca59"


@pytest.mark.parametrize(
    ("header", "body", "secret", "right"),
    [
        (GITHUB, BODY, SECRET, True),
        (GITHUB, BODY + b"\n", SECRET, False),
        (GITHUB, BODY, "another", False),
        (GITHUB.removeprefix("sha256="), BODY, SECRET, False),
        (GITHUB.replace("sha256", "sha1"), BODY, SECRET, False),
        (GITHUB[:-1], BODY, SECRET, False),
        (GITHUB.upper(), BODY, SECRET, False),
        ("sha256=", BODY, SECRET, False),
        ("", BODY, SECRET, False),
        ("sha256=\xff비밀", BODY, SECRET, False),
    ],
)
def test_a_signature_of_github_is_of_these_bytes_and_this_secret(
    header: str, body: bytes, secret: str, right: bool
) -> None:
    assert signed_by_github(body, header, secret) is right


@pytest.mark.parametrize(
    ("header", "body", "right"),
    [(VERCEL, BODY, True), (VERCEL, b"", False), (VERCEL[:-1], BODY, False), ("", BODY, False), (GITHUB, BODY, False)],
)
def test_a_signature_of_vercel_is_of_these_bytes_and_this_secret(header: str, body: bytes, right: bool) -> None:
    assert signed_by_vercel(body, header, SECRET) is right
