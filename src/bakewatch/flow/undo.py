"""Undo a harmful release: once, and only while everything still allows it."""

from functools import partial

from msgspec import Struct, structs

from bakewatch.errors import PortError
from bakewatch.flow.bake import Baked
from bakewatch.flow.case import Case
from bakewatch.flow.confirm import confirm
from bakewatch.flow.production import see
from bakewatch.flow.prove import prove
from bakewatch.model.release import Relation
from bakewatch.model.rollback import Rollback
from bakewatch.model.timeline import Answered, Asked, Confirmation, Refused, RolledBack
from bakewatch.model.verdict import Ending, Reason

NOT_TIP = "not_tip"


class Gate(Struct, frozen=True):
    """May we act now? Empty when yes."""

    refusal: str = ""
    permanent: bool = True


def undo(case: Case, baked: Baked) -> tuple[Ending, str]:
    """Undo the release.

    1. Refuse when a person pulled the brake, or production is no longer this release. When the tip of the branch has
       become another one since the decision, ask a person, unless one has decided.
    2. Revert; try again after passing trouble, until the deadline.
    3. Confirm that the revert is live, then see what failed pass again.
    """
    rollback = _roll_back(case, baked.approved)
    if rollback.problem:
        code = rollback.problem
        case.note(Refused(at=case.run.now(), reason=Reason(code=code), link=rollback.link))
        return Ending.NOT_UNDONE, code
    live = confirm(case, rollback.commit, case.plan.span(case.plan.undo.live_within), undo=True)
    if live.confirmation not in (Confirmation.LIVE, Confirmation.SUPERSEDED):
        return Ending.NOT_CURED, "revert_not_live"
    proved = prove(case, baked, live, rollback.commit)
    return (Ending.UNDONE, "") if proved.cured else (Ending.NOT_CURED, "not_cured")


def _roll_back(case: Case, approved: bool) -> Rollback:
    """Try until it is done, cannot be done, or the deadline has passed; the last attempt is the answer."""
    undo_plan = case.plan.undo
    deadline = case.run.now() + case.plan.span(undo_plan.retry_within)
    while True:
        rollback = case.run.step("undo", Rollback, partial(_attempt, case, approved))
        case.note(RolledBack(at=rollback.at, rollback=rollback))
        now = case.run.now()
        if rollback.problem == NOT_TIP:
            approved, code = _ask(case)
            if not approved:
                return structs.replace(rollback, problem=code)
            deadline = case.run.now() + case.plan.span(undo_plan.retry_within)
            continue
        if not rollback.problem or rollback.permanent or now >= deadline:
            return rollback
        message = case.run.wait_until(now + case.plan.span(undo_plan.retry_every))
        if message is not None and message.kind == "stop":
            return structs.replace(rollback, problem="stopped", permanent=True)


def _ask(case: Case) -> tuple[bool, str]:
    """Ask a person and wait: (approved, why not)."""
    now = case.run.now()
    until = now + case.plan.span(case.plan.undo.answer_within)
    case.note(Asked(at=now, until=until, reasons=(Reason(code=NOT_TIP),)))
    case.tell("asked")
    while True:
        message = case.run.wait_until(until)
        if message is None:
            case.note(Answered(at=case.run.now(), approved=False))
            return False, "no_answer"
        approved = message.kind == "approve"
        case.note(Answered(at=case.run.now(), approved=approved, by=message.by, why=message.why))
        return approved, "stopped" if message.kind == "stop" else "rejected"


def _attempt(case: Case, approved: bool) -> Rollback:
    """One attempt, with its gate in the same step: nothing stands between the look and the leap.

    A release whose undo is on the branch already passes the gate: there is nothing left to refuse.
    """
    gate = Gate() if _already_undone(case) else _gate(case, approved)
    if gate.refusal:
        return Rollback(method="", at=case.world.clock(), problem=gate.refusal, permanent=gate.permanent)
    return case.world.method.roll_back(case.release)


def _already_undone(case: Case) -> bool:
    try:
        return bool(case.world.repository.undone_by(case.release))
    except PortError:
        return False


def _gate(case: Case, approved: bool) -> Gate:
    """What one stale answer or one lost packet may have caused is asked again; the rest is final."""
    brake = case.world.repository.brake(case.release)
    if brake.pulled:
        return Gate(refusal=brake.problem or "kill_switch", permanent=brake.problem != "brake_unreadable")
    seen = see(case.world, case.release, case.release.commit)
    relations = {one.relation for one in seen.sightings}
    if Relation.SAME not in relations:
        if relations <= {Relation.UNKNOWN}:
            return Gate(refusal="production_unknown", permanent=False)
        newer = Relation.NEWER in relations
        return Gate(refusal="superseded" if newer else "replaced", permanent=newer)
    try:
        moved = case.world.repository.tip() != case.release.commit
    except PortError:
        return Gate(refusal="unreachable", permanent=False)
    return Gate(refusal=NOT_TIP) if moved and not approved else Gate()
