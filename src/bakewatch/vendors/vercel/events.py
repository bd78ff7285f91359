"""What a webhook of the platform tells, once its signature was found to be right. It is a hint to look, never proof."""

from datetime import datetime

import msgspec
from msgspec import Struct, field

from bakewatch.vendors.vercel.answers import Milliseconds, moment
from bakewatch.vendors.vercel.deployments import commit_in

MAX_BODY = 1024 * 1024
"""Bytes of a webhook that are read."""


class Hook(Struct, frozen=True, kw_only=True):
    """One webhook. What it does not tell is empty."""

    id: str
    """The same when it is delivered again."""
    type: str
    """Such as `deployment.ready`."""
    at: datetime
    deployment: str = ""
    project: str = ""
    target: str = ""
    """`production`, `staging`, or empty for a preview."""
    commit: str = ""
    """40 hex digits."""
    left: str = ""
    """Of a rollback: the deployment that production leaves."""
    reached: str = ""
    """Of a rollback: the deployment that it goes to."""


class _Named(Struct):
    id: str = ""


class _Deployment(Struct):
    id: str = ""
    meta: dict[str, object] = field(default_factory=dict)


class _Payload(Struct, rename="camel"):
    deployment: _Deployment = field(default_factory=_Deployment)
    project: _Named = field(default_factory=_Named)
    target: str | None = None
    from_deployment_id: str = ""
    to_deployment_id: str = ""


class _Body(Struct, rename="camel"):
    id: str
    type: str
    created_at: Milliseconds
    payload: _Payload


def read(body: bytes) -> Hook | None:
    """The webhook in *body*; None when it is none."""
    if len(body) > MAX_BODY:
        return None
    try:
        told = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    payload = told.payload
    return Hook(
        id=told.id,
        type=told.type,
        at=moment(told.created_at),
        deployment=payload.deployment.id,
        project=payload.project.id,
        target=payload.target or "",
        commit=commit_in(payload.deployment.meta),
        left=payload.from_deployment_id,
        reached=payload.to_deployment_id,
    )
