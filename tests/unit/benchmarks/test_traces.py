"""A trace is read strictly, keeps its gaps, and is cut only where everything is present."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from benchmarks.detection.traces import cut, read

FIRST = datetime(1995, 7, 1, tzinfo=UTC)


def write(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(["minute,count", *rows]) + "\n")
    return path


def row(minute: int, count: int) -> str:
    return f"{FIRST + timedelta(minutes=minute):%Y-%m-%d %H:%M:%S},{count}"


def test_a_missing_minute_is_missing_and_not_zero(tmp_path: Path) -> None:
    trace = read(write(tmp_path / "some.csv", [row(0, 4), row(1, 0), row(4, 2)]))
    assert trace.first == FIRST
    np.testing.assert_array_equal(trace.counts, [4, 0, np.nan, np.nan, 2])


def test_a_short_run_may_be_quiet_and_a_longer_one_stays_missing(tmp_path: Path) -> None:
    trace = read(write(tmp_path / "some.csv", [row(0, 4), row(2, 1), row(5, 2)]), quiet=1)
    np.testing.assert_array_equal(trace.counts, [4, 0, 1, np.nan, np.nan, 2])


def test_a_packed_file_and_another_time_zone_are_read(tmp_path: Path) -> None:
    path = tmp_path / "some.csv.gz"
    path.write_bytes(gzip.compress(b"minute,count\n1995-07-01T09:00:00+09:00,7\n"))
    trace = read(path)
    assert trace.first == FIRST and trace.counts.tolist() == [7]


@pytest.mark.parametrize(
    "bad",
    [
        "1995-07-01 00:01:00",
        "1995-07-01 00:01:00,1,2",
        "yesterday,1",
        "1995-07-01 00:01:30,1",
        "1995-07-01 00:01:00,-1",
        "1995-07-01 00:01:00,1.5",
        "1995-07-01 00:00:00,1",
        "",
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, bad: str) -> None:
    path = write(tmp_path / "some.csv", [row(0, 4), bad, row(2, 1)])
    with pytest.raises(ValueError, match=r"some\.csv:3: not "):
        read(path)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"some\.csv:1: no row"):
        read(write(tmp_path / "some.csv", []))


def test_watches_hold_the_minutes_around_their_start() -> None:
    counts = np.arange(10_080 + 65, dtype=float)
    cuts = cut(counts)
    assert cuts.starts.tolist() == [10_080, 10_110]
    for index, start in enumerate(cuts.starts):
        np.testing.assert_array_equal(cuts.watch[index], counts[start : start + 30])
        np.testing.assert_array_equal(cuts.before[index], counts[start - 240 : start])
        whole = counts[start - 10_080 : start].reshape(2016, 5).sum(axis=1)
        np.testing.assert_array_equal(cuts.history[index], whole)


def test_no_watch_reaches_into_a_gap() -> None:
    counts = np.ones(3 * 10_080)
    counts[10_080 + 100] = np.nan
    starts = cut(counts).starts
    assert starts[starts < 2 * 10_080].tolist() == [10_080, 10_110, 10_140]
    assert starts[starts >= 2 * 10_080].min() == 10_080 + 120 + 10_080
    assert len(cut(np.full(10_110, np.nan)).starts) == 0
