"""Watch a deployment: look, weigh, decide, and look again until the time is over or something is wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import structs

from bakewatch.flow.announce import announce
from bakewatch.flow.before import open_watch, remember
from bakewatch.flow.case import TELLINGS, Case
from bakewatch.flow.doubt import Doubt, Examined, ask_again, cross_examine
from bakewatch.flow.hear import hear
from bakewatch.flow.look import look
from bakewatch.judge import rules, triggers, verdict
from bakewatch.judge.foresight import foresee
from bakewatch.judge.triggers import FiredTrigger
from bakewatch.model.bake import Watch
from bakewatch.model.hosting import Prospect
from bakewatch.model.plan import Journey
from bakewatch.model.release import Relation
from bakewatch.model.timeline import (
    Answered,
    Asked,
    Concluded,
    Confirmed,
    Extended,
    Fired,
    Foreseen,
    Interrupted,
    Looked,
    Prewalked,
    Weighed,
)
from bakewatch.model.verdict import Evidence, Outcome, Permission, Reason, Verdict
from bakewatch.ports import Message

REREADS = 3
"""So often history that could not be read is asked for again: one that only measures the present never has any."""


@dataclass(frozen=True)
class Baked:
    """How a bake ended: its verdict, whether the undo may go ahead, and if not, why."""

    watch: Watch
    verdict: Verdict
    culprits: tuple[str, ...] = ()
    undo: bool = False
    approved: bool = False
    """A person said so."""
    prospect: Prospect | None = None
    """May production go back to an earlier deployment?"""
    reason: str = ""


def bake(case: Case, live: Confirmed) -> Baked:
    """Say what can be seen, and watch until there is a verdict."""
    watch = remember(case, open_watch(case, live))
    case.note(Foreseen(at=case.run.now(), checks=foresee(watch)))
    return _Bake(case, watch).run()


class _Bake:
    """The loop, with what it has to remember between two looks."""

    def __init__(self, case: Case, watch: Watch) -> None:
        self.case, self.watch = case, watch
        self.evidence: tuple[Evidence, ...] = ()
        self.asked: Asked | None = None
        self.tellings_left = TELLINGS
        self.rereads_left = REREADS
        self.hurried = False
        self.holding = False
        self.cross_examined: set[str] = set()
        self.fired: Fired | None = None
        self.next_walk = watch.started
        self.elsewhere = 0

    def run(self) -> Baked:
        """Look and decide until there is an end."""
        due = self.watch.started
        while True:
            at = self.look(due)
            ended = self.gone()
            if ended is None and not self.elsewhere:
                ended = self.act(at) or self.over(at)
            if ended is None:
                due = at if self.hurried and self.next_walk <= at else self.case.next_look(due, at)
                ended = self.heard(self.wait(due))
            if ended is not None:
                self.case.note(Concluded(at=self.case.run.now(), verdict=ended.verdict))
                return ended

    def wait(self, until: datetime) -> Message | None:
        """Wait for the next look, or a message; for an answer too, once somebody was asked."""
        if self.asked is None:
            return self.case.run.wait_until(until)
        return hear(self.case, until, self.asked)

    def look(self, due: datetime) -> datetime:
        """One look and what all looks weigh; returns its moment."""
        case, watch = self.case, self.watch
        journeys = self._due_journeys(due)
        looked = case.run.step("look", Looked, lambda: look(case.world, watch, case.tag, journeys))
        if looked.at - due > case.plan.span(case.plan.bake.look_every) + timedelta(seconds=5):
            case.note(Interrupted(at=looked.at, since=due, until=looked.at))
        case.note(looked)
        self.watch = structs.replace(watch, looks=(*watch.looks, looked))
        if self.rereads_left and self._history_is_back(looked):
            self.rereads_left -= 1
            self.watch = remember(case, self.watch)
        now = case.run.now()
        self.evidence = rules.weigh(self.watch, now)
        case.note(Weighed(at=now, number=looked.number, evidence=self.evidence))
        return now

    def _history_is_back(self, looked: Looked) -> bool:
        """Could history not be read, of a question that has an answer now?"""
        missing = {one.question for one in self.watch.baseline if one.gap}
        return any(one.question in missing and not one.gap for one in looked.observations)

    def gone(self) -> Baked | None:
        """Another deployment went live at some address: seen in two looks, so that one stale answer ends no bake."""
        relations = {one.relation for one in self.watch.looks[-1].sightings} - {Relation.UNKNOWN, Relation.SAME}
        self.elsewhere = self.elsewhere + 1 if relations else 0
        if self.elsewhere < 2:
            return None
        if Relation.REVERTED in relations:
            code = "already_reverted"
        else:
            code = "superseded" if Relation.NEWER in relations else "replaced"
        if self.asked is not None:
            return self._failed(undo=False, reason=code)
        return self._ended(Verdict(outcome=Outcome.INCONCLUSIVE, reasons=(Reason(code=code),)), code)

    def act(self, now: datetime) -> Baked | None:
        """What fired triggers allow: undo at once, ask (and go on watching), or only say so.

        Nothing, when production has gone on meanwhile: the next looks will tell.
        """
        fired = self.examined(triggers.fired(self.watch, self.evidence, self.watch.latest_runs()))
        self.holding = bool(fired)
        if not fired:
            return None
        culprits = tuple(sorted({culprit for one in fired for culprit in one.culprits}))
        doubt = self.case.run.step("doubt", Doubt, lambda: ask_again(self.case, self.watch, culprits))
        if doubt.elsewhere:
            return None
        leave = triggers.leave(
            self.watch,
            fired,
            self.evidence,
            self.watch.latest_runs(),
            doubt.second,
            tip_is_release=doubt.tip_is_release,
            prospect=doubt.prospect,
        )
        event = Fired(
            at=now,
            triggers=tuple(one.trigger for one in fired),
            culprits=culprits,
            leave=leave,
            prospect=doubt.prospect,
            second=doubt.second,
        )
        if self.fired is None or (self.fired.culprits, self.fired.leave) != (event.culprits, event.leave):
            self.case.note(event)
        self.fired = event
        if leave.permission is Permission.ASK:
            self._ask(now)
            return None
        code = "" if leave.permission is Permission.AUTO else "mode_off"
        return self._failed(undo=leave.permission is Permission.AUTO, reason=code)

    def examined(self, fired: tuple[FiredTrigger, ...]) -> tuple[FiredTrigger, ...]:
        """What still holds when journeys that fail are walked through the previous deployment too, each once."""
        named = {
            name
            for one in fired
            for kind, _, name in (item.partition(":") for item in one.culprits)
            if kind == "journey"
        }
        new = sorted(named - self.cross_examined)
        if not new:
            return fired
        self.cross_examined.update(new)
        done = self.case.run.step("examine", Examined, lambda: cross_examine(self.case, new))
        for run in done.runs:
            self.case.note(Prewalked(at=run.at, run=run))
        self.watch = structs.replace(self.watch, before=(*self.watch.before, *done.runs))
        return triggers.fired(self.watch, self.evidence, self.watch.latest_runs())

    def over(self, now: datetime) -> Baked | None:
        """The planned time has passed, lengthened by blindness at most once at a time.

        Nothing is concluded while a trigger holds that a person is yet to be asked about, and an answer that came in
        time counts even if nobody was there to read it.
        """
        if self.asked is not None:
            if now < self.asked.until:
                return None
            answered = self.heard(self.wait(now))
            if answered is None:
                self.case.note(Answered(at=now, approved=False))
                answered = self._failed(undo=False, reason="no_answer")
            return answered
        if now < self.watch.ends or self.holding:
            return None
        more, streams = verdict.extension(self.watch, now)
        if more > timedelta(0):
            self.watch = structs.replace(self.watch, ends=self.watch.ends + more)
            self.case.note(Extended(at=now, until=self.watch.ends, streams=streams))
            return None
        runs = self.watch.latest_runs()
        return self._ended(verdict.conclude(self.watch, now, self.evidence, runs, ()))

    def heard(self, message: Message | None) -> Baked | None:
        """What a person said: an answer counts once something was asked; `stop` always does."""
        if message is None or message.kind == "nudge":
            return None
        if message.kind == "stop":
            reasons = (Reason(code="stopped"),)
            return self._ended(Verdict(outcome=Outcome.INCONCLUSIVE, reasons=reasons), "stopped")
        if self.asked is None:
            return None
        approved = message.kind == "approve"
        self.case.note(Answered(at=self.case.run.now(), approved=approved, by=message.by, why=message.why))
        return self._failed(undo=approved, approved=approved, reason="" if approved else "rejected")

    def _ask(self, now: datetime) -> None:
        """Before a person is troubled, our own journeys are walked once more, at once."""
        if not self.hurried and self.case.plan.journeys:
            self.hurried, self.next_walk = True, now
            return
        if self.asked is None:
            assert self.fired is not None
            until = now + self.case.plan.span(self.case.plan.undo.answer_within)
            self.asked = Asked(at=now, until=until, reasons=self.fired.leave.reasons)
            self.case.note(self.asked)
            announce(self.case, "asking")
        if self.tellings_left:
            self.tellings_left = 0 if self.case.tell("asked") else self.tellings_left - 1

    def _due_journeys(self, due: datetime) -> tuple[Journey, ...]:
        """All of them, every so often and at the end; not again and again at the end while a person thinks."""
        last_one = self.asked is None and due >= self.watch.ends - self.case.plan.span(self.case.plan.bake.look_every)
        if due < self.next_walk and not last_one:
            return ()
        self.next_walk = due + self.case.plan.span(self.case.plan.bake.journeys_every)
        return self.case.plan.journeys

    def _failed(self, *, undo: bool, reason: str, approved: bool = False) -> Baked:
        assert self.fired is not None
        reasons = tuple(Reason(code="fired", about=one) for one in self.fired.culprits)
        failed = Verdict(outcome=Outcome.FAIL, triggers=self.fired.triggers, reasons=reasons)
        return Baked(
            watch=self.watch,
            verdict=failed,
            culprits=self.fired.culprits,
            undo=undo,
            approved=approved,
            prospect=self.fired.prospect,
            reason=reason,
        )

    def _ended(self, decided: Verdict, reason: str = "") -> Baked:
        return Baked(watch=self.watch, verdict=decided, reason=reason)
