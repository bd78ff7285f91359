"""Take up an undo whose record is lost: a machine that has nothing of a case begins with what can be asked."""

from msgspec import Struct, structs

from bakewatch.errors import PortError
from bakewatch.flow.announce import announce
from bakewatch.flow.bake import Baked
from bakewatch.flow.before import open_watch, remember
from bakewatch.flow.case import Case
from bakewatch.flow.persist import STOPPED, Attempts
from bakewatch.flow.production import see
from bakewatch.flow.undo import finish
from bakewatch.model.forge import Trace
from bakewatch.model.release import Relation
from bakewatch.model.rollback import Layer, Rollback
from bakewatch.model.timeline import Concluded, Refused, RolledBack
from bakewatch.model.verdict import Ending, Outcome, Reason, Verdict

RECORD_LOST = "record_lost"


class Found(Struct, frozen=True):
    """What is there of the undo."""

    revert: str = ""
    """The commit on the branch that undoes the release."""
    relations: tuple[Relation, ...] = ()
    """How what production serves stands to the release; empty: it could not be asked."""


def take_up(case: Case, left: Trace) -> tuple[Ending, str] | None:
    """Bring the undo that *left* tells of to its end; None: nothing of it was done, so the release is judged again.

    1. The revert is on the branch: let production go on, see it live, and see what failed pass, for as long as a bake
       lasts: how often it failed is not known any more.
    2. Production serves the release: nothing of it was done.
    3. Else the platform has gone back, or somebody has acted, and the branch still has the release: a person must look.
    """
    found = _found(case)
    if found is None:
        stopped = Verdict(outcome=Outcome.INCONCLUSIVE, reasons=(Reason(code=STOPPED),))
        case.note(Concluded(at=case.run.now(), verdict=stopped))
        return Ending.INCONCLUSIVE, STOPPED
    if not found.revert and (not found.relations or Relation.SAME in found.relations):
        return None
    culprits = tuple(one for one in left.culprits if _in_plan(case, one))
    reasons = tuple(Reason(code="fired", about=one) for one in culprits)
    verdict = Verdict(outcome=Outcome.FAIL, triggers=left.triggers, reasons=reasons)
    at = case.run.now()
    case.note(Concluded(at=at, verdict=verdict))
    if not found.revert:
        case.note(Refused(at=at, reason=Reason(code=RECORD_LOST)))
        return Ending.NOT_UNDONE, RECORD_LOST
    back = None
    if left.back and case.world.hosting is not None:
        back = Rollback(
            method="platform",
            layer=Layer.PLATFORM,
            at=at,
            commit=case.release.parent,
            deployment=left.back,
            already=True,
        )
        case.note(RolledBack(at=at, rollback=back))
    case.note(RolledBack(at=at, rollback=Rollback(method="git", at=at, commit=found.revert, already=True)))
    announce(case, "undoing")
    watch = structs.replace(open_watch(case, None), live_since=left.live_since or case.release.merged_at)
    baked = Baked(watch=remember(case, watch), verdict=verdict, culprits=culprits, undo=True)
    return finish(Attempts(case, approved=False), baked, found.revert, back, None)


def _found(case: Case) -> Found | None:
    """What is found twice in a row, so that one stale answer decides nothing; nothing when that never happens.

    None: a person ended the case.
    """
    undo = case.plan.undo
    deadline = case.run.now() + case.plan.span(undo.retry_within)
    before: Found | None = None
    while True:
        found = case.run.step("left", Found, lambda: _look(case))
        if found.relations and found == before:
            return found
        before, now = found, case.run.now()
        if now >= deadline:
            return Found()
        message = case.run.wait_until(now + case.plan.span(case.plan.confirm.every))
        if message is not None and message.kind == "stop":
            return None


def _look(case: Case) -> Found:
    try:
        revert = case.world.repository.undone_by(case.release)
    except PortError:
        return Found()
    relations = {one.relation for one in see(case.world, case.release, case.release.commit).sightings}
    return Found(revert=revert, relations=tuple(sorted(relations - {Relation.UNKNOWN})))


def _in_plan(case: Case, culprit: str) -> bool:
    known = {f"check:{one.name}" for one in case.plan.checks} | {f"journey:{one.name}" for one in case.plan.journeys}
    return culprit in known
