"""Which triggers fired, and what they are allowed to do."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from bakewatch.model.bake import Watch
from bakewatch.model.hosting import Prospect, Safety
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.observation import Observation
from bakewatch.model.plan import Mode, Rule, Trigger
from bakewatch.model.release import MergeKind
from bakewatch.model.verdict import Evidence, Leave, Permission, Reason

SIGNED_IN = 2
"""So many signed-in actors whose other calls succeed vouch for evidence that anyone could produce."""


class FiredTrigger(Struct, frozen=True):
    """A trigger that demands a rollback, and what carried it: `check:NAME`, `journey:NAME`."""

    trigger: str
    culprits: tuple[str, ...]


def fired(watch: Watch, evidence: Iterable[Evidence], runs: Mapping[str, JourneyRun]) -> tuple[FiredTrigger, ...]:
    """The triggers that hold: all of `all`, and one of `any` where there is any.

    A check holds when it fired; a journey when it failed and failed again at once, unless it had failed at the same
    step before the release was live, or the database was away.
    """
    down = {f"check:{one.check}" for one in evidence if one.fired}
    down |= {f"journey:{name}" for name, run in runs.items() if _failed(watch, run)}
    return tuple(
        FiredTrigger(trigger=one.name, culprits=tuple(name for name in one.names if name in down))
        for one in watch.plan.triggers
        if _holds(one, down)
    )


def leave(
    watch: Watch,
    fired: Iterable[FiredTrigger],
    evidence: Iterable[Evidence],
    runs: Mapping[str, JourneyRun],
    second: Iterable[Observation],
    *,
    tip_is_release: bool,
    prospect: Prospect | None = None,
) -> Leave:
    """May the *fired* triggers act at once? *second*: the failing checks, asked again over the whole time; *prospect*:
    what the rollback oracle says, where there is a platform to ask.

    1. Mode `off`: never.
    2. A release that touches its own plan, that is itself an undo, that touches migrations, or that is not the tip of
       the production branch, or that production cannot safely go back from: only by asking.
    3. One trigger must still hold when every culprit that is open to doubt is left out.
    """
    plan = watch.plan
    if plan.undo.mode is Mode.OFF:
        return Leave(permission=Permission.OFF, reasons=(Reason(code="mode_off"),))
    reasons = [Reason(code=code) for code in _codes_of_release(watch, tip_is_release)]
    if prospect is not None and prospect.safety is not Safety.SAFE:
        reasons.append(Reason(code=f"rollback_{prospect.safety.value}"))
    weighed = {f"check:{one.check}": one for one in evidence}
    again = {one.question: one for one in second}
    journey_fails = any(_vouches(watch, run) for run in runs.values())
    trusted, doubts = set(), []
    held = tuple(fired)
    for culprit in dict.fromkeys(name for one in held for name in one.culprits):
        kind, _, name = culprit.partition(":")
        codes = _doubts(watch, weighed[culprit], again.get(name), journey_fails) if kind == "check" else []
        doubts += [Reason(code=code, about=culprit) for code in codes]
        if not codes:
            trusted.add(culprit)
    names = {one.trigger for one in held}
    if not any(_holds(one, trusted) for one in plan.triggers if one.name in names):
        reasons += doubts or [Reason(code="nothing_fired")]
    return Leave(permission=Permission.ASK if reasons else Permission.AUTO, reasons=tuple(reasons))


def _failed(watch: Watch, run: JourneyRun) -> bool:
    excused = watch.failed_before(run) or watch.was_away(run.at)
    return run.walked is Walked.FAILED and run.repeated and not excused


def _vouches(watch: Watch, run: JourneyRun) -> bool:
    """Does a failing journey confirm evidence that anyone could produce? Only one that matters to the plan does."""
    plan = watch.plan
    named = any(f"journey:{run.journey}" in one.names for one in plan.triggers)
    required = any(one.name == run.journey and one.required for one in plan.journeys)
    return _failed(watch, run) and (named or required)


def _holds(trigger: Trigger, down: set[str]) -> bool:
    every = all(name in down for name in trigger.all)
    return bool(trigger.names) and every and (not trigger.any or any(name in down for name in trigger.any))


def _codes_of_release(watch: Watch, tip_is_release: bool) -> list[str]:
    """What stands against acting at once, whatever the evidence.

    A stretch of several releases is more than one decision, whether git says so, the releases that this one inherits,
    or what production served before.
    """
    release = watch.release
    against = {
        "mode_ask": watch.plan.undo.mode is Mode.ASK,
        "touches_plan": release.touches_plan,
        "is_revert": bool(release.reverts),
        "suspects": bool(release.suspects),
        "jumped": watch.jumped,
        "range": release.kind is MergeKind.REBASE and len(release.pulls) != 1,
        "touches_migrations": release.touches_migrations,
        "not_tip": not tip_is_release,
    }
    return [code for code, true in against.items() if true]


def _doubts(watch: Watch, weighed: Evidence, again: Observation | None, journey_fails: bool) -> list[str]:
    """Why a fired check may not act at once.

    1. The second query must answer, and count something (of what must not fall, nothing is an answer too).
    2. A declared signature needs two events in two buckets, or one and a failing journey.
    3. Where only the number of new signatures counts, it never acts.
    4. What anyone could provoke needs a failing journey, or two signed-in actors whose other calls succeed.
    5. Further baselines, where there are any, must agree.
    """
    check = watch.plan.check(weighed.check)
    codes = []
    if again is None or again.gap:
        codes.append("no_second_answer")
    elif check.rule is not Rule.FLOOR and not any(bucket.count or bucket.own for bucket in again.buckets):
        codes.append("not_confirmed")
    twice = weighed.count + weighed.own >= 2 and weighed.buckets_hit >= 2
    if check.rule is Rule.ZERO and not twice and not journey_fails:
        codes.append("single_event")
    if check.rule is Rule.NOVELTY and not watch.zero_tolerance(check):
        codes.append(watch.novelty(check).why or "only_counts")
    actors = max((bucket.actors for bucket in again.buckets), default=0) if again is not None else 0
    if check.public and not journey_fails and actors < SIGNED_IN:
        codes.append("public_evidence")
    return codes + [f"as_by_{one.kind}" for one in weighed.beside if not one.agrees]
