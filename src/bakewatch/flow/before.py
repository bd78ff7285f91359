"""What can only be learned before the release is live: the usual numbers, and which journeys failed already."""

from datetime import datetime

from msgspec import Struct, structs

from bakewatch.flow.case import Case
from bakewatch.flow.confirm import Chore
from bakewatch.flow.look import history, walk
from bakewatch.flow.production import Seen, see
from bakewatch.model.bake import Watch
from bakewatch.model.journey import JourneyRun
from bakewatch.model.observation import Observation
from bakewatch.model.plan import Journey
from bakewatch.model.release import Relation
from bakewatch.model.timeline import Baselined, Confirmed, Prewalked


class History(Struct, frozen=True):
    """What the time before the deploy was like."""

    observations: tuple[Observation, ...]


class Prewalk(Struct, frozen=True):
    """A walk, unless the release may have come live meanwhile."""

    run: JourneyRun | None = None


def before_live(case: Case) -> list[Chore]:
    """What is done while we wait for the release: read the history, and walk each journey once."""

    def read(seen: Seen) -> None:
        remember(case, open_watch(case, None))

    return [read, *(_prewalk(case, journey) for journey in case.plan.journeys)]


def remember(case: Case, watch: Watch) -> Watch:
    """Read the history before `watch.past_until` and note it."""
    read = case.run.step("history", History, lambda: History(observations=history(case.world, watch)))
    case.note(Baselined(at=case.run.now(), observations=read.observations))
    return structs.replace(watch, baseline=read.observations)


def open_watch(case: Case, live: Confirmed | None) -> Watch:
    """The watch over what has just been confirmed; without it, over what is to come now.

    Where the release was live at the first answer, its first moment lies between the merge and that answer: history
    then ends with the merge, lest its harm be taken for the normal state of things.
    """
    at = case.run.now() if live is None else live.at
    since = at if live is None else live.live_since or at
    return Watch(
        plan=case.plan,
        release=case.release,
        live_since=since,
        started=at,
        ends=at + case.plan.span(case.plan.bake.duration),
        past_until=_past_until(case, since, live is None or live.already),
        before=tuple(event.run for event in case.timeline if isinstance(event, Prewalked)),
    )


def _past_until(case: Case, since: datetime, unsure: bool) -> datetime:
    return min(since, case.release.merged_at) if unsure else since


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
