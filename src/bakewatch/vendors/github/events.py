"""What a webhook of GitHub says. It is a hint: whoever acts on it asks the API first."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from bakewatch.vendors.github.wire import Named, PullRequest


class Delivery(Struct, frozen=True, kw_only=True):
    """One webhook; what its event does not tell is empty."""

    event: str
    """`ping`, `pull_request` or `deployment_status`."""
    action: str = ""
    repository: str = ""
    """`owner/name`."""
    number: int = 0
    """Of the pull request."""
    merged: bool = False
    merged_at: datetime | None = None
    commit: str = ""
    """What the pull request became, or what was deployed. Newer versions do not say the former."""
    base: str = ""
    """The branch that the pull request is for."""
    environment: str = ""
    state: str = ""
    """How the deployment stands."""


class _Ping(Struct, frozen=True):
    zen: str
    repository: Named | None = None


class _Pull(Struct, frozen=True):
    action: str
    repository: Named
    pull_request: PullRequest


class _Status(Struct, frozen=True):
    state: str


class _Deployment(Struct, frozen=True):
    sha: str
    environment: str


class _Deployed(Struct, frozen=True):
    repository: Named
    deployment: _Deployment
    deployment_status: _Status
    action: str = ""


_KINDS: dict[str, type[Any]] = {"ping": _Ping, "pull_request": _Pull, "deployment_status": _Deployed}


def parse(event: str, body: bytes) -> Delivery | None:
    """The webhook *event* (`X-GitHub-Event`) with the JSON *body*; None when it is another event or malformed."""
    kind = _KINDS.get(event)
    if kind is None:
        return None
    try:
        told = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    repository = told.repository.full_name if told.repository else ""
    if isinstance(told, _Pull):
        return _pull(told, repository)
    if isinstance(told, _Deployed):
        return Delivery(
            event=event,
            action=told.action,
            repository=repository,
            commit=told.deployment.sha,
            environment=told.deployment.environment,
            state=told.deployment_status.state,
        )
    return Delivery(event=event, repository=repository)


def _pull(told: _Pull, repository: str) -> Delivery:
    one = told.pull_request
    return Delivery(
        event="pull_request",
        action=told.action,
        repository=repository,
        number=one.number,
        merged=one.is_merged,
        merged_at=one.merged_at if one.is_merged else None,
        commit=(one.merge_commit_sha or "") if one.is_merged else "",
        base=one.base.ref,
    )
