"""One line per event, for logs and pipes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import singledispatchmethod
from zoneinfo import ZoneInfo

from bakewatch.model.journey import Walked
from bakewatch.model.observation import Observation
from bakewatch.model.plan import Plan
from bakewatch.model.timeline import (
    Answered,
    Asked,
    Baselined,
    Closed,
    Concluded,
    Confirmation,
    Confirmed,
    Event,
    Extended,
    Fired,
    Foreseen,
    Interrupted,
    Looked,
    Notified,
    Opened,
    Prewalked,
    Proved,
    Published,
    Refused,
    RolledBack,
    Sighted,
    Studied,
    Weighed,
)
from bakewatch.model.verdict import Evidence, Reason
from bakewatch.report.inert import inert


def reasons_in_words(reasons: tuple[Reason, ...]) -> str:
    """Codes and what they speak of, for a line."""
    return ", ".join(" ".join(filter(None, (reason.about, reason.code, reason.detail))) for reason in reasons)


EVERY = 5.0
"""So many minutes of the plan after the last line of a look, the next look is told although nothing changed."""

_UNSEEING = frozenset({"blind", "provider_errors", "unproven"})
"""Codes of reasons why a check does not see."""


@dataclass
class _Case:
    """What a line needs to know of a case."""

    zone: tzinfo = field(default_factory=lambda: ZoneInfo("UTC"))
    minute: timedelta = timedelta(minutes=1)
    looked: Looked | None = None
    told_at: datetime | None = None
    """When a look was last told."""
    told: tuple[str, ...] = ()
    """What was told of it."""


class Lines:
    """Says each event of a case in one line. Of the looks those that bring something new, and one *every* so many
    minutes of the plan."""

    def __init__(self, say: Callable[[str], None], every: float = EVERY) -> None:
        self._say, self._every = say, every
        self._cases: dict[str, _Case] = {}
        self._case = _Case()

    def __call__(self, case_id: str, event: Event) -> None:
        """Say *event*, unless it is told with the one that follows, or there is nothing new in it."""
        self._case = self._cases.setdefault(case_id, _Case())
        if isinstance(event, Opened):
            self._case.zone = ZoneInfo(event.plan.service.timezone)
            self._case.minute = event.plan.minute
        words = self._words(event)
        if words:
            self._say(inert(f"{self._time(event.at)}  {words}"))

    def _time(self, at: datetime) -> str:
        return at.astimezone(self._case.zone).strftime("%H:%M:%S")

    @singledispatchmethod
    def _words(self, event: Event) -> str:
        raise TypeError(type(event).__name__)

    @_words.register
    def _(self, event: Opened) -> str:
        release = event.release
        pulls = " ".join(f"#{number}" for number in release.pulls)
        return f"opened     {release.bake_id[:-28]} {pulls} {notes_of(event.plan)}".rstrip()

    @_words.register
    def _(self, event: Sighted) -> str:
        served = ", ".join(
            f"{one.address} {one.commit[:7] or one.problem} ({one.relation.value})" for one in event.sightings
        )
        return f"production {served}"

    @_words.register
    def _(self, event: Published) -> str:
        return f"published  {event.stage}" + (f": {event.problem}" if event.problem else "")

    @_words.register
    def _(self, event: Confirmed) -> str:
        self._case.told_at = None
        what = "revert" if event.undo else "release"
        if event.confirmation is Confirmation.LIVE and event.live_since:
            return f"live       {what} {event.awaited[:7]} since {self._time(event.live_since)}"
        return f"confirm    {what} {event.awaited[:7]}: {event.confirmation.value}"

    @_words.register
    def _(self, event: Baselined) -> str:
        gaps = sorted({one.gap for one in event.observations if one.gap})
        return f"history    {len(event.observations)} questions" + (f", gaps: {', '.join(gaps)}" if gaps else "")

    @_words.register
    def _(self, event: Studied) -> str:
        return f"habits     {len(event.habits)} checks" + (f", gaps: {', '.join(event.gaps)}" if event.gaps else "")

    @_words.register
    def _(self, event: Foreseen) -> str:
        weak = [one.check for one in event.checks if not one.sharp]
        able = f"foresight  {len(event.checks) - len(weak)} of {len(event.checks)} checks can see their effect"
        return able + (f"; too little traffic or history: {', '.join(weak)}" if weak else "")

    @_words.register
    def _(self, event: Prewalked) -> str:
        ended = " ".join(filter(None, (event.run.walked.value, event.run.problem)))
        return f"before     journey {event.run.journey} {ended} without the release"

    @_words.register
    def _(self, event: Looked) -> str:
        self._case.looked = event
        return ""

    @_words.register
    def _(self, event: Weighed) -> str:
        case, news = self._case, tuple(_news(self._case.looked, event))
        runs = case.looked.journeys if case.looked else ()
        due = case.told_at is None or (event.at - case.told_at) / case.minute >= self._every
        if not runs and not due and news == case.told:
            return ""
        case.told_at, case.told = event.at, news
        passed = sum(one.walked is Walked.PASSED for one in runs)
        walked = [f"{one.journey} {one.walked.value}" for one in runs if one.walked is not Walked.PASSED]
        parts = [f"{len(event.evidence)} checks", *map(_counted, filter(_fired, event.evidence))]
        parts += [f"journeys {passed}/{len(runs)} passed", *walked] if runs else []
        return f"look {event.number:<5} " + " · ".join([*parts, *(one for one in news if ": " in one)])

    @_words.register
    def _(self, event: Interrupted) -> str:
        return f"gap        not watched from {self._time(event.since)} to {self._time(event.until)}"

    @_words.register
    def _(self, event: Extended) -> str:
        return f"extended   until {self._time(event.until)}: blind on {', '.join(event.streams)}"

    @_words.register
    def _(self, event: Fired) -> str:
        because = reasons_in_words(event.leave.reasons)
        allowed = f"{event.leave.permission.value}{f' ({because})' if because else ''}"
        return f"FIRED      {', '.join(event.triggers)} by {', '.join(event.culprits)} -> {allowed}"

    @_words.register
    def _(self, event: Asked) -> str:
        return f"asked      approve or reject until {self._time(event.until)}: {reasons_in_words(event.reasons)}"

    @_words.register
    def _(self, event: Answered) -> str:
        who = f"by {event.by}" if event.by else "by the deadline"
        return f"answered   {'approved' if event.approved else 'rejected'} {who} {event.why}".rstrip()

    @_words.register
    def _(self, event: Refused) -> str:
        return f"REFUSED    {reasons_in_words((event.reason,))} {event.link}".rstrip()

    @_words.register
    def _(self, event: RolledBack) -> str:
        done = event.rollback
        if done.problem:
            return f"undo       not yet: {done.problem}"
        return f"undo       {done.commit[:7]} {'was there already' if done.already else 'pushed'}"

    @_words.register
    def _(self, event: Proved) -> str:
        words = "cured" if event.cured else f"NOT cured: {reasons_in_words(event.reasons)}"
        return f"proof      {words}; restored since {self._time(event.since)}"

    @_words.register
    def _(self, event: Concluded) -> str:
        because = reasons_in_words(event.verdict.reasons)
        return f"verdict    {event.verdict.outcome.value.upper()}{f': {because}' if because else ''}"

    @_words.register
    def _(self, event: Notified) -> str:
        return f"notified   {event.transition}{f', not delivered: {event.problem}' if event.problem else ''}"

    @_words.register
    def _(self, event: Closed) -> str:
        return f"closed     {event.ending.value}{f' ({event.reason})' if event.reason else ''}"


def notes_of(plan: Plan) -> str:
    """What every output of a shortened or generated run says."""
    notes = []
    if plan.time_scale != 1:
        notes.append(f"time scale {plan.time_scale:g}")
    if plan.generated_history:
        notes.append("generated history")
    return f"[{', '.join(notes)}]" if notes else ""


def _fired(one: Evidence) -> bool:
    return one.fired


def _counted(one: Evidence) -> str:
    return f"{one.check} {one.count + one.own}"


def _news(looked: Looked | None, event: Weighed) -> Iterator[str]:
    """What is worth a line when it changes: which checks fired, which do not see, and why a source did not answer."""
    yield from (one.check for one in event.evidence if one.fired)
    for code in sorted(_UNSEEING):
        unseeing = [one.check for one in event.evidence if any(reason.code == code for reason in one.reasons)]
        if unseeing:
            yield f"{code}: {'every check' if len(unseeing) == len(event.evidence) else ', '.join(unseeing)}"
    gaps = gap_codes(looked.observations) if looked else ""
    if gaps:
        yield f"gaps: {gaps}"


def gap_codes(observations: tuple[Observation, ...]) -> str:
    """The codes of all gaps, each once."""
    return ", ".join(sorted({one.gap for one in observations if one.gap}))


def state_of(evidence: Evidence) -> str:
    """One word for a row: fired, blind, waits (nothing is due yet), weak or ok."""
    if evidence.fired:
        return "fired"
    if any(reason.code in _UNSEEING for reason in evidence.reasons):
        return "blind"
    if evidence.seen == 0:
        return "blind" if evidence.blind_minutes else "waits"
    return "ok" if evidence.sharp else "weak"
