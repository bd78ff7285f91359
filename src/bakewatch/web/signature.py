"""Did a webhook come from who knows the secret? Asked of the raw body, before anything in it is read."""

import hmac
from hashlib import sha1, sha256


def signed_by_github(body: bytes, header: str, secret: str) -> bool:
    """Does `X-Hub-Signature-256` hold `sha256=` and the hexadecimal HMAC-SHA256 of *body*?"""
    return _same(header, "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest())


def signed_by_vercel(body: bytes, header: str, secret: str) -> bool:
    """Does `x-vercel-signature` hold the hexadecimal HMAC-SHA1 of *body*? Log drains are signed alike."""
    return _same(header, hmac.new(secret.encode(), body, sha1).hexdigest())


def _same(told: str, right: str) -> bool:
    # As bytes: text that is not ASCII cannot be compared in constant time.
    return hmac.compare_digest(told.encode(), right.encode())
