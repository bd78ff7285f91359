"""Did the platform send this? Webhooks and log drains are signed alike."""

import hashlib
import hmac

HEADER = "x-vercel-signature"


def signed(body: bytes, header: str, secret: str) -> bool:
    """Is *header* the signature of the raw *body* (hex HMAC-SHA1)? Without a secret nothing is signed."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return bool(secret) and hmac.compare_digest(wanted.encode(), header.strip().lower().encode())
