"""Try one layer of an undo until it is done, cannot be done, or its time is over."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import structs

from bakewatch.flow.announce import announce
from bakewatch.flow.case import Case
from bakewatch.flow.gate import NOT_TIP
from bakewatch.flow.hear import hear
from bakewatch.model.rollback import Layer, Rollback
from bakewatch.model.timeline import Answered, Asked, RolledBack
from bakewatch.model.verdict import Reason

PENDING = "pending"
"""The platform is at it: asking again says how it stands."""
NEEDS_A_PERSON = "needs_a_person"
"""The revert is proposed, and only a person may bring it to the branch."""
STOPPED = "stopped"
"""A person said that the case is to end."""
_LASTING = (PENDING, NEEDS_A_PERSON)
"""States rather than attempts: noted once."""
_STEPS = {Layer.PLATFORM: "roll back", Layer.GIT: "undo", Layer.UNPIN: "unpin"}


@dataclass
class Attempts:
    """The attempts of one decision, over all of its layers."""

    case: Case
    approved: bool
    """A person said so."""

    def persist(self, layer: Layer, attempt: Callable[[bool], Rollback]) -> Rollback:
        """*attempt* (told whether a person has approved) until it is done, cannot be done, or the deadline has passed;
        the last attempt is the answer.

        Passing trouble is waited out; when the tip of the branch has become another one, a person is asked, once; what
        only a person may finish is waited for as long as for an answer.
        """
        case, undo = self.case, self.case.plan.undo
        deadline = case.run.now() + case.plan.span(undo.retry_within)
        told: Rollback | None = None
        while True:
            rollback = case.run.step(_STEPS[layer], Rollback, lambda: attempt(self.approved))
            if told is None or told.problem != rollback.problem or rollback.problem not in _LASTING:
                case.note(RolledBack(at=rollback.at, rollback=rollback))
            now = case.run.now()
            if rollback.problem == NOT_TIP:
                self.approved, code = self._ask()
                if not self.approved:
                    return structs.replace(rollback, problem=code, permanent=True)
                deadline, told = case.run.now() + case.plan.span(undo.retry_within), rollback
                continue
            if rollback.problem == NEEDS_A_PERSON:
                if told is None or told.problem != NEEDS_A_PERSON:
                    case.tell(NEEDS_A_PERSON)
                    deadline = now + case.plan.span(undo.answer_within)
            elif not rollback.problem or rollback.permanent:
                return rollback
            if now >= deadline:
                return rollback
            told = rollback
            pause = case.plan.confirm.every if rollback.problem == PENDING else undo.retry_every
            message = case.run.wait_until(now + case.plan.span(pause))
            if message is not None and message.kind == "stop":
                return structs.replace(rollback, problem=STOPPED, permanent=True)

    def _ask(self) -> tuple[bool, str]:
        """Ask a person and wait: (approved, why not)."""
        case = self.case
        now = case.run.now()
        until = now + case.plan.span(case.plan.undo.answer_within)
        asked = Asked(at=now, until=until, reasons=(Reason(code=NOT_TIP),))
        case.note(asked)
        announce(case, "asking")
        case.tell("asked")
        while True:
            message = hear(case, until, asked)
            if message is not None and message.kind == "nudge":
                continue
            if message is None:
                case.note(Answered(at=case.run.now(), approved=False))
                return False, "no_answer"
            approved = message.kind == "approve"
            case.note(Answered(at=case.run.now(), approved=approved, by=message.by, why=message.why))
            return approved, STOPPED if message.kind == "stop" else "rejected"
