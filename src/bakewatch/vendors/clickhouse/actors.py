"""The secret of a data directory that makes an actor a hash: the same one for all who clean lines of logs there."""

import os
import secrets
from pathlib import Path

_KEY_BYTES = 32


def actor_key(data: Path) -> bytes:
    """The key under which actors are hashed, made once in the data directory and readable by its owner only."""
    path = data / "actor.key"
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        secret = b""
    if len(secret) == _KEY_BYTES:
        return secret
    secret = secrets.token_bytes(_KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, secret)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    return secret
