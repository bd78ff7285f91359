"""Real traffic: a count per minute, read from a file and cut into watches. A missing minute is missing, not zero."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.streams import BEFORE, WATCH, WEEK

Array = NDArray[np.float64]


class Trace(NamedTuple):
    """Counts per minute from *first* on, (M,); NaN where a minute is missing."""

    first: datetime
    counts: Array


class Cuts(NamedTuple):
    """W watches that were cut out of a trace."""

    starts: NDArray[np.int64]
    """Minutes from the first of the trace to each watch's start, (W,)."""
    history: Array
    """The 7 days before in 5-minute sums, (W, 2016); the last 48 are the 4 hours before."""
    before: Array
    """The 4 hours before in 1-minute buckets, (W, 240)."""
    watch: Array
    """The 30 minutes of watch in 1-minute buckets, (W, 30)."""


def read(path: Path, *, quiet: int = 0) -> Trace:
    """Read a CSV file (plain or .gz) with the columns minute (ISO time, UTC unless it says otherwise) and count.

    *quiet*: a run of at most so many absent minutes counts as zeros. A count that was made from a log has no row for a
    minute without a request, so that only a longer run is an outage. ValueError, with file and line, for a row that is
    not a minute and a count, or is not later than the one before; and for a file without rows.
    """
    minutes, counts = [], []
    with _opened(path) as lines:
        for minute, count in _rows(path, lines):
            minutes.append(minute)
            counts.append(count)
    if not minutes:
        raise ValueError(f"{path}:1: no row follows the header")
    at = np.array(minutes) - minutes[0]
    whole = np.full(int(at[-1]) + 1, np.nan)
    whole[at] = counts
    for start, absent in zip(at[:-1] + 1, np.diff(at) - 1, strict=True):
        if absent <= quiet:
            whole[start : start + absent] = 0.0
    return Trace(datetime.fromtimestamp(minutes[0] * 60, UTC), whole)


def cut(counts: Array, *, every: int = WATCH) -> Cuts:
    """Cut minute counts (M,) into watches: one *every* so many minutes, where the 7 days before and it are present.

    Neighbouring watches share most of their history.
    """
    starts = np.arange(WEEK, len(counts) - WATCH + 1, every)
    missing = _running(np.isnan(counts).astype(float))
    starts = starts[missing[starts + WATCH] == missing[starts - WEEK]]
    total = _running(np.nan_to_num(counts))
    at = starts[:, None]
    return Cuts(
        starts=starts,
        history=np.diff(total[at + np.arange(-WEEK, 1, 5)], axis=1),
        before=counts[at + np.arange(-BEFORE, 0)],
        watch=counts[at + np.arange(WATCH)],
    )


def _opened(path: Path) -> TextIO:
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def _rows(path: Path, lines: TextIO) -> Iterator[tuple[int, int]]:
    """Minutes since 1970 and counts; the first line is the header."""
    before = None
    for number, line in enumerate(lines, start=1):
        if number == 1:
            continue
        try:
            minute, count = _row(line)
        except ValueError as error:
            raise ValueError(f"{path}:{number}: not a minute and a count: {line.rstrip()!r} ({error})") from None
        if before is not None and minute <= before:
            raise ValueError(f"{path}:{number}: not later than the minute before: {line.rstrip()!r}")
        before = minute
        yield minute, count


def _row(line: str) -> tuple[int, int]:
    text, number = line.split(",")
    time = datetime.fromisoformat(text)
    minute, rest = divmod((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp(), 60)
    if rest:
        raise ValueError("not a whole minute")
    if not number.strip().isdecimal():
        raise ValueError("the count is not a whole number")
    return int(minute), int(number)


def _running(values: Array) -> Array:
    """Running sums that begin with 0, (M + 1,)."""
    return np.concatenate([[0.0], np.cumsum(values)])
