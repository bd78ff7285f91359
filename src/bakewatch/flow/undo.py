"""Undo a harmful release, and prove that it is undone and that it helped."""

from datetime import datetime

from msgspec import Struct, structs

from bakewatch.errors import PortError
from bakewatch.flow.bake import Baked
from bakewatch.flow.case import Case
from bakewatch.flow.confirm import confirm
from bakewatch.flow.look import look
from bakewatch.flow.production import see
from bakewatch.judge import rules, verdict
from bakewatch.model.bake import Watch
from bakewatch.model.release import Relation
from bakewatch.model.rollback import Rollback
from bakewatch.model.timeline import Confirmation, Confirmed, Looked, Proved, Refused, RolledBack, Weighed
from bakewatch.model.verdict import Ending, Reason


class Gate(Struct, frozen=True):
    """May we act now? Empty when yes."""

    refusal: str = ""
    permanent: bool = True


def undo(case: Case, baked: Baked) -> tuple[Ending, str]:
    """Undo the release.

    1. Refuse when a person pulled the brake, or production is no longer this release.
    2. Revert; try again after passing trouble, until the deadline.
    3. Confirm that the revert is live, then see what failed pass again.
    """
    rollback = _roll_back(case)
    if rollback.problem:
        code = rollback.problem
        case.note(Refused(at=case.run.now(), reason=Reason(code=code), link=rollback.link))
        return Ending.NOT_UNDONE, code
    live = confirm(case, rollback.commit, case.plan.span(case.plan.undo.live_within), undo=True)
    if live.confirmation not in (Confirmation.LIVE, Confirmation.SUPERSEDED):
        return Ending.NOT_CURED, "revert_not_live"
    proved = _prove(case, baked, live, rollback.commit)
    return (Ending.UNDONE, "") if proved.cured else (Ending.NOT_CURED, "not_cured")


def _roll_back(case: Case) -> Rollback:
    """Try until it is done, cannot be done, or the deadline has passed; the last attempt is the answer."""
    undo_plan = case.plan.undo
    deadline = case.run.now() + case.plan.span(undo_plan.retry_within)
    while True:
        rollback = case.run.step("undo", Rollback, lambda: _attempt(case))
        case.note(RolledBack(at=rollback.at, rollback=rollback))
        now = case.run.now()
        if not rollback.problem or rollback.permanent or now >= deadline:
            return rollback
        case.run.wait_until(now + case.plan.span(undo_plan.retry_every))


def _attempt(case: Case) -> Rollback:
    """One attempt, with its gate in the same step: nothing stands between the look and the leap.

    A release whose undo is on the branch already passes the gate: there is nothing left to refuse.
    """
    gate = Gate() if _already_undone(case) else _gate(case)
    if gate.refusal:
        return Rollback(method="", at=case.world.clock(), problem=gate.refusal, permanent=gate.permanent)
    return case.world.method.roll_back(case.release)


def _already_undone(case: Case) -> bool:
    try:
        return bool(case.world.repository.undone_by(case.release))
    except PortError:
        return False


def _gate(case: Case) -> Gate:
    brake = case.world.repository.brake(case.release)
    if brake.pulled:
        return Gate(refusal=brake.problem or "kill_switch", permanent=brake.problem != "brake_unreadable")
    seen = see(case.world, case.release, case.release.commit)
    relations = {one.relation for one in seen.sightings}
    if Relation.SAME in relations:
        return Gate()
    if relations <= {Relation.UNKNOWN}:
        return Gate(refusal="production_unknown", permanent=False)
    return Gate(refusal="superseded" if Relation.NEWER in relations else "replaced")


def _prove(case: Case, baked: Baked, live: Confirmed, revert: str) -> Proved:
    """See what failed pass again, on the reverted production.

    The watch is a new one that begins when the revert was confirmed; only its evidence counts. It looks on until the
    lines of its last minute are due. Journeys are walked at its beginning and at its end.
    """
    plan, run = case.plan, case.run
    watch = Watch(
        plan=plan,
        release=case.release,
        live_since=live.at,
        started=live.at,
        ends=live.at + plan.span(plan.undo.proof),
        baseline=baked.watch.baseline,
    )
    over = watch.ends + plan.span(plan.bake.settle)
    due, now, last = live.at, live.at, False
    while not last:
        last = due >= over
        watch, now = _look_again(case, watch, revert, walk=last or not watch.looks)
        due = min(max(due + plan.span(plan.bake.look_every), now), max(over, now))
        if not last:
            run.wait_until(due)
    evidence = rules.weigh(watch, now)
    cured, reasons = verdict.cured(watch, baked.culprits, evidence, watch.latest_runs())
    proved = Proved(at=now, cured=cured, since=live.live_since or live.at, reasons=reasons)
    case.note(proved)
    return proved


def _look_again(case: Case, watch: Watch, revert: str, *, walk: bool) -> tuple[Watch, datetime]:
    journeys = case.plan.journeys if walk else ()
    looked = case.run.step("look", Looked, lambda: look(case.world, watch, case.tag, journeys, revert))
    case.note(looked)
    watch = structs.replace(watch, looks=(*watch.looks, looked))
    now = case.run.now()
    case.note(Weighed(at=now, number=looked.number, evidence=rules.weigh(watch, now)))
    return watch, now
