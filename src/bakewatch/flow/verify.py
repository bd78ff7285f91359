"""The whole story in one page."""

from bakewatch.flow.announce import announce
from bakewatch.flow.bake import bake
from bakewatch.flow.before import before_live
from bakewatch.flow.case import Case
from bakewatch.flow.confirm import confirm
from bakewatch.flow.take_up import take_up
from bakewatch.flow.undo import undo
from bakewatch.model.timeline import Closed, Concluded, Confirmation, Confirmed
from bakewatch.model.verdict import Ending, Outcome, Reason, Verdict

_UNSURE = {
    Confirmation.UNREACHABLE,
    Confirmation.PARTLY_LIVE,
    Confirmation.ROLLING,
    Confirmation.STOPPED,
    Confirmation.SUPERSEDED,
    Confirmation.ALREADY_REVERTED,
}
"""Some visitors may have got it. All else was never deployed."""


def verify(case: Case) -> Ending:
    """Follow one merged change into production, and undo it if it hurts."""
    case.open()
    taken = take_up(case, case.left) if case.left is not None and case.left.is_undoing else None
    if taken is not None:
        return _closed(case, *taken)
    within = case.plan.span(case.plan.confirm.within)
    live = confirm(case, case.release.commit, within, chores=before_live(case))
    if live.confirmation is not Confirmation.LIVE:
        return _unconfirmed(case, live)
    announce(case, "baking")
    baked = bake(case, live)
    if baked.verdict.outcome is Outcome.PASS:
        return _closed(case, Ending.PASSED)
    if baked.verdict.outcome is Outcome.INCONCLUSIVE:
        return _closed(case, Ending.INCONCLUSIVE, baked.reason or baked.verdict.reasons[0].code)
    if not baked.undo:
        return _closed(case, Ending.NOT_UNDONE, baked.reason)
    ending, reason = undo(case, baked)
    return _closed(case, ending, reason)


def _unconfirmed(case: Case, live: Confirmed) -> Ending:
    code = live.confirmation.value
    verdict = Verdict(outcome=Outcome.INCONCLUSIVE, reasons=(Reason(code=code),))
    case.note(Concluded(at=case.run.now(), verdict=verdict))
    ending = Ending.INCONCLUSIVE if live.confirmation in _UNSURE else Ending.NEVER_DEPLOYED
    return _closed(case, ending, code)


def _closed(case: Case, ending: Ending, reason: str = "") -> Ending:
    if case.world.forge is not None:
        announce(case, ending.value, Closed(at=case.run.now(), ending=ending, reason=reason))
    return case.close(ending, reason)
