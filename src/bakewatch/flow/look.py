"""One look: everything asked at one moment, in one step, as one value."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct, structs

from bakewatch.errors import PortError
from bakewatch.flow.production import see
from bakewatch.judge import habits, precedents
from bakewatch.judge.measure import COMPARED
from bakewatch.model.bake import Watch
from bakewatch.model.habit import Habit
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.observation import Bucket, Observation, Question, Window, from_ms, to_ms
from bakewatch.model.plan import Journey, Plan, Rule
from bakewatch.model.precedent import Precedent
from bakewatch.model.timeline import Looked, Opened
from bakewatch.ports import World
from bakewatch.stats.noise import BLOCK

COARSE_BUCKETS = 48
"""History is read in so many buckets; over four hours that is five minutes each."""

MOST_LISTED = 100
"""Of the new signatures of one bucket so many are recorded."""


def look(world: World, watch: Watch, tag: str, journeys: Sequence[Journey], awaited: str = "") -> Looked:
    """Send canaries, see what production serves, walk the *journeys* that are due, ask every source once.

    To be called inside a step. Never raises for an expected failure: what could not be asked is a gap, a problem or
    an unwalked journey.
    """
    sent_at = at = world.clock()
    canaries = world.canaries.send(tag)
    seen = see(world, watch.release, awaited or watch.release.commit)
    runs = []
    for journey in journeys:
        runs.append(walk(world, watch.plan, journey, tag))
        # A long walk must not blind the minutes that it takes.
        if world.clock() - sent_at >= watch.plan.minute / 2:
            sent_at = world.clock()
            canaries += world.canaries.send(tag)
    return Looked(
        at=at,
        number=len(watch.looks) + 1,
        canaries=tuple(canaries),
        sightings=seen.sightings,
        journeys=tuple(runs),
        observations=_observe(world, watch),
    )


RELEASES, CANDIDATES = 5, 20
"""So many earlier releases are compared with, of the newest so many that passed."""
LONG = "168h"
"""A service's habits are learnt from so much history: seven days."""


class History(Struct, frozen=True):
    """What the time before the deploy was like."""

    observations: tuple[Observation, ...]
    levels: dict[str, float]


def history(world: World, watch: Watch) -> History:
    """Read what the four hours before `watch.past_until` were like. To be called inside a step."""
    length = watch.plan.span("4h")
    width = length / COARSE_BUCKETS
    window = Window(_floor(watch.past_until - length, width), watch.past_until)
    levels: dict[str, float] = {}
    for source, questions in by_source(watch.plan, watch.plan.questions()).items():
        levels |= levels_of(world, source, [one for one in questions if one.value], window)
    asked = _of_the_past(structs.replace(watch, levels=levels).questions())
    return History(_ask_all(world, watch, dict.fromkeys(world.sources, window), width, asked), levels)


def _of_the_past(questions: Iterable[Question]) -> list[Question]:
    return [structs.replace(one, past=True) for one in questions]


def levels_of(world: World, source: str, questions: Sequence[Question], window: Window) -> dict[str, float]:
    """The levels that are known; one that is not makes its question a gap."""
    if not questions:
        return {}
    try:
        return world.sources[source].levels(questions, window)
    except PortError:
        return {}


class Study(Struct, frozen=True):
    """What a longer history tells of a service's habits."""

    habits: dict[str, Habit]
    gaps: tuple[str, ...]
    precedents: tuple[Precedent, ...] = ()


def study(world: World, watch: Watch) -> Study:
    """Read `LONG` before `watch.past_until` in blocks, and keep what it tells. To be called inside a step.

    Where there is no answer, and of a source that only measures the present, the history that is known must do. What
    signatures there were is asked before the first look only: all looks must look for the same ones.
    """
    width = watch.plan.span(f"{BLOCK:g}m")
    end = _floor(watch.past_until, width)
    window = Window(_floor(end - watch.plan.span(LONG), width), end)
    compared = [check for check in watch.plan.checks if check.rule in COMPARED]
    asked = [watch.question(check) for check in compared if not watch.plan.streams[check.stream].measured]
    answers = _ask_all(world, watch, dict.fromkeys(world.sources, window), width, _of_the_past(asked))
    listed = () if watch.looks else _signatures(world, watch, window, width)
    replayed = {check.name for check in watch.plan.checks if check.rule is Rule.NOVELTY}
    # Apart: that question is costly, and must not keep the others from their answers.
    actions = [watch.question(one) for one in watch.plan.checks if one.rule is Rule.AMPLIFICATION]
    spreads = _ask_all(world, watch, dict.fromkeys(world.sources, window), width, _of_the_past(actions))
    known = {one.question: one for one in (*watch.baseline, *(one for one in (*answers, *spreads) if not one.gap))}
    coarse = [one for name, one in known.items() if name not in replayed]
    long = structs.replace(watch, baseline=(*coarse, *listed))
    kept = {name: watch.habit(watch.plan.check(name)) for name in replayed if watch.looks}
    return Study(
        habits.study(long) | kept,
        tuple(sorted({one.gap for one in (*answers, *listed) if one.gap})),
        precedents.days(long) + _releases(world, watch),
    )


def _releases(world: World, watch: Watch) -> tuple[Precedent, ...]:
    """What the newest releases did that passed, and were not undone within `LONG`, nor since."""
    found: list[Precedent] = []
    with suppress(PortError):  # where git cannot be asked, nobody knows which of them stayed
        for timeline in islice(world.archive.passed(watch.past_until - watch.plan.span(LONG)), CANDIDATES):
            opened = timeline[0]
            assert isinstance(opened, Opened), "a case begins with Opened"
            told = precedents.of_release(watch.plan, timeline)
            if told and opened.release.commit != watch.release.commit and world.repository.stayed(opened.release):
                found += told
            if len(found) == RELEASES:
                break
    return tuple(found)


def _signatures(world: World, watch: Watch, window: Window, width: timedelta) -> tuple[Observation, ...]:
    """What signatures *window* had, asked day by day: there may be many, and one bad day must not hide the others."""
    asked = [
        structs.replace(watch.plan.question(check), known=(), actor="", healthy="", past=True)
        for check in watch.plan.checks
        if check.rule is Rule.NOVELTY
    ]
    day, answers = watch.plan.span("24h"), list[Observation]()
    for number in range(-(-window.length // day) if asked else 0):
        start = window.start + number * day
        part = Window(start, min(start + day, window.end))
        answers += _ask_all(world, watch, dict.fromkeys(world.sources, part), width, asked)
    return tuple(answers)


def second_query(world: World, watch: Watch, names: Sequence[str]) -> tuple[Observation, ...]:
    """Ask the failing checks again, as one bucket over the whole time since the deploy. Inside a step."""
    start = watch.live_since
    width = timedelta(days=1)
    window = Window(start, world.clock())
    asked = [watch.question(watch.plan.check(name)) for name in names]
    return _bounded(_ask_all(world, watch, {source: window for source in world.sources}, width, asked))


def _observe(world: World, watch: Watch) -> tuple[Observation, ...]:
    now = world.clock()
    width = watch.plan.span(watch.plan.bake.bucket)
    windows = {source: Window(_resume_at(watch, source, width), now) for source in world.sources}
    return _bounded(_ask_all(world, watch, windows, width))


def _bounded(answers: Sequence[Observation]) -> tuple[Observation, ...]:
    """*answers* with at most `MOST_LISTED` signatures in a bucket, those with most events."""

    def listed(bucket: Bucket) -> Bucket:
        if len(bucket.signatures) <= MOST_LISTED:
            return bucket
        most = sorted(bucket.signatures, key=lambda one: -one.count)[:MOST_LISTED]
        return structs.replace(bucket, signatures=tuple(most))

    return tuple(structs.replace(one, buckets=tuple(map(listed, one.buckets))) for one in answers)


def _resume_at(watch: Watch, source: str, width: timedelta) -> datetime:
    """Where the next question to *source* starts: at its last answer, less the time lines may be late.

    A gap does not move it, so the bake itself is the retry loop. Never before the deploy.
    """
    answered = [
        one.window.end
        for past in reversed(watch.looks)
        for one in past.observations
        if not one.gap and _source_of(watch, one.question) == source
    ]
    if not answered:
        return watch.live_since
    back = _floor(answered[0] - watch.plan.span(watch.plan.bake.lateness), width)
    return max(watch.live_since, back)


def _source_of(watch: Watch, question: str) -> str:
    plan = watch.plan
    stream = question.partition(":")[2] if question.startswith("canary:") else plan.check(question).stream
    return plan.streams[stream].source


def _ask_all(
    world: World,
    watch: Watch,
    windows: dict[str, Window],
    width: timedelta,
    asked: Sequence[Question] | None = None,
) -> tuple[Observation, ...]:
    answers: list[Observation] = []
    grouped = by_source(watch.plan, watch.questions() if asked is None else asked)
    # Who measures the present knows nothing of the time before it was first asked: it must not wait for the others.
    for source in sorted(grouped, key=lambda one: not _measures(watch.plan, one)):
        answers += ask(world, source, grouped[source], windows[source], width)
    return tuple(answers)


def _measures(plan: Plan, source: str) -> bool:
    return any(stream.measured for stream in plan.streams.values() if stream.source == source)


def by_source(plan: Plan, questions: Sequence[Question]) -> dict[str, list[Question]]:
    """*questions* by the name of the source that answers them."""
    grouped: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        grouped[plan.source_of(question)].append(question)
    return grouped


def ask(
    world: World, source: str, questions: Sequence[Question], window: Window, width: timedelta
) -> list[Observation]:
    """Ask *source*. What cannot be asked, because its level is not known, is a gap like what was not answered."""
    known = [one for one in questions if not one.value or one.above is not None]
    gaps = [_gap(one, window, width, "no_level") for one in questions if one not in known]
    try:
        return world.sources[source].observe(known, window, width) + gaps
    except PortError as error:
        return [_gap(one, window, width, error.code) for one in known] + gaps


def _gap(question: Question, window: Window, width: timedelta, code: str) -> Observation:
    return Observation(question=question.name, window=window, width=width.total_seconds(), gap=code)


def walk(world: World, plan: Plan, journey: Journey, tag: str, address: str = "") -> JourneyRun:
    """Walk *journey* at *address* (by default the first of production). Inside a step.

    One that fails is walked again at once, and only the second walk counts.
    """
    persona, address = plan.personas[journey.persona], address or world.addresses[0]
    first = world.journeys.walk(journey, persona, address, tag)
    if first.walked is not Walked.FAILED:
        return first
    again = world.journeys.walk(journey, persona, address, tag)
    return structs.replace(again, repeated=True)


def _floor(moment: datetime, width: timedelta) -> datetime:
    step = max(1, round(width.total_seconds() * 1000))
    return from_ms(to_ms(moment) // step * step)
