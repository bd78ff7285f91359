"""A plan against history: read it once, minute by minute, and let every check run over it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from typing import TypeVar

import numpy as np
from msgspec import structs

from bakewatch.flow.look import ask, by_source, levels_of
from bakewatch.judge.backtest import WEEK, Places, Trial, starts_of, trial
from bakewatch.judge.rejudge import rejudge
from bakewatch.judge.replayed import replayed, walked
from bakewatch.judge.track import PER_BLOCK, Axis, Track
from bakewatch.model.foresight import RATIOS
from bakewatch.model.observation import Window, from_ms
from bakewatch.model.plan import Check, Plan
from bakewatch.model.replay import BakeReplay, BakesReplay, ReleasesReplay, Replay
from bakewatch.model.timeline import Timeline
from bakewatch.ports import World

T = TypeVar("T")
R = TypeVar("R")

DAY = 24 * 60
"""Minutes. No source is asked for more of them at once."""


@dataclass(frozen=True)
class Past:
    """The history of every check, and why some of it had no answer."""

    at: datetime
    axis: Axis
    since: datetime
    """The replayed days begin here; what lies before tells the habits only."""
    tracks: dict[str, Track]
    gaps: dict[str, str]


def replay(world: World, plan: Plan, days: float, jobs: int) -> Replay:
    """Pseudo-deploys over the last *days*, in as many processes as *jobs* says."""
    past = read(world, plan, days)
    trials = _trials(plan, past, starts_of(plan, past.axis, days), jobs, RATIOS)
    return replayed(plan, trials, at=past.at, days=days, gaps=past.gaps)


def releases(world: World, plan: Plan, days: float, jobs: int) -> ReleasesReplay:
    """The merges of the last *days*, each taken for live in the minute in which it was committed."""
    known = world.repository.merges(world.clock() - plan.span("24h") * (days + 1))
    past = read(world, plan, days)
    merges = [one for one in known if one.at >= past.since and past.axis.place(one.at) < past.axis.minutes]
    starts = np.array([past.axis.place(one.at) for one in merges], dtype=np.int64)
    trials = _trials(plan, past, starts, jobs)
    return ReleasesReplay(
        at=past.at,
        time_scale=plan.time_scale,
        generated_history=plan.generated_history,
        days=days,
        releases=walked(plan, merges, trials),
        gaps=tuple(sorted(set(past.gaps.values()))),
    )


def read(world: World, plan: Plan, days: float) -> Past:
    """Ask every source for the last *days*, and the week before them, in pieces of a day.

    A piece that had no answer is a gap. What lines may still be added to is left out. The level of a check that counts
    what is slower than usual is taken once, from the week before the replayed days: a bake would take its own.
    """
    now = world.clock()
    axis = Axis.until(plan, now - plan.span(plan.bake.lateness), round(days * DAY) + WEEK * PER_BLOCK)
    since = from_ms(axis.start + (axis.minutes - round(days * DAY)) * axis.step)
    tracks = {check.name: Track.unknown(axis.minutes) for check in plan.checks}
    gaps: dict[str, str] = {}
    for source, questions in by_source(plan, [plan.question(check) for check in plan.checks]).items():
        valued = [one for one in questions if one.value]
        levels = levels_of(world, source, valued, Window(from_ms(axis.start), since))
        asked = [structs.replace(one, above=levels.get(one.name)) for one in questions]
        for window in _pieces(axis):
            # Once a stream's first line is found, its silence is known.
            fresh = [structs.replace(one, past=not tracks[one.name].known.any()) for one in asked]
            for one in ask(world, source, fresh, window, timedelta(milliseconds=axis.step)):
                tracks[one.question].add(axis, one)
                gaps |= {one.question: one.gap} if one.gap else {}
    return Past(now, axis, since, tracks, gaps)


def _pieces(axis: Axis) -> list[Window]:
    ends = [*range(0, axis.minutes, DAY), axis.minutes]
    moments = [from_ms(axis.start + minute * axis.step) for minute in ends]
    return [Window(*pair) for pair in zip(moments, moments[1:], strict=False)]


def bakes(plan: Plan, cases: Sequence[tuple[str, Timeline]], at: datetime, jobs: int) -> BakesReplay:
    """Every one of the closed *cases*, (id, timeline) each, judged again with *plan*; *at*: the time."""
    again = _spread(_rejudge, [(case_id, plan, timeline) for case_id, timeline in cases], jobs)
    return BakesReplay(at=at, time_scale=plan.time_scale, generated_history=plan.generated_history, bakes=tuple(again))


_Task = tuple[Plan, Check, Axis, Track, Places, Sequence[float]]


def _trials(plan: Plan, past: Past, starts: Places, jobs: int, ratios: Sequence[float] = ()) -> list[Trial]:
    """Every check by itself."""
    tasks = [(plan, check, past.axis, past.tracks[check.name], starts, ratios) for check in plan.checks]
    return _spread(_try, tasks, jobs)


def _spread(work: Callable[[T], R], tasks: Sequence[T], jobs: int) -> list[R]:
    """The *work* on every task. Processes are spawned: the engine of a source does not survive a fork."""
    if min(jobs, len(tasks)) <= 1:
        return [work(task) for task in tasks]
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, tasks))


def _try(task: _Task) -> Trial:
    return trial(*task)


def _rejudge(task: tuple[str, Plan, Timeline]) -> BakeReplay:
    return rejudge(*task)
