"""What a person should see besides the verdict: what fired, what broke, and when we could not see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bakewatch.model.journey import Walked
from bakewatch.model.observation import Observation
from bakewatch.model.plan import Rule
from bakewatch.model.report import Finding
from bakewatch.model.timeline import Looked
from bakewatch.model.verdict import Evidence, Reason
from bakewatch.report.story import Story


@dataclass
class _Spell:
    """The same trouble, again and again."""

    times: int
    first: datetime
    last: datetime


def findings(story: Story) -> tuple[Finding, ...]:
    """Everything found, in order of time; what has no time comes last."""
    found = [
        *_from_evidence(story),
        *_from_journeys(story),
        *_from_watching(story),
        *_from_services(story),
        *_spells(story),
    ]
    dated = sorted((one for one in found if one.at is not None), key=lambda one: one.at or story.now)
    return (*dated, *(one for one in found if one.at is None))


def _from_evidence(story: Story) -> Iterator[Finding]:
    for one in story.bake.weighed.evidence if story.bake.weighed is not None else ():
        code = _code(story, one)
        if code:
            reason = Reason(code=code, about=f"check:{one.check}", numbers=_numbers(one))
            yield Finding(reason=reason, at=one.first_at, until=one.last_at)
    for stream, minutes in _blind_streams(story).items():
        numbers = {"minutes": float(minutes)}
        yield Finding(reason=Reason(code="blind_minutes", about=f"stream:{stream}", numbers=numbers))


def _blind_streams(story: Story) -> dict[str, int]:
    """The minutes that no check of a stream could see, where there were any."""
    minutes: dict[str, int] = {}
    for one in story.bake.weighed.evidence if story.bake.weighed is not None else ():
        if one.blind_minutes:
            stream = story.plan.check(one.check).stream
            minutes[stream] = max(minutes.get(stream, 0), one.blind_minutes)
    return minutes


def _code(story: Story, one: Evidence) -> str:
    if one.fired:
        return "check_fired"
    if any(reason.code == "new_signatures" for reason in one.reasons):
        return "new_signatures"
    if story.plan.check(one.check).rule is not Rule.ZERO:
        return ""
    return "signature_seen" if one.count else "own_signature_seen" if one.own else ""


def _numbers(one: Evidence) -> dict[str, float]:
    numbers = {"count": float(one.count), "own": float(one.own), "ratio": one.ratio}
    return {name: value for name, value in numbers.items() if value is not None}


def _from_journeys(story: Story) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for look in story.bake.looks:
        for run in look.journeys:
            code = {Walked.FAILED: "journey_failed", Walked.UNWALKED: "journey_unwalked"}.get(run.walked, "")
            if run.walked is Walked.PASSED and run.repeated:
                code = "journey_flaky"
            for one in filter(None, (code, "" if run.swept else "journey_unswept")):
                if (one, run.journey) not in told:
                    told.add((one, run.journey))
                    yield Finding(
                        reason=Reason(code=one, about=f"journey:{run.journey}", detail=run.problem), at=run.at
                    )


def _from_watching(story: Story) -> Iterator[Finding]:
    for gap in story.interrupted:
        yield Finding(reason=Reason(code="interrupted"), at=gap.since, until=gap.until)
    for longer in story.extended:
        for stream in longer.streams:
            yield Finding(reason=Reason(code="extended", about=f"stream:{stream}"), at=longer.at, until=longer.until)
    for told in story.notified:
        if told.problem:
            yield Finding(reason=Reason(code="not_notified", detail=told.problem), at=told.at)


def _from_services(story: Story) -> Iterator[Finding]:
    """What the platform and the forge did not do, and what one of them still holds."""
    for shown in story.published:
        if shown.problem:
            yield Finding(reason=Reason(code="not_published", detail=shown.problem), at=shown.at)
    for word in filter(None, (story.bake.told, story.proof.told)):
        if word.problem:
            yield Finding(reason=Reason(code="hosting_unanswered", detail=word.problem), at=word.at)
    if story.pinned is not None:
        yield Finding(reason=Reason(code="production_pinned"), at=story.pinned)


def _spells(story: Story) -> Iterator[Finding]:
    """Gaps, canaries that could not be sent and addresses without an answer, each kind once with its span."""
    spells: dict[tuple[str, str, str], _Spell] = {}
    for look in (*story.bake.looks, *story.proof.looks):
        for key in sorted(set(_troubles(story, look))):
            spell = spells.setdefault(key, _Spell(0, look.at, look.at))
            spell.times, spell.last = spell.times + 1, look.at
    for (code, about, detail), spell in spells.items():
        reason = Reason(code=code, about=about, detail=detail, numbers={"looks": float(spell.times)})
        yield Finding(reason=reason, at=spell.first, until=spell.last)


def _troubles(story: Story, look: Looked) -> Iterator[tuple[str, str, str]]:
    for one in look.observations:
        if one.gap:
            yield "gap", f"stream:{_stream(story, one)}", one.gap
    for sent in look.canaries:
        if sent.problem:
            yield "canary_unsent", f"stream:{sent.stream}", sent.problem
    for sighting in look.sightings:
        if sighting.problem:
            yield "address_silent", sighting.address, sighting.problem


def _stream(story: Story, one: Observation) -> str:
    if one.question.startswith("canary:"):
        return one.question.partition(":")[2]
    return next((check.stream for check in story.plan.checks if check.name == one.question), one.question)
