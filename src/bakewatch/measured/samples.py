"""Samples of cumulative counters: kept in a file that only grows, and turned into counts over intervals."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct, field

READ = 4 << 20
"""Bytes at the end of the file that are read: some ten thousand samples."""


class Reading(Struct, frozen=True, kw_only=True):
    """Counters that were set to zero together."""

    epoch: str
    """Changes whenever the counters may have been set to zero."""
    since: int | None
    """When they were zero, milliseconds since 1970; none where the server does not say."""
    counts: dict[str, int]


class Sample(Struct, frozen=True, kw_only=True):
    """What the counters said at one moment."""

    at: int
    """Milliseconds since 1970."""
    readings: dict[str, Reading] = field(default_factory=dict)


@dataclass(frozen=True)
class Interval:
    """What was counted between two moments, in milliseconds since 1970."""

    start: int
    end: int
    count: int


class SampleFile:
    """Samples on disk, one JSON object per line. A line that a crash cut off is no sample."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, sample: Sample) -> None:
        """Add *sample*; it is on disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            torn = file.read(1) not in (b"", b"\n")
            file.write((b"\n" if torn else b"") + msgspec.json.encode(sample) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[Sample]:
        """The newest samples, in the order in which they were taken."""
        try:
            with self._path.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - READ))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        return list(_decoded(lines[1:] if end > READ else lines))


def _decoded(lines: Iterable[bytes]) -> Iterator[Sample]:
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=Sample)
        except msgspec.MsgspecError:
            continue


def intervals(
    samples: Sequence[Sample], family: str, measure: str, unit: int = 1, *, alive: bool = False
) -> Iterator[Interval]:
    """What *measure* counted between each two neighbours among *samples*, in whole *unit*s.

    The first sample counts from when its counters were zero, if that is known. Between two samples with a reset in
    between nothing is known, so there is no interval. Of a family that is *alive*, a sample in which nothing has moved
    is passed over, and one counter that fell tells of a reset of all.
    """
    before: tuple[int, Reading] | None = None
    for sample in samples:
        reading = sample.readings.get(family)
        if reading is None or measure not in reading.counts or (alive and before is not None and before[1] == reading):
            continue
        count = reading.counts[measure] // unit
        if before is None:
            if reading.since is not None and reading.since < sample.at:
                yield Interval(reading.since, sample.at, count)
        elif before[0] < sample.at and _goes_on(before[1], reading, reading.counts if alive else (measure,)):
            yield Interval(before[0], sample.at, count - before[1].counts[measure] // unit)
        before = (sample.at, reading)


def _goes_on(before: Reading, reading: Reading, measures: Iterable[str]) -> bool:
    """Were the counters of *reading* not set to zero since *before*, as far as *measures* can tell?"""
    return before.epoch == reading.epoch and all(before.counts.get(one, 0) <= reading.counts[one] for one in measures)
