"""Prove that production serves a commit: every address, several times in a row."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from bakewatch.flow.case import Case
from bakewatch.flow.production import Seen, see
from bakewatch.judge.unbuilt import come_to_nothing, why_not
from bakewatch.model.hosting import Told
from bakewatch.model.release import Deployment, Relation, Sighting
from bakewatch.model.timeline import Confirmation, Confirmed, Sighted

_GONE_PAST = {
    Relation.NEWER: Confirmation.SUPERSEDED,
    Relation.REVERTED: Confirmation.ALREADY_REVERTED,
}
HEAR_EVERY = "15s"
"""A platform's API has a budget: it is asked less often than production itself."""

REACH = timedelta(hours=24)
"""So long the lines of a stream can be asked for at least."""

Chore = Callable[[Seen], None]
"""What is done while we wait, given the last answer."""


def confirm(
    case: Case,
    commit: str,
    within: timedelta,
    *,
    undo: bool = False,
    back: bool = False,
    chores: Sequence[Chore] = (),
) -> Confirmed:
    """Wait until every production address serves *commit*, and note how that ended.

    1. Ask all addresses; note the answer when it differs from the one before. The first answer comes before anything
       else, since the first moment of service is t0. Now and then, hear what the platform says.
    2. All of them serve it, `times` in a row: live, since the first moment any of them did.
    3. All of them serve something newer, `times` in a row: superseded or already reverted. When production goes *back*
       to *commit*, newer is only what it comes from.
    4. The platform says, `times` in a row, that it will come to nothing, and every address serves something else: that.
    5. After *within*, unless the last answer is one of these: why not?
    6. Between two answers one of the *chores* is done: the first in any case, the others only before it is live.
    """
    wait = _Wait(case, commit, undo, back)
    deadline = case.run.now() + within
    left = list(chores)
    while True:
        seen = wait.ask()
        ended = wait.verdict()
        if ended is None and seen.at >= deadline and not wait.agreed(seen):
            ended = why_not({one.relation for one in seen.sightings}, wait.told)
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

    def __init__(self, case: Case, commit: str, undo: bool, back: bool) -> None:
        self._case, self._commit, self._undo, self._back = case, commit, undo, back
        self.since: datetime | None = None
        self.told: Told | None = None
        self._seen: Seen | None = None
        self._alike = 0
        self._nothing = 0
        self._hear_at: datetime | None = None
        self._not_before: datetime | None = None

    def ask(self) -> Seen:
        """Ask once; note what is new."""
        case, before, told_before = self._case, self._seen, self.told
        hear = not self._back and (before is None or self._hear_at is None or before.at >= self._hear_at)
        work = lambda: see(case.world, case.release, self._commit, hear=hear)  # noqa: E731
        seen = case.run.step("sight", Seen, work)
        if seen.told is not None:
            self._heard(seen)
        if before is None or _served(before) != _served(seen) or _said(told_before) != _said(self.told):
            case.note(Sighted(at=seen.at, awaited=self._commit, sightings=seen.sightings, told=self.told))
        if self.since is None and Relation.SAME in [one.relation for one in seen.sightings]:
            self.since, self._not_before = seen.at, before.at if before else None
        self._alike = self._alike + 1 if before and self.agreed(before) is self.agreed(seen) else 1
        self._seen = seen
        return seen

    def _heard(self, seen: Seen) -> None:
        self.told = seen.told
        self._hear_at = seen.at + self._case.plan.span(HEAR_EVERY)
        self._nothing = self._nothing + 1 if come_to_nothing(seen.told) else 0

    def verdict(self) -> Confirmation | None:
        """What the last answers agree on; None as long as they do not, or not often enough."""
        if self._seen is None:
            return None
        times = self._case.plan.confirm.times
        relations = {one.relation for one in self._seen.sightings}
        # Whoever cannot be asked may serve it, from a build before the one that failed.
        if self._nothing >= times and not relations & {Relation.SAME, Relation.UNKNOWN}:
            return come_to_nothing(self.told)
        return self.agreed(self._seen) if self._alike >= times else None

    def agreed(self, seen: Seen) -> Confirmation | None:
        """What all addresses agree on in one answer."""
        relations = {one.relation for one in seen.sightings}
        if relations == {Relation.SAME}:
            return Confirmation.LIVE
        if not self._back and relations and relations <= _GONE_PAST.keys():
            reverted = Relation.REVERTED in relations
            return Confirmation.ALREADY_REVERTED if reverted else Confirmation.SUPERSEDED
        return None

    def _first(self) -> datetime | None:
        """The first moment production was seen to serve it, by an attempt whose record is lost too, unless that is so
        long ago that no source need have its lines, or cannot be: what was there before the merge is not its fault."""
        left, release = self._case.left, self._case.release
        known = left.live_since if left is not None and self._commit == release.commit else None
        if self.since is None or known is None or known < release.merged_at or self.since - known > REACH:
            return self.since
        return min(known, self.since)

    def over(self, ended: Confirmation) -> Confirmed:
        """Note that the wait *ended*."""
        assert self._seen is not None
        confirmed = Confirmed(
            at=self._seen.at,
            awaited=self._commit,
            confirmation=ended,
            live_since=self._first(),
            not_before=self._not_before,
            deployments=_deployments(self._seen.sightings),
            undo=self._undo,
            back=self._back,
        )
        self._case.note(confirmed)
        return confirmed


def _served(seen: Seen) -> list[tuple[str, str, str]]:
    return [(one.address, one.commit, one.problem) for one in seen.sightings]


def _said(told: Told | None) -> tuple[object, ...]:
    """What is news when it changes."""
    if told is None:
        return ()
    deployment = told.deployment
    which = (deployment.id, deployment.build, deployment.staged) if deployment is not None else None
    return (which, told.current, told.pinned, told.rolling, told.astray, told.problem)


def _deployments(sightings: Iterable[Sighting]) -> tuple[Deployment, ...]:
    return tuple(
        Deployment(address=one.address, commit=one.commit, id=one.deployment) for one in sightings if one.commit
    )
