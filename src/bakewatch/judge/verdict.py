"""What is concluded: about the release, about a longer look, and about the undo."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from bakewatch.judge.sight import Sight, View, provable, streams_of
from bakewatch.judge.triggers import FiredTrigger
from bakewatch.model.bake import Watch
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.plan import Check, Plan
from bakewatch.model.release import Relation
from bakewatch.model.verdict import Evidence, Outcome, Reason, Verdict

_UNSEEN = frozenset({"provider_errors", "unproven", "blind"})


def conclude(
    watch: Watch,
    now: datetime,
    evidence: Iterable[Evidence],
    runs: Mapping[str, JourneyRun],
    fired: Iterable[FiredTrigger],
) -> Verdict:
    """The verdict about the release.

    1. FAIL when a trigger fired, and only then.
    2. PASS when the watch is over, nothing fired, every required check saw enough minutes and could have seen its
       declared effect, every required journey passed lately, production was known to serve the release, and something
       was required at all.
    3. Everything else is INCONCLUSIVE, with a reason for each cause.
    """
    held = tuple(fired)
    if held:
        culprits = dict.fromkeys(name for one in held for name in one.culprits)
        reasons = tuple(Reason(code="fired", about=name) for name in culprits)
        return Verdict(outcome=Outcome.FAIL, triggers=tuple(one.trigger for one in held), reasons=reasons)
    plan, weighed = watch.plan, {one.check: one for one in evidence}
    missing = [Reason(code="not_over")] if now < watch.ends else []
    for check in plan.checks:
        missing += _missing_of_check(plan, check, weighed.get(check.name))
    for journey in plan.journeys:
        if journey.required:
            missing += missing_of_journey(watch, journey.name, runs)
    missing += _missing_of_production(watch)
    if not any(map(plan.required, plan.checks)) and not any(journey.required for journey in plan.journeys):
        missing.append(Reason(code="no_required_check"))
    return Verdict(outcome=Outcome.INCONCLUSIVE if missing else Outcome.PASS, reasons=tuple(missing))


def extension(watch: Watch, now: datetime) -> tuple[timedelta, tuple[str, ...]]:
    """How much longer to watch because required checks were blind, and the streams that they were blind on.

    As long as the blind minutes not made up for yet; one minute when only lines that may still come are missing.
    Never more than the plan's extension in all. A stream that cannot be proved to flow gets no more time.
    """
    sight, plan = Sight(watch, now), watch.plan
    granted = max(timedelta(0), watch.ends - watch.started - plan.span(plan.bake.duration))
    wanted, streams = timedelta(0), dict[str, None]()
    for check in filter(plan.required, plan.checks):
        if not all(provable(plan, stream) for stream in streams_of(check)):
            continue
        view = sight.view(check)
        more = len(view.blind) * plan.minute - granted
        if more <= timedelta(0) and view.share < plan.bake.minimum_seen:
            more = plan.minute
        if more > timedelta(0):
            wanted = max(wanted, more)
            streams.update(dict.fromkeys(_blind_streams(sight, check, view)))
    left = max(timedelta(0), plan.span(plan.bake.extension) - granted)
    longer = min(wanted, left)
    return longer, tuple(streams) if longer else ()


def _missing_of_check(plan: Plan, check: Check, one: Evidence | None) -> Iterator[Reason]:
    """What *check* lacks for a pass: it must not have fired; a required one must have seen, and sharply enough."""
    about = f"check:{check.name}"
    if one is not None and one.fired:
        yield Reason(code="check_fired", about=about)
        return
    if not plan.required(check):
        return
    codes = {reason.code for reason in one.reasons} if one is not None else set()
    unseen = one is None or one.seen < plan.bake.minimum_seen
    if unseen or codes & _UNSEEN:
        code = next((code for code in ("provider_errors", "unproven") if code in codes), "blind")
        numbers = {"seen": one.seen if one is not None else 0.0, "needed": plan.bake.minimum_seen}
        yield Reason(code=code, about=about, numbers=numbers)
    if one is None or one.sharp:
        return
    refused = [reason for reason in one.reasons if reason.code == "novelty_refused"]
    if refused:
        yield from refused
    elif "no_baseline" in codes:
        yield Reason(code="no_baseline", about=about)
    elif not unseen:
        known = {"could_see": one.could_see, "target": one.target}
        numbers = {name: value for name, value in known.items() if value is not None}
        yield Reason(code="too_little_traffic", about=about, numbers=numbers)


def missing_of_journey(watch: Watch, name: str, runs: Mapping[str, JourneyRun]) -> Iterator[Reason]:
    """A required journey must have passed, and lately: at the end of the watch, not only at its beginning."""
    run, about = runs.get(name), f"journey:{name}"
    bake = watch.plan.bake
    oldest = watch.ends - watch.plan.span(bake.journeys_every) - watch.plan.span(bake.look_every)
    if run is None or run.walked is Walked.UNWALKED:
        yield Reason(code="journey_unwalked", about=about, detail=run.problem if run is not None else "")
    elif run.walked is Walked.FAILED:
        before = "failed_before" if watch.failed_before(run) else ""
        yield Reason(code="journey_failed", about=about, detail=before or ("away" if watch.was_away(run.at) else ""))
    elif run.at < oldest:
        problem = next((one.problem for one in reversed(watch.runs(name)) if one.problem), "")
        yield Reason(code="journey_unwalked", about=about, detail=problem)


def _missing_of_production(watch: Watch) -> Iterator[Reason]:
    """In so many looks every address must have been seen to serve the release."""
    sure = [all(one.relation is Relation.SAME for one in look.sightings) for look in watch.looks]
    seen, needed = sum(sure) / max(1, len(sure)), watch.plan.bake.minimum_seen
    if seen < needed:
        yield Reason(code="production_unknown", numbers={"seen": seen, "needed": needed})


def _blind_streams(sight: Sight, check: Check, view: View) -> Iterator[str]:
    """The streams without a sign in minutes that *check* missed; its own when only its answers are missing."""
    over = frozenset(range(len(sight.minutes)))
    silent = [stream for stream in streams_of(check) if (over - view.seen) - sight.seen[stream]]
    yield from silent or [check.stream]
