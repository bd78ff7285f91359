"""Project a timeline onto the report: pure, without a language, without a second evaluation."""

import shlex
from datetime import datetime

from bakewatch.model.release import MergeKind, Release, Suspect
from bakewatch.model.report import (
    BakeReport,
    BrokenReport,
    CriterionReport,
    LiveReport,
    ProofReport,
    Report,
    TriggerReport,
    UndoReport,
)
from bakewatch.model.rollback import Layer, Rollback
from bakewatch.model.timeline import Timeline
from bakewatch.model.verdict import Outcome
from bakewatch.report.findings import findings
from bakewatch.report.moments import moments
from bakewatch.report.standing import criterion_report, others, trigger_report
from bakewatch.report.story import Phase, Story, read


def compose(timeline: Timeline, now: datetime | None = None) -> Report:
    """The report of *timeline*. *now* is when it is read; a closed case no longer cares.

    `ValueError` when *timeline* does not begin with `Opened`.
    """
    story = read(timeline, now)
    plan, attempt = story.plan, story.opened.attempt
    criteria = tuple(criterion_report(story, one, place) for place, one in enumerate(plan.criteria, start=1))
    rest = others(story)
    verdict = story.concluded.verdict if story.concluded is not None else None
    return Report(
        bake_id=story.release.bake_id if attempt == 1 else f"{story.release.bake_id}~{attempt}",
        attempt=attempt,
        service=plan.service.name,
        author=plan.service.author,
        timezone=plan.service.timezone,
        stage=story.stage,
        ending=story.closed.ending if story.closed is not None else None,
        reason=story.closed.reason if story.closed is not None else "",
        outcome=verdict.outcome if verdict is not None else None,
        reasons=verdict.reasons if verdict is not None else (),
        updated=story.now,
        time_scale=plan.time_scale,
        generated_history=plan.generated_history,
        plan_from=story.opened.plan_from,
        replayed=story.opened.replayed,
        record_lost=story.opened.left is not None,
        release=story.release,
        live=_live(story, story.bake, story.release.commit),
        bake=_bake(story),
        streams={name: stream.title for name, stream in plan.streams.items() if stream.title},
        criteria=criteria,
        others=rest,
        triggers=_triggers(story, (*criteria, rest) if rest is not None else criteria),
        undo=_undo(story),
        broken=_broken(story),
        findings=findings(story),
        moments=moments(story, criteria),
    )


def _triggers(story: Story, told: tuple[CriterionReport, ...]) -> tuple[TriggerReport, ...]:
    checks = {one.name: one.standing for criterion in told for one in criterion.checks}
    journeys = {one.name: one.standing for criterion in told for one in criterion.journeys}
    return tuple(trigger_report(story, one, checks, journeys) for one in story.plan.triggers)


def _live(story: Story, phase: Phase, awaited: str) -> LiveReport:
    plan, confirmed = story.plan, phase.confirmed
    since = story.opened.at if phase is story.bake else _undone_at(story)
    waited = (confirmed.at if confirmed is not None else story.now) - since
    return LiveReport(
        awaited=awaited,
        confirmation=confirmed.confirmation if confirmed is not None else None,
        live_since=confirmed.live_since if confirmed is not None else None,
        at=confirmed.at if confirmed is not None else None,
        deployments=confirmed.deployments if confirmed is not None else (),
        sightings=phase.sighted.sightings if phase.sighted is not None else (),
        times=plan.confirm.times,
        every_seconds=plan.span(plan.confirm.every).total_seconds(),
        waited_minutes=story.minutes(waited),
        told=phase.told,
    )


def _undone_at(story: Story) -> datetime:
    attempts = _attempts(story, Layer.GIT)
    return attempts[-1].at if attempts else story.now


def _bake(story: Story) -> BakeReport:
    plan, started, ends = story.plan, story.started, story.ends
    planned = story.minutes(plan.span(plan.bake.duration))
    if started is None or ends is None:
        return BakeReport(planned_minutes=planned, minute_seconds=plan.minute.total_seconds())
    return BakeReport(
        planned_minutes=planned,
        minute_seconds=plan.minute.total_seconds(),
        started=started,
        ends=ends,
        ended=story.ended,
        watched_minutes=story.minutes((story.ended or story.now) - started),
        extended_minutes=story.minutes(ends - started) - planned,
        looks=len(story.bake.looks),
        cut_short=story.cut_short,
    )


def _undo(story: Story) -> UndoReport:
    fired = story.fired[-1] if story.fired else None
    asked, answered, refused = story.asked, story.answered, story.refused
    back, attempts, unpin = (_attempts(story, layer) for layer in (Layer.PLATFORM, Layer.GIT, Layer.UNPIN))
    done = next((one for one in reversed(attempts) if not one.problem), None)
    links = [refused.link] if refused is not None else []
    return UndoReport(
        mode=story.plan.undo.mode,
        needed=_needed(story),
        permission=fired.leave.permission if fired is not None else None,
        reasons=fired.leave.reasons if fired is not None else (),
        fired_at=story.fired[0].at if story.fired else None,
        asked_at=asked.at if asked is not None else None,
        asked_until=asked.until if asked is not None else None,
        answered_at=answered.at if answered is not None else None,
        approved=answered.approved if answered is not None else None,
        **({"by": answered.by, "why": answered.why} if answered is not None else {}),
        prospect=fired.prospect if fired is not None else None,
        back=back[-1] if back else None,
        back_live=story.back.confirmation if story.back is not None else None,
        back_since=story.back.live_since if story.back is not None else None,
        unpin=unpin[-1] if unpin else None,
        attempts=len(attempts),
        done=done,
        refusal=refused.reason if refused is not None else None,
        link=next((link for link in [*links, *(one.link for one in attempts[-1:])] if link), ""),
        live=_live(story, story.proof, done.commit) if done is not None else None,
        proof=_proof(story),
        commands=commands(story.release),
    )


def _attempts(story: Story, layer: Layer) -> list[Rollback]:
    return [one.rollback for one in story.rolled_back if one.rollback.layer is layer]


def _needed(story: Story) -> bool | None:
    """Did the release have to be undone? None when that could not be judged, or not yet."""
    outcome = story.concluded.verdict.outcome if story.concluded is not None else None
    if outcome is Outcome.FAIL or (story.fired and outcome is None):
        return True
    if outcome is Outcome.PASS:
        return False
    never_live = story.final and story.started is None
    return False if never_live else None


def commands(release: Release) -> tuple[str, ...]:
    """What undoes *release*, and the ones that it inherits, by hand: newest first.

    A merge commit needs its mainline, a rebased range is undone as a whole.
    """
    all_of_them: tuple[Release | Suspect, ...] = (release, *reversed(release.suspects))
    reverts = []
    for one in all_of_them:
        if one.kind is MergeKind.MERGE:
            what = ["-m", "1", one.commit]
        elif one.kind is MergeKind.REBASE and isinstance(one, Release):
            what = [f"{one.parent}..{one.commit}"]
        else:
            what = [one.commit]
        reverts.append(shlex.join(["git", "revert", *what]))
    return (*reverts, shlex.join(["git", "push", "origin", release.branch]))


def _proof(story: Story) -> ProofReport | None:
    if story.proved is None:
        return None
    culprits = story.culprits
    weighed = story.proof.weighed.evidence if story.proof.weighed is not None else ()
    last_runs = {run.journey: run for look in story.proof.looks for run in look.journeys}
    return ProofReport(
        at=story.proved.at,
        since=story.proved.since,
        cured=story.proved.cured,
        reasons=story.proved.reasons,
        evidence=tuple(one for one in weighed if f"check:{one.check}" in culprits),
        journeys=tuple(run for name, run in last_runs.items() if f"journey:{name}" in culprits),
    )


def _broken(story: Story) -> BrokenReport | None:
    """From the first bad event of what carried the triggers until the proved undo was live."""
    culprits = story.culprits
    evidence = story.bake.weighed.evidence if story.bake.weighed is not None else ()
    first = [one.first_at for one in evidence if f"check:{one.check}" in culprits and one.first_at is not None]
    first += [
        run.at
        for look in story.bake.looks
        for run in look.journeys
        if f"journey:{run.journey}" in culprits and run.walked == "failed"
    ]
    if not story.fired or not first:
        return None
    cured = story.proved is not None and story.proved.cured
    return BrokenReport(since=min(first), until=story.proved.since if story.proved is not None and cured else None)
