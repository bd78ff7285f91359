"""The platform's part of an undo: go back at once, and be let go again once the revert is built."""

from datetime import timedelta

from bakewatch.flow.case import Case
from bakewatch.flow.confirm import HEAR_EVERY, confirm
from bakewatch.flow.gate import braked, gate
from bakewatch.flow.persist import PENDING, STOPPED, Attempts
from bakewatch.judge.unbuilt import come_to_nothing
from bakewatch.model.hosting import Build, Hosted, Move, Prospect, Safety, Told
from bakewatch.model.rollback import Layer, Rollback
from bakewatch.model.timeline import Confirmed, RolledBack, Sighted

SEEN_WITHIN = "2m"
"""So long the addresses may take to show what the platform has gone back to; the revert is not kept waiting longer."""
MOVED_ON = "moved_on"
"""Somebody has let production serve something else meanwhile."""


def go_back(attempts: Attempts, prospect: Prospect | None) -> Rollback | None:
    """Let production serve the earlier deployment that the oracle named; None where it named none that may be.

    Only a person may have decided for a risky one.
    """
    if prospect is None or prospect.target is None:
        return None
    if prospect.safety is not Safety.SAFE and not (attempts.approved and prospect.safety is Safety.RISKY):
        return None
    case, target = attempts.case, prospect.target

    def attempt(approved: bool) -> Rollback:
        may = gate(case, approved=approved, back=asked_before(case))
        if may.refusal and not (may.refusal == "replaced" and _gone_back(case, target.id)):
            at = case.world.clock()
            return Rollback(method="", layer=Layer.PLATFORM, at=at, problem=may.refusal, permanent=may.permanent)
        assert case.world.hosting is not None
        return _moved(Layer.PLATFORM, target, case.world.hosting.roll_back(target.id, f"bakewatch: {case.id}"))

    return attempts.persist(Layer.PLATFORM, attempt)


def asked_before(case: Case) -> bool:
    """Was the platform asked to go back? Then production may serve what it served before, whatever came of it."""
    moves = (one.rollback for one in case.timeline if isinstance(one, RolledBack))
    return any(one.layer is Layer.PLATFORM and one.problem in ("", PENDING) for one in moves)


def _gone_back(case: Case, target: str) -> bool:
    """Did an attempt whose result was lost go through? Then production no longer serves the release."""
    assert case.world.hosting is not None
    return case.world.hosting.tell(case.release.commit).pinned == target


def seen_back(case: Case, back: Rollback) -> Confirmed:
    """See at every address that production went back."""
    return confirm(case, back.commit, case.plan.span(SEEN_WITHIN), undo=True, back=True)


def unpin(attempts: Attempts, back: Rollback, revert: str) -> Rollback:
    """Let production serve the deployment of *revert* and go on from there.

    1. Wait until the platform has built it.
    2. Promote it, unless a person pulled the brake, production serves it already, or somebody has moved production
       elsewhere meanwhile.
    """
    case = attempts.case
    told, deployment = _built(case, revert)
    if deployment is None:
        at, nothing = case.run.now(), come_to_nothing(told)
        problem = STOPPED if told is None else nothing.value if nothing else "revert_not_built"
        missed = Rollback(method="platform", layer=Layer.UNPIN, at=at, problem=problem, permanent=True)
        case.note(RolledBack(at=at, rollback=missed))
        return missed

    def attempt(approved: bool) -> Rollback:
        assert case.world.hosting is not None
        may = braked(case)
        if may.refusal:
            stopped = Move(at=case.world.clock(), problem=may.refusal, permanent=may.permanent)
            return _moved(Layer.UNPIN, deployment, stopped)
        now = case.world.hosting.tell(revert)
        if now.problem:
            return _moved(Layer.UNPIN, deployment, Move(at=now.at, problem=now.problem))
        if now.current not in ("", back.deployment, deployment.id):
            return _moved(Layer.UNPIN, deployment, Move(at=now.at, problem=MOVED_ON, permanent=True))
        return _moved(Layer.UNPIN, deployment, case.world.hosting.promote(deployment.id))

    return attempts.persist(Layer.UNPIN, attempt)


def _built(case: Case, revert: str) -> tuple[Told | None, Hosted | None]:
    """The deployment of *revert*, once it is ready; none when it comes to nothing, or not in time."""
    deadline = case.run.now() + case.plan.span(case.plan.undo.live_within)
    before: Told | None = None
    while True:
        told = case.run.step("hear", Told, lambda: _tell(case, revert))
        if before is None or before.deployment != told.deployment:
            case.note(Sighted(at=told.at, awaited=revert, sightings=(), told=told))
        before = told
        if told.deployment is not None and told.deployment.build is Build.READY:
            return told, told.deployment
        now = case.run.now()
        if come_to_nothing(told) is not None or now >= deadline:
            return told, None
        message = case.run.wait_until(now + min(case.plan.span(HEAR_EVERY), max(deadline - now, timedelta(0))))
        if message is not None and message.kind == "stop":
            return None, None


def _tell(case: Case, commit: str) -> Told:
    assert case.world.hosting is not None
    return case.world.hosting.tell(commit)


def _moved(layer: Layer, target: Hosted, move: Move) -> Rollback:
    return Rollback(
        method="platform",
        layer=layer,
        at=move.at,
        commit=target.commit,
        deployment=target.id,
        already=move.already,
        problem=move.problem or ("" if move.done else PENDING),
        permanent=move.permanent,
    )
