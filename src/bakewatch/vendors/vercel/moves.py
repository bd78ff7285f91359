"""Where a rollback or a promotion stands, read from the project before anything is asked: what was found is not done
again.

A request is known by its kind and its target, whoever made it. It is
- done when production serves the target, alone, and nothing else is under way,
- under way while the platform works on it, while it waits behind a rolling release, or while the platform says that it
  has succeeded and does not show it yet,
- over, without another try, for a while after it failed,
and not there otherwise.
"""

from datetime import datetime, timedelta

from bakewatch.errors import HostingError
from bakewatch.model.hosting import Move
from bakewatch.vendors.vercel.answers import Project, Release, Request, moment

RECENT = timedelta(minutes=15)
"""How long the end of a request stands: until then it is not asked for again."""

_UNDER_WAY = ("pending", "in-progress")
_CODES = {"payment_required": "not_eligible", "not_found": "target_gone", "gone": "target_gone"}
_NOT_FOR_GOOD = ("conflict",)
"""Another request may be in the way."""


def standing(project: Project, release: Release | None, kind: str, target: str, now: datetime) -> Move | None:
    """How a request of *kind* (`rollback` or `promote`) for *target* stands, while the rolling *release* is in
    progress, if any; None: it has to be made."""
    last = project.last_alias_request
    if project.current == target and release is None and not _in_the_way(last, kind):
        return Move(at=now, done=True, already=True)
    if kind == "promote" and release and release.queued_deployment_id == target:
        return Move(at=now, already=True)
    if last is None or (last.type, last.to_deployment_id) != (kind, target):
        return None
    recent = now - moment(last.requested_at) < RECENT
    if last.job_status in _UNDER_WAY or (last.job_status == "succeeded" and recent):
        return Move(at=now, already=True)
    if recent:
        word = "skipped" if last.job_status == "skipped" else "failed"
        return Move(at=now, already=True, problem=f"{kind}_{word}", permanent=True)
    return None


def refused(error: HostingError, now: datetime) -> Move:
    """The platform would not move production."""
    permanent = error.permanent and error.code not in _NOT_FOR_GOOD
    return Move(at=now, problem=_CODES.get(error.code, error.code), permanent=permanent)


def pinned(project: Project) -> str:
    """The deployment at which an instant rollback holds production."""
    last = project.last_alias_request
    if last is None or (last.type, last.job_status) != ("rollback", "succeeded"):
        return ""
    return project.current if last.to_deployment_id == project.current else ""


def _in_the_way(last: Request | None, kind: str) -> bool:
    """Is production moving, or, for a promotion, is it held by a rollback?"""
    if last is None:
        return False
    held = (last.type, last.job_status) == ("rollback", "succeeded")
    return last.job_status in _UNDER_WAY or (kind == "promote" and held)
