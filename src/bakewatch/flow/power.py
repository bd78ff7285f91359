"""What a plan could see if a release went live now."""

from msgspec import structs

from bakewatch.flow.look import history, study
from bakewatch.judge.foresight import foresee
from bakewatch.model.bake import Watch
from bakewatch.model.foresight import Foresight
from bakewatch.model.plan import Plan
from bakewatch.model.release import MergeKind, Release
from bakewatch.ports import World


def power(world: World, plan: Plan) -> tuple[tuple[Foresight, ...], tuple[str, ...]]:
    """What every check would find in a bake from now on, from the time until now; and why questions had no answer."""
    now = world.clock()
    nobody = Release(repository="", branch="", commit="", parent="", merged_at=now, kind=MergeKind.SQUASH)
    ends = now + plan.span(plan.bake.duration)
    watch = Watch(plan=plan, release=nobody, live_since=now, started=now, ends=ends, past_until=now)
    read = history(world, watch)
    watch = structs.replace(watch, baseline=read.observations, levels=read.levels)
    learnt = study(world, watch)
    gaps = {one.gap for one in read.observations if one.gap} | set(learnt.gaps)
    return foresee(structs.replace(watch, habits=learnt.habits)), tuple(sorted(gaps))
