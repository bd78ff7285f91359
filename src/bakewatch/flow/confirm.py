"""Prove that production serves a commit: every address, several times in a row."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bakewatch.flow.case import Case
from bakewatch.flow.production import Seen, see
from bakewatch.model.release import Deployment, Relation, Sighting
from bakewatch.model.timeline import Confirmation, Confirmed, Sighted

_GONE_PAST = {
    Relation.NEWER: Confirmation.SUPERSEDED,
    Relation.REVERTED: Confirmation.ALREADY_REVERTED,
}


def confirm(
    case: Case, commit: str, within: timedelta, *, undo: bool = False, meanwhile: Callable[[], None] = lambda: None
) -> Confirmed:
    """Wait until every production address serves *commit*, and note how that ended; *meanwhile* is done once, early.

    1. Ask all addresses; note the answer when it differs from the one before. The first answer comes before anything
       else, since the first moment of service is t0.
    2. All of them serve it, `times` in a row: live, since the first moment any of them did.
    3. All of them serve something newer, `times` in a row: superseded or already reverted.
    4. After *within*: why not?
    """
    plan, run = case.plan, case.run
    deadline = run.now() + within
    since: datetime | None = None
    before: Seen | None = None
    alike = 0
    while True:
        seen = run.step("sight", Seen, lambda: see(case.world, case.release, commit))
        relations = [one.relation for one in seen.sightings]
        if before is None or _served(before) != _served(seen):
            case.note(Sighted(at=seen.at, awaited=commit, sightings=seen.sightings))
        if since is None and Relation.SAME in relations:
            since = seen.at
        alike = alike + 1 if before and _verdict(before) is _verdict(seen) else 1
        ended = _verdict(seen) if alike >= plan.confirm.times else None
        if ended is None and seen.at >= deadline:
            ended = _why_not(case, seen.sightings)
        if ended is not None:
            confirmed = Confirmed(
                at=seen.at,
                awaited=commit,
                confirmation=ended,
                live_since=since,
                deployments=_deployments(seen.sightings),
                undo=undo,
            )
            case.note(confirmed)
            return confirmed
        if before is None:
            meanwhile()
        before = seen
        run.wait_until(min(run.now() + plan.span(plan.confirm.every), max(deadline, seen.at)))


def _verdict(seen: Seen) -> Confirmation | None:
    relations = {one.relation for one in seen.sightings}
    if relations == {Relation.SAME}:
        return Confirmation.LIVE
    if relations and relations <= _GONE_PAST.keys():
        reverted = Relation.REVERTED in relations
        return Confirmation.ALREADY_REVERTED if reverted else Confirmation.SUPERSEDED
    return None


def _why_not(case: Case, last: Iterable[Sighting]) -> Confirmation:
    if all(one.problem for one in last):
        return Confirmation.UNREACHABLE
    served = {one.relation for one in last if not one.problem}
    if Relation.OTHER in served:
        return Confirmation.WRONG_COMMIT
    return Confirmation.NEVER_DEPLOYED


def _served(seen: Seen) -> list[tuple[str, str, str]]:
    return [(one.address, one.commit, one.problem) for one in seen.sightings]


def _deployments(sightings: Iterable[Sighting]) -> tuple[Deployment, ...]:
    return tuple(
        Deployment(address=one.address, commit=one.commit, id=one.deployment) for one in sightings if one.commit
    )
