"""Cumulative counters become counts over intervals, and a reset is never a number."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakewatch.measured.answers import buckets_of
from bakewatch.measured.samples import Interval, Reading, Sample, SampleFile, intervals
from bakewatch.model.observation import Bucket, Window, from_ms


def sample(at: int, count: int, epoch: str = "e", since: int | None = None) -> Sample:
    return Sample(at=at, readings={"database": Reading(epoch=epoch, since=since, counts={"active": count})})


def found(*samples: Sample, unit: int = 1) -> list[tuple[int, int, int]]:
    return [(one.start, one.end, one.count) for one in intervals(samples, "database", "active", unit)]


def test_neighbours_give_an_interval() -> None:
    assert found(sample(100, 5), sample(200, 7), sample(350, 7)) == [(100, 200, 2), (200, 350, 0)]


def test_one_sample_alone_says_nothing() -> None:
    assert found(sample(100, 5)) == []
    assert found() == []


def test_the_first_sample_counts_from_when_its_counters_were_zero() -> None:
    assert found(sample(100, 5, since=40), sample(200, 7, since=40)) == [(40, 100, 5), (100, 200, 2)]
    assert found(sample(100, 5, since=100)) == []


def test_an_interval_with_a_reset_in_it_is_left_out_and_is_not_zero() -> None:
    assert found(sample(100, 5), sample(200, 1, epoch="f"), sample(300, 4, epoch="f")) == [(200, 300, 3)]
    assert found(sample(100, 5), sample(200, 9, epoch="f")) == []
    assert found(sample(100, 5), sample(200, 4), sample(300, 6)) == [(200, 300, 2)]


def lively(*counts: tuple[int, int]) -> list[tuple[int, int, int]]:
    """What is known of the first counter when both are those of a family that is alive, one sample every 100 ms."""
    samples = [
        Sample(at=100 * at, readings={"m": Reading(epoch="e", since=None, counts={"kills": kills, "clock": clock})})
        for at, (kills, clock) in enumerate(counts, start=1)
    ]
    return [(one.start, one.end, one.count) for one in intervals(samples, "m", "kills", alive=True)]


def test_what_is_alive_and_does_not_move_is_an_old_copy_and_no_zero() -> None:
    assert lively((0, 10), (0, 20), (0, 20), (0, 20), (1, 50)) == [(100, 200, 0), (200, 500, 1)]
    assert lively((0, 10), (0, 10)) == []


def test_one_counter_that_fell_tells_of_a_reset_of_all() -> None:
    assert lively((0, 90), (0, 5), (0, 15)) == [(200, 300, 0)]


def test_samples_that_lack_the_counter_are_passed_over() -> None:
    assert found(sample(100, 5), Sample(at=150), sample(200, 8)) == [(100, 200, 3)]


def test_a_clock_that_stood_still_or_went_back_gives_no_interval() -> None:
    assert found(sample(100, 5), sample(100, 7), sample(90, 8), sample(200, 9)) == [(90, 200, 1)]


def test_whole_units_add_up_over_intervals() -> None:
    parts = found(*[sample(at, 700 * at) for at in range(1, 12)], unit=1000)
    assert sum(count for _, _, count in parts) == 700 * 11 // 1000


def test_what_was_appended_is_read_again(tmp_path: Path) -> None:
    file = SampleFile(tmp_path / "deep" / "samples")
    assert file.read() == []
    for at in (1, 2, 3):
        file.append(sample(at, at))
    assert [one.at for one in file.read()] == [1, 2, 3]


def test_a_line_that_a_crash_cut_off_is_no_sample_and_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    file = SampleFile(path)
    file.append(sample(1, 1))
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut])
        file.append(sample(2, 2))
        assert [one.at for one in file.read()][-1] == 2
        assert {one.at for one in file.read()} == {1, 2}


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakewatch.measured.samples.READ", 500)
    file = SampleFile(tmp_path / "samples")
    for at in range(100):
        file.append(sample(at, at))
    read = [one.at for one in file.read()]
    assert 2 < len(read) < 10 and read == list(range(100 - len(read), 100))


START = datetime(2026, 2, 7, tzinfo=UTC)
T0 = round(START.timestamp() * 1000)


def buckets(window: tuple[int, int], *parts: tuple[int, int, int], past: bool = False) -> list[Bucket]:
    span = Window(from_ms(T0 + window[0]), from_ms(T0 + window[1]))
    return list(buckets_of([Interval(T0 + a, T0 + b, count) for a, b, count in parts], span, 1000, past))


def test_a_bucket_stands_where_its_interval_begins_and_knows_its_length() -> None:
    assert buckets((0, 9000), (1500, 4000, 7)) == [Bucket(T0 + 1000, 7, 2500)]
    assert buckets((0, 9000), (1100, 1400, 1), (1400, 2200, 2)) == [Bucket(T0 + 1000, 3, 1100)]
    assert buckets((0, 9000), (8000, 12_000, 5)) == [Bucket(T0 + 8000, 5, 4000)]


def test_the_past_is_never_counted_as_present() -> None:
    assert buckets((1000, 9000), (-5000, 2000, 100)) == []
    assert buckets((1000, 9000), (-5000, 1000, 100), (9000, 9500, 3)) == []


def test_a_window_on_the_past_counts_an_interval_that_began_before_it() -> None:
    assert buckets((1000, 9000), (-5000, 2000, 100), past=True) == [Bucket(T0 + 1000, 100, 7000)]
    assert buckets((1000, 9000), (-5000, 1000, 100), past=True) == []


def test_the_present_is_never_counted_as_past() -> None:
    assert buckets((0, 9000), (5000, 15_000, 2000), past=True) == []
    assert buckets((0, 9000), (0, 9900, 90), past=True) == [Bucket(T0, 90, 9900)]
