"""What can only be learned before the release is live: the usual numbers, and which journeys failed already."""

from msgspec import Struct, structs

from bakewatch.flow.case import Case
from bakewatch.flow.confirm import Chore
from bakewatch.flow.look import History, Study, history, study, walk
from bakewatch.flow.production import Seen, see
from bakewatch.judge.precedents import AHEAD
from bakewatch.model.bake import Watch, begin
from bakewatch.model.journey import JourneyRun
from bakewatch.model.plan import Journey
from bakewatch.model.release import Relation
from bakewatch.model.timeline import Baselined, Confirmed, Prewalked, Studied

LASTING = frozenset({"bad_question", "no_level", "refused", "too_long", "too_many_signatures"})
"""Gaps that are the question's own: who reads the same again meets them again."""


class Prewalk(Struct, frozen=True):
    """A walk, unless the release may have come live meanwhile."""

    run: JourneyRun | None = None


def before_live(case: Case) -> list[Chore]:
    """What is done while we wait for the release: read the history, and walk each journey once."""

    def read(seen: Seen) -> None:
        remember(case, open_watch(case, None))

    # What production serves before a release with suspects is one of them: its failures acquit nobody.
    journeys = () if case.release.suspects else case.plan.journeys
    return [read, *(_prewalk(case, journey) for journey in journeys)]


def remember(case: Case, watch: Watch) -> Watch:
    """Read the history before `watch.past_until` and note it."""
    read = case.run.step("history", History, lambda: history(case.world, watch))
    case.note(Baselined(at=case.run.now(), observations=read.observations, levels=read.levels))
    watch = structs.replace(watch, baseline=read.observations, levels=read.levels)
    studied = _studied(case, watch)
    return structs.replace(watch, habits=studied.habits, precedents=studied.precedents)


def _studied(case: Case, watch: Watch) -> Studied:
    """What a longer history tells, which is read once, unless something could not be answered or it ends long ago."""
    for event in case.timeline:
        old = isinstance(event, Studied) and event.until and watch.past_until - event.until > case.plan.span(AHEAD)
        if isinstance(event, Studied) and LASTING.issuperset(event.gaps) and not old:
            return event
    read = case.run.step("study", Study, lambda: study(case.world, watch))
    studied = Studied(
        at=case.run.now(),
        until=watch.past_until,
        habits=read.habits,
        precedents=read.precedents,
        gaps=read.gaps,
    )
    case.note(studied)
    return studied


def open_watch(case: Case, live: Confirmed | None) -> Watch:
    """The watch over what has just been confirmed; without it, over what is to come now."""
    at = case.run.now() if live is None else live.at
    return begin(case.plan, case.release, case.timeline, at, live)


def _prewalk(case: Case, journey: Journey) -> Chore:
    def chore(seen: Seen) -> None:
        done = case.run.step("prewalk", Prewalk, lambda: _walked_before(case, journey))
        if done.run is not None:
            case.note(Prewalked(at=case.run.now(), run=done.run))

    return chore


def _walked_before(case: Case, journey: Journey) -> Prewalk:
    """Only a walk through something else than the release tells of the time before it."""
    run = walk(case.world, case.plan, journey, case.tag)
    relations = {one.relation for one in see(case.world, case.release, case.release.commit).sightings}
    return Prewalk(run=run if relations <= {Relation.OLDER} else None)
