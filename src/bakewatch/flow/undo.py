"""Undo a harmful release: once, and only while everything still allows it."""

from functools import partial

from msgspec import structs

from bakewatch.errors import PortError
from bakewatch.flow.announce import announce
from bakewatch.flow.bake import Baked
from bakewatch.flow.case import Case
from bakewatch.flow.confirm import confirm
from bakewatch.flow.gate import Gate, gate
from bakewatch.flow.moves import MOVED_ON, asked_before, go_back, seen_back, unpin
from bakewatch.flow.persist import STOPPED, Attempts
from bakewatch.flow.prove import prove
from bakewatch.model.plan import Mode
from bakewatch.model.release import undo_message
from bakewatch.model.rollback import Layer, Rollback
from bakewatch.model.timeline import Confirmation, Confirmed, Refused
from bakewatch.model.verdict import Ending, Reason

STILL_PINNED = "still_pinned"


def undo(case: Case, baked: Baked) -> tuple[Ending, str]:
    """Undo the release: one decision, in up to three layers.

    1. Refuse when a person pulled the brake, or production is no longer this release. When the tip of the branch has
       become another one since the decision, ask a person, unless one has decided.
    2. Where the platform may go back to what it served before: do that first, and see it at every address.
    3. Revert; try again after passing trouble, until the deadline.
    4. Where the platform went back: let production go on from the revert's deployment.
    5. Confirm that the revert is live, then see what failed pass again.
    """
    attempts = Attempts(case, baked.approved)
    # Said before it is done: a machine that has not the record learns there that an undo has begun.
    announce(case, "undoing")
    back = go_back(attempts, baked.prospect)
    if back is not None and back.problem and (not back.method or back.problem == STOPPED):
        return _refused(case, back)
    gone_back = back if back is not None and not back.problem else None
    seen = seen_back(case, gone_back) if gone_back is not None else None
    if seen is not None and seen.confirmation is Confirmation.STOPPED:
        return _refused(case, Rollback(method="", at=seen.at, problem=STOPPED, permanent=True))
    if gone_back is not None:
        announce(case, "undoing")
    rollback = attempts.persist(Layer.GIT, partial(_attempt, case))
    if rollback.problem:
        if gone_back is not None and seen is not None:
            # Production is another matter than the branch: what the platform did is proved all the same.
            prove(case, baked, seen, gone_back.commit, seen)
        return _refused(case, rollback)
    return finish(attempts, baked, rollback.commit, gone_back, seen)


def finish(
    attempts: Attempts, baked: Baked, revert: str, gone_back: Rollback | None, seen: Confirmed | None
) -> tuple[Ending, str]:
    """What is left once *revert* is on the branch: layers 4 and 5 of `undo`."""
    case = attempts.case
    let_go = gone_back is None or unpin(attempts, gone_back, revert).problem in ("", MOVED_ON)
    if gone_back is not None and seen is not None and not let_go:
        proved = prove(case, baked, seen, gone_back.commit, seen)
        return (Ending.UNDONE, STILL_PINNED) if proved.cured else (Ending.NOT_CURED, STILL_PINNED)
    live = confirm(case, revert, case.plan.span(case.plan.undo.live_within), undo=True)
    if live.confirmation not in (Confirmation.LIVE, Confirmation.SUPERSEDED):
        return Ending.NOT_CURED, "revert_not_live"
    proved = prove(case, baked, live, revert, _restored(seen))
    return (Ending.UNDONE, "") if proved.cured else (Ending.NOT_CURED, "not_cured")


def _refused(case: Case, rollback: Rollback) -> tuple[Ending, str]:
    code = rollback.problem
    case.note(Refused(at=case.run.now(), reason=Reason(code=code), link=rollback.link))
    return Ending.NOT_UNDONE, code


def _restored(seen: Confirmed | None) -> Confirmed | None:
    """Production was restored when it was seen to have gone back."""
    return seen if seen is not None and seen.confirmation is Confirmation.LIVE else None


def _attempt(case: Case, approved: bool) -> Rollback:
    """One attempt at the branch. A release whose undo is on it already passes the gate: there is nothing to refuse.

    Where only a pull request may change the branch, the revert is proposed as one.
    """
    may = Gate() if _already_undone(case) else gate(case, approved=approved, back=asked_before(case))
    if may.refusal:
        return Rollback(method="", at=case.world.clock(), problem=may.refusal, permanent=may.permanent)
    done = case.world.method.roll_back(case.release)
    forge = case.world.forge
    if done.problem != "protected" or forge is None:
        return done
    subject, body = undo_message(case.release)
    # The revert's own branch is where the method left it.
    merge = case.plan.undo.mode is Mode.AUTO
    proposed = forge.propose(case.release, done.link, subject, body, head=done.commit, merge=merge)
    return structs.replace(proposed, link=proposed.link or done.link)


def _already_undone(case: Case) -> bool:
    try:
        return bool(case.world.repository.undone_by(case.release))
    except PortError:
        return False
