"""Tries many things in bounded time: lanes side by side, what is in one lane one after another."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from bakewatch.errors import BakewatchError, ConfigError, PortError, cause_of
from bakewatch.model.probe import Finding, Found, Grade, Probe, missing, unknown


@dataclass(frozen=True)
class Task:
    """What is tried, and what it finds."""

    about: str
    name: str
    ask: Callable[[], list[Finding]]


Lane = Sequence[Task]

_RIGHT = {
    "unauthorized": "a token that is valid",
    "forbidden": "a token that may read it",
    "not_found": "its name, and a token that may read it",
    "payment_required": "a plan that includes it",
}


def task_of(about: str, probe: Probe) -> Task:
    """*probe* as a task."""
    return Task(about, probe.name, lambda: [finding(about, probe.name, _answered(probe))])


def finding(about: str, name: str, found: Found) -> Finding:
    """*found* as a line about *name*."""
    return Finding(about=about, name=name, grade=found.grade, what=found.what, right=found.right, needed=found.needed)


def run(lanes: Sequence[Lane], within: float) -> Iterator[Finding]:
    """Everything that is found, in the order of the *lanes*, after *within* seconds of the clock at the latest.

    Whatever a task raises is a line; the others go on. What is still at it at the end goes on behind our back.
    """
    until = time.monotonic() + within
    pools = [ThreadPoolExecutor(1) for _ in lanes]
    futures = [(one, pool.submit(one.ask)) for lane, pool in zip(lanes, pools, strict=True) for one in lane]
    for task, future in futures:
        wait([future], timeout=max(0.0, until - time.monotonic()))
        yield from _outcome(task, future, within)
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)


def _outcome(task: Task, future: Future[list[Finding]], within: float) -> list[Finding]:
    if not future.done():
        return [finding(task.about, task.name, unknown(f"no answer within {within:g} s"))]
    error = future.exception()
    if error is None:
        return future.result()
    return [finding(task.about, task.name, _said(error))]


def _said(error: BaseException) -> Found:
    if isinstance(error, ConfigError):
        return missing(error.what, error.right)
    return unknown(str(error) if isinstance(error, BakewatchError) else cause_of(error))


def _answered(probe: Probe) -> Found:
    """A refusal is missing, passing trouble is unknown."""
    try:
        return probe.ask()
    except PortError as error:
        if error.permanent:
            return missing(error.code, probe.right or _RIGHT.get(error.code, ""), needed=probe.needed)
        return unknown(error.code, "try again", needed=probe.needed)


def in_the_way(found: Sequence[Finding]) -> int:
    """How many things that are needed are not known to be there."""
    return sum(one.in_the_way for one in found)


def late(found: Sequence[Finding]) -> bool:
    """Is something still at it?"""
    return any(one.grade is Grade.UNKNOWN and one.what.startswith("no answer within") for one in found)
