"""What the loader says of files, without an engine."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bakewatch.vendors.clickhouse.engine import Engine
from bakewatch.vendors.clickhouse.load import Cleaner
from bakewatch.vendors.clickhouse.loader import Loader

NOW = 1_770_432_400.0


class Table:
    """Takes everything and remembers nothing."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def query(self, sql: str, seconds: float, memory: int) -> list[dict[str, Any]]:
        return [{"batch": 0, "streams": [], "keys": []}]

    def insert(self, rows: bytes) -> None:
        self.rows += [json.loads(row) for row in rows.splitlines()]


class Rig:
    """A loader over one folder, at a time of the test's choosing."""

    def __init__(self, folder: Path) -> None:
        self.table, self.now = Table(), NOW
        cleaner = Cleaner([], b"s" * 32)
        self.loader = Loader(cast(Engine, self.table), cleaner, [str(folder / "*")], lambda: self.now)

    def codes(self, after: float = 0) -> list[str]:
        self.now += after
        return [trouble.code for trouble in self.loader.load()]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.loader.close()


def packed(lines: int) -> bytes:
    line = {"timestamp": "2026-02-07T02:46:18", "source": "edge_logs"}
    return gzip.compress(b"".join(json.dumps(line | {"id": f"{one}"}).encode() + b"\n" for one in range(lines)))


def put(path: Path, data: bytes, at: float) -> None:
    path.write_bytes(data)
    os.utime(path, (at, at))


def test_the_missing_end_of_a_compressed_file_is_awaited_for_a_moment(rig: Rig, tmp_path: Path) -> None:
    path, data = tmp_path / "log.gz", packed(500)
    put(path, data[:-20], NOW)
    assert rig.codes() == []
    assert rig.codes(after=9) == []
    put(path, data[:-19], NOW + 9)
    assert rig.codes(after=3) == []
    assert rig.codes(after=10) == ["unreadable"]
    put(path, data, NOW + 22)
    assert rig.codes() == []
    assert rig.codes(after=60) == []
    assert len(rig.table.rows) == 500


def test_a_compressed_file_that_was_cut_off_long_ago_is_unreadable_at_once(rig: Rig, tmp_path: Path) -> None:
    put(tmp_path / "log.gz", packed(500)[:-20], NOW - 60)
    assert rig.codes() == ["unreadable"]


def test_a_clock_that_is_behind_the_file_s_hides_no_missing_end(rig: Rig, tmp_path: Path) -> None:
    put(tmp_path / "log.gz", packed(500)[:-20], NOW + 3600)
    assert rig.codes() == []
    assert rig.codes(after=10) == ["unreadable"]


def test_garbage_before_the_first_good_line_is_forgotten_where_it_was_not(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "log"
    put(path, b"-- opened\n", NOW)
    assert rig.codes() == []
    assert rig.loader.unread({"edge_logs"}, 0, int(NOW * 1000))
    line = b'{"timestamp":"2026-02-07T02:46:38","source":"edge_logs"}\n'
    put(path, b"-- opened\n" + line * 200, NOW + 1)
    assert rig.codes() == []
    assert rig.loader.unread({"edge_logs"}, 0, int(NOW * 1000)) == []
