"""Passwords, access tokens (JSON Web Tokens, HS256) and refresh tokens. No I/O."""

import hashlib
import hmac
import os
import secrets
from typing import Any

import jwt
from jwt.types import Options

ALGORITHM = "HS256"
ACCESS_SECONDS = int(os.environ.get("LIVE_EVENT_ACCESS_SECONDS", "3600"))
"""So long an access token is good for."""


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


def pseudonym(secret: str, event: str, user: str) -> str:
    """How others in an event know a user: eight hex digits, which tell neither who it is nor what they do elsewhere."""
    return hmac.new(secret.encode(), f"{event}/{user}".encode(), hashlib.sha256).hexdigest()[:8]


def access_token(secret: str, now: float, *, user: str, email: str, role: str, session: str) -> str:
    """A signed token that names the user and the session."""
    claims = {"sub": user, "email": email, "user_role": role, "session_id": session, "exp": int(now) + ACCESS_SECONDS}
    return jwt.encode(claims, secret, ALGORITHM)


def claims_of(secret: str, now: float, token: str) -> dict[str, Any] | None:
    """What a token says, or nothing when its signature or its time is wrong, or it is no token at all."""
    options: Options = {"require": ["exp", "sub", "session_id"], "verify_exp": False}
    try:
        claims: dict[str, Any] = jwt.decode(token, secret, [ALGORITHM], options)
        return claims if claims["exp"] > now else None
    except (jwt.InvalidTokenError, ValueError, TypeError):
        return None
