"""The answer of every box: checks, journeys, policies, criteria and triggers of a story."""

import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import structs

from bakewatch.model.bake import latest_runs
from bakewatch.model.foresight import Foresight
from bakewatch.model.habit import Habit
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.plan import Check, Criterion, Journey, Policy, Rule, Trigger
from bakewatch.model.report import (
    CheckReport,
    CriterionReport,
    Expectation,
    JourneyReport,
    PolicyReport,
    Second,
    Standing,
    TriggerReport,
    Unit,
)
from bakewatch.model.verdict import Evidence, Reason
from bakewatch.report.charts import chart
from bakewatch.report.story import Story
from bakewatch.stats.intervals import rate_bound_of_none, share_bound_of_none

_WORST_FIRST = (
    Standing.FAILED,
    Standing.RUNNING,
    Standing.NOT_REACHED,
    Standing.BLIND,
    Standing.UNSURE,
    Standing.CUT_SHORT,
    Standing.OK,
)
_BLINDING = frozenset({"blind", "provider_errors"})
_BLUNTING = frozenset({"unproven", "too_little_traffic", "no_baseline"})


def worst(standings: Iterable[Standing]) -> Standing:
    """What several boxes say together; nothing at all was never reached."""
    return min(standings, key=_WORST_FIRST.index, default=Standing.NOT_REACHED)


def _foresight(story: Story, check: Check) -> Foresight | None:
    said = story.bake.foreseen.checks if story.bake.foreseen is not None else ()
    return next((one for one in said if one.check == check.name), None)


def _habit(story: Story, check: Check) -> Habit | None:
    """What was learnt; how often, but not which signatures there were."""
    learnt = story.bake.studied.habits.get(check.name) if story.bake.studied is not None else None
    return structs.replace(learnt, known=(), firsts=()) if learnt is not None else None


def upper_bound(story: Story, check: Check, evidence: Evidence) -> float | None:
    """The 95 % upper bound of a share, or of a rate per minute of the plan, after no event.

    None when something was counted, nothing was exposed, or few events are what is feared.
    """
    if evidence.count or evidence.own or evidence.exposure <= 0 or check.rule is Rule.FLOOR:
        return None
    if unit_of(story, check) is Unit.SHARE:
        return share_bound_of_none(evidence.exposure)
    minute = story.plan.minute.total_seconds() if unit_of(story, check) is Unit.MINUTE else 1.0
    return rate_bound_of_none(evidence.exposure / minute)


def unit_of(story: Story, check: Check) -> Unit:
    """What the check's count is told against."""
    if check.rule in (Rule.SLOWER, Rule.AMPLIFICATION):
        return Unit.SHARE if check.rule is Rule.SLOWER else Unit.EACH
    if not check.of or story.plan.streams[check.stream].measured:
        return Unit.MINUTE
    return Unit.EACH if check.rule in (Rule.VOLUME, Rule.FLOOR) else Unit.SHARE


def check_report(story: Story, check: Check) -> CheckReport:
    """What *check* found, and whether it could have found anything."""
    weighed = story.bake.weighed
    evidence = next((one for one in weighed.evidence if one.check == check.name), None) if weighed else None
    standing = _check_standing(story, check, evidence)
    return CheckReport(
        name=check.name,
        title=check.title or check.name,
        rule=check.rule,
        stream=check.stream,
        looked=story.plan.streams[check.stream].looked or check.stream,
        unit=unit_of(story, check),
        required=story.plan.required(check),
        standing=standing,
        reasons=_reasons(story, standing, evidence),
        evidence=evidence,
        habit=_habit(story, check),
        foresight=_foresight(story, check),
        upper=upper_bound(story, check, evidence) if evidence is not None and standing is not Standing.BLIND else None,
        second=_second(story, check),
        amplification=check.amplification,
        chart=chart(story, check, evidence),
    )


def _check_standing(story: Story, check: Check, evidence: Evidence | None) -> Standing:
    """1. It fired. 2. The watch goes on, or never began. 3. It was blind. 4. It ended early. 5. Was it sharp?"""
    if f"check:{check.name}" in story.culprits or (evidence is not None and evidence.fired):
        return Standing.FAILED
    if evidence is None or story.ended is None:
        return _unanswered(story)
    codes = {reason.code for reason in evidence.reasons}
    if codes & _BLINDING or (not story.cut_short and evidence.seen < story.plan.bake.minimum_seen):
        return Standing.BLIND
    if story.cut_short:
        return Standing.CUT_SHORT if evidence.seen > 0 and "unproven" not in codes else Standing.UNSURE
    return Standing.OK if evidence.sharp and not codes & _BLUNTING else Standing.UNSURE


def _reasons(story: Story, standing: Standing, evidence: Evidence | None) -> tuple[Reason, ...]:
    if evidence is None:
        return _absence(story)
    early = standing is Standing.UNSURE and story.cut_short and not evidence.reasons
    return (Reason(code="ended_early"),) if early else evidence.reasons


def _unanswered(story: Story) -> Standing:
    over = story.final or story.ended is not None
    return Standing.NOT_REACHED if over else Standing.RUNNING


def _absence(story: Story) -> tuple[Reason, ...]:
    """Why a finished case has no answer at all. A whole bake without one has no reason that is known."""
    if story.closed is None or (story.live and not story.cut_short):
        return ()
    if story.closed.reason:
        return (Reason(code=story.closed.reason),)
    return story.concluded.verdict.reasons[:1] if story.concluded is not None else ()


def _second(story: Story, check: Check) -> Second | None:
    for event in reversed(story.fired):
        for one in event.second:
            if one.question == check.name:
                return Second(
                    count=sum(bucket.count for bucket in one.buckets),
                    of=sum(bucket.of for bucket in one.buckets),
                    own=sum(bucket.own for bucket in one.buckets),
                    gap=one.gap,
                )
    return None


def journey_report(story: Story, journey: Journey) -> JourneyReport:
    """How the walks of *journey* ended."""
    runs = _runs(story, journey.name)
    last = _latest(story).get(journey.name)
    standing = _unanswered(story)
    if f"journey:{journey.name}" in story.culprits:
        standing = Standing.FAILED
    elif last is not None:
        standing = _walk_standing(story, last)
    problem = (Reason(code=last.problem),) if last is not None and last.problem else ()
    return JourneyReport(
        name=journey.name,
        persona=journey.persona,
        title=journey.title or journey.name,
        scenario=journey.scenario,
        required=journey.required,
        standing=standing,
        reasons=problem or (_absence(story) if last is None else ()),
        passed=sum(run.walked is Walked.PASSED for run in runs),
        failed=sum(run.walked is Walked.FAILED for run in runs),
        unwalked=sum(run.walked is Walked.UNWALKED for run in runs),
        last=last,
        broken=next((run for run in runs if run.walked is Walked.FAILED), None),
    )


def _walk_standing(story: Story, last: JourneyRun) -> Standing:
    if last.walked is Walked.PASSED and story.ended is None:
        return Standing.RUNNING
    if last.walked is Walked.PASSED and _stale(story, last.journey):
        return Standing.BLIND
    return {Walked.PASSED: Standing.OK, Walked.FAILED: Standing.FAILED, Walked.UNWALKED: Standing.BLIND}[last.walked]


def _stale(story: Story, journey: str) -> bool:
    """It passed once, but could not be walked at the end."""
    reasons = story.concluded.verdict.reasons if story.concluded is not None else ()
    return any(one.code == "journey_unwalked" and one.about == f"journey:{journey}" for one in reasons)


def _runs(story: Story, journey: str) -> list[JourneyRun]:
    return [run for look in story.bake.looks for run in look.journeys if run.journey == journey]


def _latest(story: Story) -> dict[str, JourneyRun]:
    return latest_runs(story.bake.looks) if story.started is not None else {}


def policy_report(story: Story, policy: Policy) -> PolicyReport:
    """What *policy* declares beside what its journey observed last."""
    run = _latest(story).get(policy.journey)
    facts = run.facts if run is not None else {}
    expectations = tuple(
        Expectation(name=name, asks=policy.asks.get(name, ""), expected=expected, observed=facts.get(name))
        for name, expected in policy.expects.items()
    )
    return PolicyReport(
        name=policy.name,
        title=policy.title,
        text=policy.text,
        journey=policy.journey,
        standing=_policy_standing(story, run, expectations),
        expectations=expectations,
        at=run.at if run is not None else None,
    )


def _policy_standing(story: Story, run: JourneyRun | None, expectations: tuple[Expectation, ...]) -> Standing:
    if any(one.observed is not None and not agrees(one) for one in expectations):
        return Standing.FAILED
    if run is None:
        return _unanswered(story)
    if run.walked is Walked.UNWALKED:
        return Standing.BLIND
    if any(one.observed is None for one in expectations):
        return Standing.UNSURE
    return _walk_standing(story, run)


def agrees(one: Expectation) -> bool:
    """The observed fact is the expected one; `1` is not `true`."""
    return type(one.observed) is type(one.expected) and one.observed == one.expected


def criterion_report(story: Story, criterion: Criterion, position: int) -> CriterionReport:
    """*criterion* with everything that answers it."""
    plan = story.plan
    checks = tuple(check_report(story, plan.check(name)) for name in criterion.checks)
    journeys = tuple(journey_report(story, one) for one in plan.journeys if one.name in criterion.journeys)
    policies = tuple(policy_report(story, one) for one in plan.policies if one.journey in criterion.journeys)
    digits = re.search(r"(\d+)$", criterion.id)
    parts: list[CheckReport | JourneyReport | PolicyReport] = [*checks, *journeys, *policies]
    standing = worst(one.standing for one in parts)
    return CriterionReport(
        id=criterion.id,
        number=int(digits[1]) if digits else position,
        title=criterion.title,
        item=criterion.item,
        standing=standing,
        keywords=criterion.keywords,
        checks=checks,
        journeys=journeys,
        policies=policies,
        at=_answered_at(story, criterion, standing),
    )


def _answered_at(story: Story, criterion: Criterion, standing: Standing) -> datetime | None:
    if standing is Standing.FAILED:
        names = {f"check:{name}" for name in criterion.checks} | {f"journey:{name}" for name in criterion.journeys}
        fired = next((event.at for event in story.fired if names & set(event.culprits)), None)
        if fired is not None:
            return fired
    if standing in (Standing.RUNNING, Standing.NOT_REACHED):
        return None
    walked = [run.at for run in _latest(story).values() if run.journey in criterion.journeys]
    if criterion.checks and story.bake.weighed is not None:
        return story.bake.weighed.at
    return max(walked, default=None)


def others(story: Story) -> CriterionReport | None:
    """Checks and journeys that belong to no criterion, told all the same."""
    plan = story.plan
    told = {name for one in plan.criteria for name in (*one.checks, *one.journeys)}
    checks = tuple(check.name for check in plan.checks if check.name not in told)
    journeys = tuple(journey.name for journey in plan.journeys if journey.name not in told)
    if not checks and not journeys:
        return None
    rest = Criterion(id="others", title="", checks=checks, journeys=journeys)
    return structs.replace(criterion_report(story, rest, len(plan.criteria) + 1), id="")


def trigger_report(
    story: Story, trigger: Trigger, checks: dict[str, Standing], journeys: dict[str, Standing]
) -> TriggerReport:
    """Did *trigger* fire, and if not: could that be seen?"""
    fired = next((event.at for event in story.fired if trigger.name in event.triggers), None)
    named = [(checks if kind == "check" else journeys)[name] for kind, _, name in map(_split, trigger.names)]
    return TriggerReport(
        name=trigger.name,
        title=trigger.title or trigger.name,
        standing=Standing.FAILED if fired is not None else _unfired(story, trigger, named),
        all=trigger.all,
        any=trigger.any,
        at=fired,
    )


def _split(item: str) -> tuple[str, str, str]:
    return item.partition(":")


def _unfired(story: Story, trigger: Trigger, named: list[Standing]) -> Standing:
    """All of `all` are needed: one that was seen to be well settles it. Of `any`, each one has to be well."""
    if story.ended is None and not story.final:
        return Standing.RUNNING
    unharmed = [one for one in named if one is not Standing.FAILED]
    if Standing.OK in named[: len(trigger.all)] or not unharmed:
        return Standing.OK
    return worst(unharmed)
