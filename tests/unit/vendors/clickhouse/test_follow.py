"""Only whole lines, each at its offset, of files that are known by what they begin with."""

import gzip
import os
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakewatch.vendors.clickhouse import follow
from bakewatch.vendors.clickhouse.follow import LogFile, Piece, Unreadable, find


def put(path: Path, data: bytes, mode: str = "wb") -> Path:
    with path.open(mode) as file:
        file.write(data)
    return path


def pieces(path: Path, position: int = 0) -> list[Piece]:
    with closing(LogFile(path)) as log:
        return list(log.pieces(position))


def lines(path: Path, position: int = 0) -> list[tuple[int, bytes]]:
    return [line for piece in pieces(path, position) for line in piece.lines]


def known_as(path: Path) -> str:
    with closing(LogFile(path)) as log:
        return log.identity()


def test_lines_come_with_their_offsets(tmp_path: Path) -> None:
    path = put(tmp_path / "log", b"one\n\ntwo\r\n  \nthree\n")
    assert lines(path) == [(0, b"one"), (5, b"two\r"), (13, b"three")]
    assert lines(path, 5) == [(5, b"two\r"), (13, b"three")]


def test_a_line_that_is_not_whole_is_not_there_yet(tmp_path: Path) -> None:
    path = put(tmp_path / "log", b"one\ntw")
    assert lines(path) == [(0, b"one")]
    put(path, b"o\n", "ab")
    assert lines(path, 4) == [(4, b"two")]
    assert lines(path, 8) == []
    assert lines(path, 99) == []


@pytest.mark.parametrize("name", ["log", "log.gz"])
def test_a_compressed_file_reads_like_a_plain_one(tmp_path: Path, name: str) -> None:
    text = b"".join(b"line %d\n" % number for number in range(1000))
    path = put(tmp_path / name, gzip.compress(text) if name.endswith("gz") else text)
    assert [line for _, line in lines(path)] == text.splitlines()
    offset = text.index(b"line 500\n")
    assert lines(path, offset)[0] == (offset, b"line 500")


def test_the_cut_off_end_of_a_compressed_file_is_not_there_yet(tmp_path: Path) -> None:
    text = b"".join(b"line %d %s\n" % (number, os.urandom(20).hex().encode()) for number in range(5000))
    whole = gzip.compress(text)
    path = put(tmp_path / "log.gz", whole[: len(whole) // 2])
    some = [line for _, line in lines(path)]
    assert some and some == text.splitlines()[: len(some)]
    assert lines(path, 10**9) == []
    put(path, whole)
    assert [line for _, line in lines(path)] == text.splitlines()


def test_a_broken_compressed_file_is_unreadable(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(b"".join(b"line %d\n" % number for number in range(1000))))
    data[200:220] = b"\xff" * 20
    with pytest.raises(Unreadable):
        lines(put(tmp_path / "log.gz", bytes(data)))
    with pytest.raises(Unreadable):
        LogFile(tmp_path / "nowhere")


def test_a_file_keeps_its_name_when_it_grows_is_moved_or_compressed(tmp_path: Path) -> None:
    path = put(tmp_path / "log", b'{"id":"a"}\n')
    name = known_as(path)
    put(path, b'{"id":"b"}\n', "ab")
    assert known_as(path) == name
    assert known_as(path.rename(tmp_path / "log.1")) == name
    assert known_as(put(tmp_path / "log.1.gz", gzip.compress((tmp_path / "log.1").read_bytes()))) == name
    assert known_as(put(tmp_path / "log", b'{"id":"c"}\n')) != name


def test_a_file_begins_with_its_first_line_that_tells_of_an_event(tmp_path: Path) -> None:
    banner = b"-- opened\n\n"
    one = put(tmp_path / "one", banner + b'{"timestamp":"2026-02-07T02:46:18"}\n')
    other = put(tmp_path / "other", banner + b'{"timestamp":"2026-02-07T02:46:19"}\n')
    name = known_as(one)
    assert name != known_as(other)
    put(one, b"more\n", "ab")
    assert known_as(one.rename(tmp_path / "one.1")) == name
    assert known_as(put(tmp_path / "one.gz", gzip.compress((tmp_path / "one.1").read_bytes()))) == name


def test_files_that_tell_of_nothing_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    one, other = put(tmp_path / "one", b"same\n"), put(tmp_path / "other", b"same\n")
    assert known_as(one) != known_as(other)
    assert known_as(one) == known_as(one)


@pytest.mark.parametrize("name", ["log", "log.gz"])
def test_a_line_is_found_again_where_it_began(tmp_path: Path, name: str) -> None:
    text = b"one\ntwo\n" + b"x" * 100_000 + b"\nrest"
    path = put(tmp_path / name, gzip.compress(text) if name.endswith("gz") else text)
    with closing(LogFile(path)) as log:
        assert [log.line_at(at) for at in (0, 4, 8)] == [b"one", b"two", b"x" * 100_000]
        assert [log.line_at(at) for at in (1, 5, 100_009, 10**9)] == [b"", b"", b"", b""]


def test_a_compressed_file_tells_when_its_end_is_missing(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"line %d\n" % number for number in range(1000)))
    for data, cut_off in ((whole[:-20], True), (whole, False), (b"plain\n", False)):
        with closing(LogFile(put(tmp_path / "log.gz", data))) as log:
            assert list(log.pieces(0))
            assert log.cut_off is cut_off


def test_a_file_without_a_whole_line_is_nobody_yet(tmp_path: Path) -> None:
    assert known_as(put(tmp_path / "log", b"")) == ""
    assert known_as(put(tmp_path / "log", b'{"id":"a"}')) == ""


def test_an_open_file_shows_what_was_written_into_it_since(tmp_path: Path) -> None:
    path = put(tmp_path / "log", b'{"id":"a"}\nold\n')
    with closing(LogFile(path)) as log:
        name = log.identity()
        assert len(list(log.pieces(0))[0].lines) == 2
        path.rename(tmp_path / "moved")
        put(tmp_path / "moved", b"more\n", "ab")
        assert [line for piece in log.pieces(15) for line in piece.lines] == [(15, b"more")]
        put(tmp_path / "moved", b'{"id":"b"}\n')
        assert log.identity() != name
        assert [line for piece in log.pieces(0) for line in piece.lines] == [(0, b'{"id":"b"}')]


def test_patterns_find_files_and_say_which_found_none(tmp_path: Path) -> None:
    for name in ("b.ndjson", "a.ndjson", "c.txt"):
        put(tmp_path / name, b"")
    (tmp_path / "d.ndjson").mkdir()
    patterns = [str(tmp_path / one) for one in ("*.ndjson", "a.ndjson", "c.txt", "e.txt", "x*/y", "d.ndjson")]
    found, missing = find(patterns)
    assert [path.name for path in found] == ["a.ndjson", "b.ndjson", "c.txt"]
    assert [Path(one).name for one in missing] == ["e.txt", "y", "d.ndjson"]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "CHUNK", 16)
    monkeypatch.setattr(follow, "_FIRST", 4)


@pytest.mark.usefixtures("small")
def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path) -> None:
    path = put(tmp_path / "log", b"one\n" + b"x" * 100 + b"\ntwo\n")
    found = pieces(path)
    assert [line for piece in found for line in piece.lines] == [(0, b"one"), (105, b"two")]
    assert sum(piece.passed_over for piece in found) == 1
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]


@pytest.mark.usefixtures("small")
def test_a_line_that_is_too_long_is_not_passed_over_before_it_ends(tmp_path: Path) -> None:
    path = put(tmp_path / "log", b"one\n" + b"x" * 100)
    found = pieces(path)
    assert [line for piece in found for line in piece.lines] == [(0, b"one")]
    assert found[-1].end == 4


@given(st.lists(st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"")), max_size=20), st.binary(max_size=5))
def test_pieces_join_to_the_whole_whatever_their_size(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes], rest: bytes
) -> None:
    data = b"".join(text + b"\n" for text in texts) + rest.replace(b"\n", b"")
    path = put(tmp_path_factory.getbasetemp() / "whole", b"\0" + data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(follow, "CHUNK", 16)
        found = pieces(path, 1)
    expected, offset = [], 1
    for text in texts:
        if text.strip():
            expected.append((offset, text))
        offset += len(text) + 1
    assert [line for piece in found for line in piece.lines] == expected
    assert all(piece.passed_over == 0 for piece in found)
