"""Who sends webhooks: bodies as the senders document them, and signed."""

import hmac
import json
from collections.abc import Mapping
from hashlib import sha1, sha256
from typing import Any

SECRET = "It's a Secret to Everybody"
COMMIT = "b" * 40


def merged(number: int = 1, repository: str = "team/live", branch: str = "main", **changes: object) -> bytes:
    """GitHub's `pull_request` event of a merge, with *changes* at its top."""
    pull = {"number": number, "merged": True, "base": {"ref": branch}, "title": "hong@example.com", "user": {"id": 1}}
    told: dict[str, object] = {"action": "closed", "number": number, "pull_request": pull}
    return json.dumps({**told, "repository": {"full_name": repository}, **changes}).encode()


def deployment_status(commit: str = COMMIT, state: str = "success", environment: str = "production") -> bytes:
    """GitHub's `deployment_status` event."""
    told = {"deployment_status": {"state": state}, "deployment": {"sha": commit, "environment": environment}}
    return json.dumps({**told, "repository": {"full_name": "team/live"}}).encode()


def vercel(
    kind: str = "deployment.succeeded", commit: str = COMMIT, target: str | None = "production", id_: str = "evt_1"
) -> bytes:
    """An event of Vercel."""
    deployment = {"id": "dpl_1", "meta": {"githubCommitSha": commit, "githubDeployment": "1"}}
    payload: dict[str, Any] = {"deployment": deployment, "target": target, "project": {"id": "prj_1"}}
    return json.dumps({"id": id_, "type": kind, "createdAt": 1, "region": "icn1", "payload": payload}).encode()


def from_github(body: bytes, event: str = "pull_request", delivery: str = "1", secret: str = SECRET) -> dict[str, str]:
    """The headers of GitHub, signed."""
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}",
    }


def from_vercel(body: bytes, secret: str = SECRET) -> Mapping[str, str]:
    """The headers of Vercel, signed."""
    signature = hmac.new(secret.encode(), body, sha1).hexdigest()
    return {"content-type": "application/json", "x-vercel-signature": signature}
