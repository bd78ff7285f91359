"""What a plan could see if a release went live now."""

from msgspec import Struct, structs

from bakewatch.flow.look import history, study
from bakewatch.judge.foresight import foresee
from bakewatch.model.bake import Watch
from bakewatch.model.foresight import Foresight
from bakewatch.model.observation import Observation
from bakewatch.model.plan import Plan
from bakewatch.model.release import MergeKind, Release
from bakewatch.ports import World


class Survey(Struct, frozen=True):
    """What every check has seen, and what it would find in a bake from now on.

    Of the last hours alone, for which few questions are enough: `power` reads a week.
    """

    past: dict[str, Observation]
    """By the check."""
    foresights: tuple[Foresight, ...]
    """Without those of rule `novelty`, of which hours tell nothing."""


def survey(world: World, plan: Plan) -> Survey:
    """Ask every question once over the last hours."""
    watch = _past(world, _watch(world, plan))
    return Survey(
        past={one.question: one for one in watch.baseline},
        foresights=tuple(one for one in foresee(watch) if one.novelty is None),
    )


def power(world: World, plan: Plan) -> tuple[tuple[Foresight, ...], tuple[str, ...]]:
    """What every check would find in a bake from now on, from the time until now; and why questions had no answer."""
    watch = _past(world, _watch(world, plan))
    learnt = study(world, watch)
    gaps = {one.gap for one in watch.baseline if one.gap} | set(learnt.gaps)
    return foresee(structs.replace(watch, habits=learnt.habits)), tuple(sorted(gaps))


def _past(world: World, watch: Watch) -> Watch:
    """*watch* with what the hours before it were like."""
    read = history(world, watch)
    return structs.replace(watch, baseline=read.observations, levels=read.levels)


def _watch(world: World, plan: Plan) -> Watch:
    """A watch over nothing, from now on."""
    now = world.clock()
    nobody = Release(repository="", branch="", commit="", parent="", merged_at=now, kind=MergeKind.SQUASH)
    ends = now + plan.span(plan.bake.duration)
    return Watch(plan=plan, release=nobody, live_since=now, started=now, ends=ends, past_until=now)
