"""Further baselines: the same time of earlier days, and the time after earlier releases that passed and stayed.

Twenty minutes and four hours before a deploy know nothing of what comes every noon, nor of what every deploy does to a
service. What is worse than before, but not worse than at such times, is not the release's doing alone.
"""

from collections.abc import Callable, Iterator
from functools import partial

from msgspec import structs

from bakewatch.judge.measure import COMPARED, Measure, history
from bakewatch.judge.series import Cell, Series
from bakewatch.judge.sight import Minutes, Sight
from bakewatch.model.bake import Watch, begin
from bakewatch.model.observation import to_ms
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.model.precedent import Beside, Course, Kind, Precedent
from bakewatch.model.timeline import Concluded, Confirmation, Confirmed, Extended, Looked, Opened, Timeline
from bakewatch.stats.effect import Effect
from bakewatch.stats.noise import BLOCK

DAYS = 7
"""So many earlier days are compared with, as far as history reaches."""
AHEAD = "30m"
"""So much later than history ends a bake begins at most; else history is read again."""
RULES = (*COMPARED, Rule.AMPLIFICATION)
"""The rules that further baselines are kept of."""


def days(watch: Watch) -> tuple[Precedent, ...]:
    """What followed, on each earlier day, on the time of the day at which `watch.baseline` ends."""
    sight = Sight(watch, watch.started)
    block, day = sight.span(f"{BLOCK:g}m"), sight.span("24h")
    end = to_ms(watch.past_until) // block * block
    past = {check.name: history(sight, check) for check in watch.plan.checks if check.rule in RULES}
    length = sum(map(sight.span, (AHEAD, watch.plan.bake.duration, watch.plan.bake.extension)))
    found: list[Precedent] = []
    for earlier in range(1, DAYS + 1):
        start = end - earlier * day
        courses = {
            name: _course(watch.plan, watch.plan.check(name), series, start, length, lambda at: True)
            for name, series in past.items()
        }
        found += _precedents(Kind.DAY, str(earlier), start, courses)
    return tuple(found)


def of_release(plan: Plan, timeline: Timeline) -> tuple[Precedent, ...]:
    """What *plan*'s checks counted during the bake of an earlier release: one precedent, or none.

    Only what was asked the same then, in the same time scale, and in minutes that were seen.
    """
    watch = _watched(timeline)
    if watch is None or watch.plan.time_scale != plan.time_scale:
        return ()
    sight = Sight(watch, watch.looks[-1].at)
    then = {one.name: one for one in watch.plan.checks}
    courses = {}
    for check in plan.checks:
        before = then.get(check.name)
        if check.rule in RULES and before is not None and watch.plan.question(before) == plan.question(check):
            seen = sight.view(before).seen
            courses[check.name] = _course(
                watch.plan,
                before,
                sight.series.get(check.name, ()),
                sight.started,
                sight.ends - sight.started,
                partial(_was_seen, sight, seen),
            )
    return tuple(_precedents(Kind.RELEASE, watch.release.commit, sight.started, courses))


def beside(sight: Sight, check: Check, present: Series, since: int, effect: Effect) -> tuple[Beside, ...]:
    """What *present* counts from *since* (milliseconds) on, beside the precedents of each kind.

    Nothing of a kind that has no answer for this time. A kind agrees when the present is the *effect* worse than all of
    its precedents together, and than each of them: one day in seven on which it was as bad is a habit of that day.
    """
    if not sight.watch.precedents:
        return ()
    measure = Measure(sight.plan, check)
    cells = [cell for cell in present if cell.start >= since]
    exposure = sum(map(measure.exposure, cells))
    if exposure <= 0:
        return ()
    count, until = sum(_events(check, cell) for cell in cells), cells[-1].end
    found = []
    for kind in Kind:
        sums = [
            _within(sight, one, check.name, since, until)
            for one in sight.watch.precedents
            if one.kind is kind and check.name in one.courses
        ]
        told = [(events, exposed) for events, exposed in sums if exposed > 0]
        if told:
            base_count, base_exposure = (sum(one) for one in zip(*told, strict=True))
            found.append(
                Beside(
                    kind=kind,
                    number=len(told),
                    count=count,
                    exposure=exposure,
                    base_count=base_count,
                    base_exposure=base_exposure,
                    agrees=all(effect.reached(count, exposure, *one) for one in ((base_count, base_exposure), *told)),
                )
            )
    return tuple(found)


def _watched(timeline: Timeline) -> Watch | None:
    """The watch of a recorded bake, without its past; None when it never looked."""
    opened, watch = timeline[0], None
    assert isinstance(opened, Opened), "a case begins with Opened"
    for event in timeline:
        if isinstance(event, Confirmed) and event.confirmation is Confirmation.LIVE and not event.undo:
            watch = begin(opened.plan, opened.release, (), event.at, event)
        elif watch is not None and isinstance(event, Extended):
            watch = structs.replace(watch, ends=max(watch.ends, event.until))
        elif watch is not None and isinstance(event, Looked):
            watch = structs.replace(watch, looks=(*watch.looks, event))
        elif isinstance(event, Concluded):
            break
    return watch if watch is not None and watch.looks else None


def _events(check: Check, cell: Cell) -> int:
    """What is counted: requests of actions, each up to the cap, where growth per action is asked for."""
    if check.rule is Rule.AMPLIFICATION:
        return sum(events * actions for events, actions in enumerate(cell.bucket.spread, start=1))
    return cell.bucket.count


def _was_seen(sight: Sight, seen: Minutes, at: int) -> bool:
    return sight.minute_of(at) in seen


def _course(plan: Plan, check: Check, series: Series, start: int, length: int, known: Callable[[int], bool]) -> Course:
    """The blocks of *series* from *start* on, over *length* milliseconds."""
    width = max(1, round(plan.span(f"{BLOCK:g}m").total_seconds() * 1000))
    measure, blocks = Measure(plan, check), max(1, -(-length // width))
    count, exposure = [0] * blocks, [0.0] * blocks
    for cell in series:
        place = (cell.bucket.at - start) // width
        if 0 <= place < blocks and known(cell.bucket.at):
            count[place] += _events(check, cell)
            exposure[place] += measure.exposure(cell)
    return Course(tuple(count), tuple(round(one, 3) for one in exposure))


def _precedents(kind: Kind, name: str, start: int, courses: dict[str, Course]) -> Iterator[Precedent]:
    """One, of the checks that had an answer."""
    told = {check: course for check, course in courses.items() if any(course.exposure)}
    if told:
        yield Precedent(kind=kind, name=name, start=start, courses=told)


def _within(sight: Sight, one: Precedent, check: str, since: int, until: int) -> tuple[float, float]:
    """Events and exposure of *one* at the times that correspond to [since, until)."""
    earlier = int(one.name) * sight.span("24h") if one.kind is Kind.DAY else sight.started - one.start
    first, last = since - earlier - one.start, until - earlier - one.start
    width, course = sight.span(f"{BLOCK:g}m"), one.courses[check]
    parts = [
        max(0, min(last, (place + 1) * width) - max(first, place * width)) / width
        for place in range(len(course.exposure))
    ]
    return (
        sum(part * events for part, events in zip(parts, course.count, strict=True)),
        sum(part * exposed for part, exposed in zip(parts, course.exposure, strict=True)),
    )
