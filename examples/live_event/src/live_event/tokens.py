"""Passwords, access tokens (JSON Web Tokens, HS256) and refresh tokens. No I/O."""

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

ACCESS_SECONDS = 3600


def hash_password(password: str, salt: bytes | None = None) -> str:
    """A password as it is stored."""
    salt = secrets.token_bytes(16) if salt is None else salt
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**11, r=8, p=1)
    return f"{salt.hex()}${digest.hex()}"


def password_fits(password: str, stored: str) -> bool:
    """Is it the password that was stored?"""
    salt = bytes.fromhex(stored.partition("$")[0])
    return hmac.compare_digest(hash_password(password, salt), stored)


def new_refresh_token() -> str:
    """A refresh token. Only its hash is stored."""
    return secrets.token_urlsafe(18)


def token_hash(token: str) -> str:
    """A refresh token as it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _sign(secret: str, text: str) -> str:
    return _encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def access_token(secret: str, now: float, *, user: str, email: str, role: str, session: str) -> str:
    """A signed token that names the user and the session."""
    head = _encode(b'{"alg":"HS256","typ":"JWT"}')
    claims = {"sub": user, "email": email, "user_role": role, "session_id": session, "exp": int(now) + ACCESS_SECONDS}
    text = f"{head}.{_encode(json.dumps(claims).encode())}"
    return f"{text}.{_sign(secret, text)}"


def claims_of(secret: str, now: float, token: str) -> dict[str, Any] | None:
    """What a token says, or nothing when its signature or its time is wrong, or it is no token at all."""
    text, _, signature = token.rpartition(".")
    try:
        if not hmac.compare_digest(_sign(secret, text).encode(), signature.encode()):
            return None
        claims: dict[str, Any] = json.loads(_decode(text.partition(".")[2]))
        return claims if claims["exp"] > now else None
    except (ValueError, TypeError, KeyError):
        return None
