"""What there is to measure: one unit of work per service, all independent of each other."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.detection.late import late
from benchmarks.detection.measure import not_worse, quiet, worse
from benchmarks.detection.real import real
from benchmarks.detection.results import Result
from benchmarks.detection.speed import speed
from benchmarks.detection.streams import CELLS

EFFECTS = (1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 50.0)
ONSETS = (0.0, 10.0)
LATE_NOISES, LATE_SIZES = ("poisson", "overdispersed"), (500, 5_000)
LATE_EFFECTS = (5.0, 50.0)


@dataclass(frozen=True)
class Size:
    """How many services there are in each cell, and how many watches of one service."""

    name: str
    services: int
    judged: int
    """Services that the peers judge in all their tunings."""
    quiet: int
    worse: int


FULL = Size("full", services=10, judged=4, quiet=500, worse=500)
QUICK = Size("quick", services=2, judged=2, quiet=150, worse=60)


@dataclass(frozen=True)
class Unit:
    """One piece of work: its name, under which its result is kept, and how to do it."""

    name: str
    measure: Callable[[], Result]


def units(size: Size, seed: int, traces: Sequence[Path]) -> list[Unit]:
    """Everything but `timing`; each unit has its own random numbers."""
    found = [Unit(name, partial(measure, rng=_rng(seed, name))) for name, measure in _simulated(size)]
    return found + [Unit(f"trace-{_digest(path)}", partial(real, path)) for path in traces]


def timing(seed: int) -> Unit:
    """What should be measured while nothing else runs."""
    return Unit("speed", partial(speed, _rng(seed, "speed")))


def _simulated(size: Size) -> Iterator[tuple[str, Callable[..., Result]]]:
    for cell in CELLS:
        name = f"{cell.noise}-{cell.per_minute:g}"
        for service in range(size.services):
            yield f"quiet-{name}-{service}", partial(quiet, cell, size.quiet, service < size.judged)
        for effect in EFFECTS:
            for onset in ONSETS:
                yield f"worse-{name}-{effect:g}x-{onset:g}", partial(worse, cell, size.worse, effect, onset)
        yield f"not-worse-{name}", partial(not_worse, cell, size.worse)
        if cell.noise in LATE_NOISES and cell.per_minute in LATE_SIZES:
            for service in range(size.judged):
                yield f"late-{name}-{service}", partial(late, cell, size.quiet, 1.0)
            for effect in LATE_EFFECTS:
                yield f"late-{name}-{effect:g}x", partial(late, cell, size.worse, effect)


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, *name.encode()])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
