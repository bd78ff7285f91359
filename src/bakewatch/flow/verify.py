"""The whole story in one page."""

from bakewatch.flow.bake import bake
from bakewatch.flow.before import before_live
from bakewatch.flow.case import Case
from bakewatch.flow.confirm import confirm
from bakewatch.flow.undo import undo
from bakewatch.model.timeline import Concluded, Confirmation, Confirmed
from bakewatch.model.verdict import Ending, Outcome, Reason, Verdict

_UNCONFIRMED = {
    Confirmation.NEVER_DEPLOYED: Ending.NEVER_DEPLOYED,
    Confirmation.WRONG_COMMIT: Ending.NEVER_DEPLOYED,
}


def verify(case: Case) -> Ending:
    """Follow one merged change into production, and undo it if it hurts."""
    case.open()
    within = case.plan.span(case.plan.confirm.within)
    live = confirm(case, case.release.commit, within, chores=before_live(case))
    if live.confirmation is not Confirmation.LIVE:
        return _unconfirmed(case, live)
    baked = bake(case, live)
    if baked.verdict.outcome is Outcome.PASS:
        return case.close(Ending.PASSED)
    if baked.verdict.outcome is Outcome.INCONCLUSIVE:
        return case.close(Ending.INCONCLUSIVE, baked.reason or baked.verdict.reasons[0].code)
    if not baked.undo:
        return case.close(Ending.NOT_UNDONE, baked.reason)
    ending, reason = undo(case, baked)
    return case.close(ending, reason)


def _unconfirmed(case: Case, live: Confirmed) -> Ending:
    code = live.confirmation.value
    verdict = Verdict(outcome=Outcome.INCONCLUSIVE, reasons=(Reason(code=code),))
    case.note(Concluded(at=case.run.now(), verdict=verdict))
    return case.close(_UNCONFIRMED.get(live.confirmation, Ending.INCONCLUSIVE), code)
