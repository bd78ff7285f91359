"""Why production does not serve a commit, as far as its addresses and the platform tell."""

from collections.abc import Set

from bakewatch.model.hosting import Build, Told
from bakewatch.model.release import Relation
from bakewatch.model.timeline import Confirmation

_NOTHING = {
    Build.FAILED: Confirmation.BUILD_FAILED,
    Build.CANCELED: Confirmation.BUILD_CANCELED,
    Build.BLOCKED: Confirmation.BUILD_BLOCKED,
    Build.SKIPPED: Confirmation.BUILD_SKIPPED,
}


def come_to_nothing(told: Told | None) -> Confirmation | None:
    """Does the platform say that the commit will never be served, unless a person begins anew?"""
    return _NOTHING.get(told.deployment.build) if told is not None and told.deployment is not None else None


def why_not(served: Set[Relation], told: Told | None) -> Confirmation:
    """Why the time is over and not every address serves the commit; *served*: how what they serve stands to it.

    Whoever cannot be asked may serve it: it is not there only when every address serves something else. The platform's
    word explains that, and decides nothing: without it the addresses alone are told.
    """
    if Relation.SAME in served:
        return Confirmation.ROLLING if told is not None and told.rolling else Confirmation.PARTLY_LIVE
    if Relation.UNKNOWN in served:
        return Confirmation.UNREACHABLE
    reason = _by_word(told)
    if reason is not None:
        return reason
    return Confirmation.WRONG_COMMIT if Relation.OTHER in served else Confirmation.NEVER_DEPLOYED


def _by_word(told: Told | None) -> Confirmation | None:
    if told is None or told.problem:
        return None
    deployment = told.deployment
    if deployment is None:
        return Confirmation.NEVER_CREATED
    if deployment.build in (Build.QUEUED, Build.BUILDING):
        return Confirmation.STILL_BUILDING
    if told.pinned and told.pinned != deployment.id:
        return come_to_nothing(told) or Confirmation.PINNED
    if told.rolling:
        return come_to_nothing(told) or Confirmation.ROLLING
    return come_to_nothing(told) or (Confirmation.STAGED if deployment.staged else None)
