"""Prove that production serves a commit: every address, several times in a row."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bakewatch.flow.case import Case
from bakewatch.flow.production import Seen, see
from bakewatch.model.release import Deployment, Relation, Sighting
from bakewatch.model.timeline import Confirmation, Confirmed, Sighted

_GONE_PAST = {
    Relation.NEWER: Confirmation.SUPERSEDED,
    Relation.REVERTED: Confirmation.ALREADY_REVERTED,
}


Chore = Callable[[Seen], None]
"""What is done while we wait, given the last answer."""


def confirm(
    case: Case, commit: str, within: timedelta, *, undo: bool = False, chores: Sequence[Chore] = ()
) -> Confirmed:
    """Wait until every production address serves *commit*, and note how that ended.

    1. Ask all addresses; note the answer when it differs from the one before. The first answer comes before anything
       else, since the first moment of service is t0.
    2. All of them serve it, `times` in a row: live, since the first moment any of them did.
    3. All of them serve something newer, `times` in a row: superseded or already reverted.
    4. After *within*, unless the last answer is one of these: why not?
    5. Between two answers one of the *chores* is done: the first in any case, the others only before it is live.
    """
    wait = _Wait(case, commit, undo)
    deadline = case.run.now() + within
    left = list(chores)
    while True:
        seen = wait.ask()
        ended = wait.verdict() or (_why_not(seen.sightings) if seen.at >= deadline and not _verdict(seen) else None)
        if ended is not None:
            return wait.over(ended)
        if left and (wait.since is None or len(left) == len(chores)):
            left.pop(0)(seen)
        due = case.run.now() + case.plan.span(case.plan.confirm.every)
        # Past the deadline, an answer that only has to be repeated is still waited for.
        message = case.run.wait_until(min(due, deadline) if seen.at < deadline else due)
        if message is not None and message.kind == "stop":
            return wait.over(Confirmation.STOPPED)


class _Wait:
    """The answers so far."""

    def __init__(self, case: Case, commit: str, undo: bool) -> None:
        self._case, self._commit, self._undo = case, commit, undo
        self.since: datetime | None = None
        self._seen: Seen | None = None
        self._alike = 0
        self._not_before: datetime | None = None

    def ask(self) -> Seen:
        """Ask once; note what is new."""
        case, before = self._case, self._seen
        seen = case.run.step("sight", Seen, lambda: see(case.world, case.release, self._commit))
        if before is None or _served(before) != _served(seen):
            case.note(Sighted(at=seen.at, awaited=self._commit, sightings=seen.sightings))
        if self.since is None and Relation.SAME in [one.relation for one in seen.sightings]:
            self.since, self._not_before = seen.at, before.at if before else None
        self._alike = self._alike + 1 if before and _verdict(before) is _verdict(seen) else 1
        self._seen = seen
        return seen

    def verdict(self) -> Confirmation | None:
        """What the last answers agree on; None as long as they do not, or not often enough."""
        enough = self._seen is not None and self._alike >= self._case.plan.confirm.times
        return _verdict(self._seen) if enough and self._seen else None

    def over(self, ended: Confirmation) -> Confirmed:
        """Note that the wait *ended*."""
        assert self._seen is not None
        confirmed = Confirmed(
            at=self._seen.at,
            awaited=self._commit,
            confirmation=ended,
            live_since=self.since,
            not_before=self._not_before,
            deployments=_deployments(self._seen.sightings),
            undo=self._undo,
        )
        self._case.note(confirmed)
        return confirmed


def _verdict(seen: Seen) -> Confirmation | None:
    relations = {one.relation for one in seen.sightings}
    if relations == {Relation.SAME}:
        return Confirmation.LIVE
    if relations and relations <= _GONE_PAST.keys():
        reverted = Relation.REVERTED in relations
        return Confirmation.ALREADY_REVERTED if reverted else Confirmation.SUPERSEDED
    return None


def _why_not(last: Sequence[Sighting]) -> Confirmation:
    """Whoever cannot be asked may serve it: it is not there only when every address serves something else."""
    served = {one.relation for one in last}
    if Relation.SAME in served:
        return Confirmation.PARTLY_LIVE
    if Relation.UNKNOWN in served:
        return Confirmation.UNREACHABLE
    if Relation.OTHER in served:
        return Confirmation.WRONG_COMMIT
    return Confirmation.NEVER_DEPLOYED


def _served(seen: Seen) -> list[tuple[str, str, str]]:
    return [(one.address, one.commit, one.problem) for one in seen.sightings]


def _deployments(sightings: Iterable[Sighting]) -> tuple[Deployment, ...]:
    return tuple(
        Deployment(address=one.address, commit=one.commit, id=one.deployment) for one in sightings if one.commit
    )
