"""Whether a webhook comes from GitHub."""

import hashlib
import hmac


def signed(body: bytes, header: str, secret: str) -> bool:
    """Is *header* (`X-Hub-Signature-256`) GitHub's signature of the raw *body*? Without a secret nothing is."""
    if not secret:
        return False
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), header.encode("utf-8", "surrogateescape"))
