"""The figures of the benchmark, computed from what its units found."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from benchmarks.detection.delays import documented_row, hosted_row, limit_row, predicted_row, tuned_rows
from benchmarks.detection.results import Late, NotWorse, Quiet, Real, Result, Speed, Worse
from benchmarks.detection.shares import late_rows, not_worse_row, per_cell, quiet_rows, real_rows
from benchmarks.detection.speed import CHECKS
from benchmarks.table import Row

_LOOK_MS, _FIT_MS = 20.0, 1000.0
_R = TypeVar("_R", Quiet, Worse, Late, NotWorse, Real, Speed)


def rows(results: Sequence[Result]) -> Iterator[Row]:
    """All rows, each with its goal."""
    quiet, worse, late = _only(results, Quiet), _only(results, Worse), _only(results, Late)
    cells = per_cell(quiet)
    yield from quiet_rows(quiet)
    for trace in _only(results, Real):
        yield from real_rows(trace)
    for onset, goal in ((0.0, 1.6), (10.0, 2.1)):
        yield limit_row(worse, onset, goal, "poisson")
        yield limit_row(worse, onset, goal)
    yield from tuned_rows(worse, cells)
    for effect, goal in ((5.0, 5.0), (50.0, 40.0)):
        yield documented_row(worse, cells, effect, goal)
    for effect in (5.0, 50.0):
        yield hosted_row(late, cells, effect)
    yield predicted_row(worse)
    yield not_worse_row(_only(results, NotWorse))
    yield from late_rows(late)
    for speed in _only(results, Speed):
        yield from _speed_rows(speed)


def _speed_rows(speed: Speed) -> Iterator[Row]:
    for figure, goal, value in (
        (f"the statistics of one look at {CHECKS} checks", _LOOK_MS, speed.look),
        ("noise of a week of one check", _FIT_MS, speed.fit),
        ("daily course and noise of a week of one check", _FIT_MS, speed.forecast),
    ):
        yield Row(figure, f"<= {goal:g} ms", f"{value:.2f} ms", value <= goal)


def _only(results: Sequence[Result], kind: type[_R]) -> list[_R]:
    return [one for one in results if isinstance(one, kind)]
