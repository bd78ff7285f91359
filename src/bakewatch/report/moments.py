"""The lines of the timeline: what happened, and when each criterion was answered."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bakewatch.model.report import CriterionReport, Moment, Standing, Tone
from bakewatch.model.rollback import Layer
from bakewatch.model.timeline import (
    Answered,
    Asked,
    Closed,
    Concluded,
    Confirmation,
    Confirmed,
    Event,
    Extended,
    Fired,
    Interrupted,
    Notified,
    Opened,
    Proved,
    Refused,
    RolledBack,
)
from bakewatch.model.verdict import Ending, Outcome, Permission
from bakewatch.report.document import TONE_OF
from bakewatch.report.story import Story

_BY_OUTCOME = {Outcome.PASS: Tone.OK, Outcome.FAIL: Tone.BAD, Outcome.INCONCLUSIVE: Tone.WARN}
_BY_ENDING = {Ending.PASSED: Tone.OK, Ending.UNDONE: Tone.INFO, Ending.INCONCLUSIVE: Tone.WARN}


_ROLLED = {
    Layer.PLATFORM: ("went_back", "back_failed"),
    Layer.GIT: ("undone", "undo_failed"),
    Layer.UNPIN: ("let_go", "unpin_failed"),
}
"""Done, or not."""


def moments(story: Story, criteria: Iterable[CriterionReport]) -> tuple[Moment, ...]:
    """All lines in order of time; what was never reached, or not yet, comes where it would have come."""
    told = [Moment(code="merged", tone=Tone.OK, at=story.release.merged_at)]
    told += [line for event in story.timeline for line in _lines(event)]
    if story.bake.confirmed is None:
        told.append(Moment(code="deployed", tone=Tone.WAIT))
    answered = [line for criterion in criteria for line in _answers(criterion)]
    ending = [line for line in told if line.code == "closed"]
    before = [line for line in (*answered, *told) if line.code != "closed"]
    dated = sorted(((line.at, place, line) for place, line in enumerate(before) if line.at is not None), key=_early)
    return (*(line for _, _, line in dated), *(line for line in (*told, *answered) if line.at is None), *ending)


def _early(entry: tuple[datetime, int, Moment]) -> tuple[datetime, int]:
    return entry[:2]


def _answers(criterion: CriterionReport) -> Iterator[Moment]:
    tone = TONE_OF[criterion.standing]
    code = "criterion_tested" if criterion.journeys else "criterion_checked"
    yield Moment(
        code=code, tone=tone, at=criterion.at, about=(f"criterion:{criterion.id}",), detail=criterion.standing.value
    )
    for policy in criterion.policies:
        open_ones = (Standing.RUNNING, Standing.NOT_REACHED)
        yield Moment(
            code="policy_judged",
            tone=TONE_OF[policy.standing],
            at=None if policy.standing in open_ones else policy.at,
            about=(policy.name,),
            detail=policy.standing.value,
        )


def _lines(event: Event) -> Iterator[Moment]:
    if isinstance(event, Opened):
        yield Moment(code="opened", tone=Tone.INFO, at=event.at)
    elif isinstance(event, Confirmed):
        yield from _confirmed(event)
    elif isinstance(event, Interrupted):
        yield Moment(code="interrupted", tone=Tone.WARN, at=event.since)
        yield Moment(code="resumed", tone=Tone.INFO, at=event.until)
    elif isinstance(event, Extended):
        about = tuple(f"stream:{stream}" for stream in event.streams)
        yield Moment(code="extended", tone=Tone.WARN, at=event.at, about=about)
    elif isinstance(event, Concluded):
        outcome = event.verdict.outcome
        yield Moment(code="concluded", tone=_BY_OUTCOME[outcome], at=event.at, detail=outcome.value)
    elif isinstance(event, Closed):
        yield Moment(code="closed", tone=_BY_ENDING.get(event.ending, Tone.BAD), at=event.at, detail=event.ending.value)
    elif isinstance(event, Notified):
        if event.problem:
            yield Moment(code="not_notified", tone=Tone.WARN, at=event.at, detail=event.problem)
    else:
        yield from _acting(event)


def _confirmed(event: Confirmed) -> Iterator[Moment]:
    live = event.confirmation is Confirmation.LIVE
    code = "back_deployed" if event.back else "undo_deployed" if event.undo else "deployed"
    tone = Tone.OK if live else Tone.BAD
    if event.undo and event.confirmation is Confirmation.SUPERSEDED:
        tone = Tone.WARN
    at = event.live_since if live and event.live_since is not None else event.at
    yield Moment(code=code, tone=tone, at=at, detail=event.confirmation.value)
    if live and not event.undo:
        yield Moment(code="bake_began", tone=Tone.INFO, at=event.at)


def _acting(event: Event) -> Iterator[Moment]:
    if isinstance(event, Fired):
        about = tuple(f"trigger:{name}" for name in event.triggers)
        tone = Tone.BAD if event.leave.permission is Permission.AUTO else Tone.WARN
        yield Moment(code="fired", tone=tone, at=event.at, about=about, detail=event.leave.permission.value)
    elif isinstance(event, Asked):
        yield Moment(code="asked", tone=Tone.WAIT, at=event.at)
    elif isinstance(event, Answered):
        silent = not event.approved and not event.by
        code = "approved" if event.approved else "no_answer" if silent else "rejected"
        about = (event.by,) if event.by else ()
        yield Moment(code=code, tone=Tone.INFO if event.approved else Tone.WARN, at=event.at, about=about)
    elif isinstance(event, Refused):
        yield Moment(code="refused", tone=Tone.BAD, at=event.at, detail=event.reason.code)
    elif isinstance(event, RolledBack):
        done = event.rollback
        if done.problem == "pending":
            return
        code = _ROLLED[done.layer][1 if done.problem else 0]
        if done.layer is Layer.GIT and done.already and not done.problem:
            code = "already_undone"
        tone = Tone.BAD if done.problem else Tone.OK
        yield Moment(
            code=code, tone=tone, at=event.at, about=(done.commit,) if done.commit else (), detail=done.problem
        )
    elif isinstance(event, Proved):
        yield Moment(
            code="proved" if event.cured else "not_cured", tone=Tone.OK if event.cured else Tone.BAD, at=event.at
        )
