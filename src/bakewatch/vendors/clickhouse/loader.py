"""Brings the new lines of the log files into the table, each line exactly once.

A piece of a file is inserted by one INSERT, whose rows carry the file, their own offset and the offset where the piece
begins. So the table itself says how far a file was loaded: up to where its last piece begins everything is there, and
from there on exactly the offsets that are stored. A process that dies at any moment loses and doubles nothing.

A line with an `id` that is in the table already, from wherever, is not loaded again (`repeats.py`).
"""

import hashlib
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bakewatch.errors import SourceError
from bakewatch.vendors.clickhouse.engine import Engine, QueryError
from bakewatch.vendors.clickhouse.follow import MISSING, UNREADABLE, LogFile, Piece, Unreadable, find
from bakewatch.vendors.clickhouse.legible import Legible, Stretch
from bakewatch.vendors.clickhouse.load import Cleaner
from bakewatch.vendors.clickhouse.repeats import fresh

_KEPT_OPEN = 32
"""Files that are kept open, so that a rotated one can be read to its end."""

_PATIENCE = 10.0
"""Seconds after which the missing end of a compressed file is not on its way any more."""

_SECONDS, _MEMORY = 60.0, 2_000_000_000

Signature = tuple[int, int, int, int]
Row = dict[str, Any]
Mark = tuple[int, str, str]
"""The last good line of a file: offset, timestamp and source."""


@dataclass
class _File:
    """What is known of a file."""

    position: int = 0
    stored: frozenset[int] = frozenset()
    """Offsets from `position` on that are in the table already."""
    streams: set[str] = field(default_factory=set)
    mark: Mark | None = None
    legible: Legible = field(default_factory=Legible)
    written: float = 0


@dataclass(frozen=True)
class _Seen:
    """What was found at a path."""

    signature: Signature
    name: str
    cut_off: bool
    since: float
    """When it was like that at the latest, in seconds since 1970."""


@dataclass(frozen=True)
class Trouble:
    """Something is not in the table that should be."""

    code: str
    streams: frozenset[str]
    """The streams that are known to be in the file; empty: it could be any."""

    def concerns(self, streams: set[str]) -> bool:
        """Could a line of one of *streams* be missing?"""
        return not self.streams or not self.streams.isdisjoint(streams)


class Loader:
    """The files of a source, and how far each was loaded. To be used under the engine's lock."""

    def __init__(
        self, engine: Engine, cleaner: Cleaner, patterns: Sequence[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._engine, self._cleaner, self._patterns, self._clock = engine, cleaner, patterns, clock
        self._files: dict[str, _File] = {}
        self._seen: dict[Path, _Seen] = {}
        self._open: dict[Path, LogFile] = {}

    def load(self) -> list[Trouble]:
        """Load what is new; what could not be. Raises `SourceError` when the table takes nothing."""
        paths, missing = find(self._patterns)
        for path in [path for path in self._open if path not in paths]:
            self._leave(path)
        troubles = [Trouble(MISSING, self._streams(Path(pattern))) for pattern in missing]
        return troubles + [trouble for path in paths for trouble in self._follow(path)]

    def unread(self, streams: set[str], start: int, end: int) -> list[Stretch]:
        """When, from *start* to *end* (milliseconds since 1970), too few lines of *streams* could be read."""
        files = [file for file in self._files.values() if not file.streams or not file.streams.isdisjoint(streams)]
        return [one for file in files for one in file.legible.stretches(start, end, file.written)]

    def close(self) -> None:
        """Let go of the files."""
        while self._open:
            self._open.popitem()[1].close()

    def _streams(self, path: Path) -> frozenset[str]:
        seen = self._seen.get(path)
        return frozenset(self._files[seen.name].streams) if seen and seen.name in self._files else frozenset()

    def _follow(self, path: Path) -> Iterator[Trouble]:
        try:
            now = _signature(path)
            before = self._seen.get(path)
            if before is None or before.signature != now:
                if before is not None and before.signature[:2] != now[:2]:
                    self._leave(path)
                self._seen[path] = self._read(path, now)
        except Unreadable:
            yield Trouble(UNREADABLE, self._streams(path))
            return
        seen = self._seen[path]
        if seen.cut_off and self._clock() - seen.since >= _PATIENCE:
            yield Trouble(UNREADABLE, self._streams(path))

    def _read(self, path: Path, signature: Signature) -> _Seen:
        """Load the new lines of *path*."""
        log = self._open.pop(path, None) or LogFile(path)
        self._open[path] = log  # the one that was read last is let go last
        name = self._name(log)
        before = self._seen.get(path)
        if before and before.name != name and before.name in self._files and not self._files[before.name].mark:
            del self._files[before.name]  # the same file, of which nothing could be told until now
        if name:
            self._load(log, name)
        while len(self._open) > _KEPT_OPEN:
            self._open.pop(next(iter(self._open))).close()
        return _Seen(signature, name, log.cut_off, min(log.written(), self._clock()))

    def _leave(self, path: Path) -> None:
        """Another file is at *path* now, or none: read the one that was there to its end."""
        log, seen = self._open.pop(path, None), self._seen.pop(path, None)
        if log is None:
            return
        try:
            if seen and seen.name:
                self._load(log, seen.name)
        except Unreadable:
            pass  # it was read before; its last lines went with it
        finally:
            log.close()

    def _name(self, log: LogFile) -> str:
        """What *log* is known by. Of files that begin alike but go on differently, each has a name of its own."""
        begins = log.identity()
        if not begins:
            return ""
        for number in itertools.count():
            more = "-".join(map(str, (begins, *log.inode(), number)))
            name = hashlib.sha256(more.encode()).hexdigest()[:32] if number else begins
            if self._goes_on(log, self._file(name)):
                return name
        raise AssertionError

    def _goes_on(self, log: LogFile, file: _File) -> bool:
        """Is the line that was read last of *file* where it was?"""
        if file.mark is None:
            return True
        offset, *about = file.mark
        row = self._cleaner.row(log.line_at(offset))
        return row is not None and [row["timestamp"], row["source"]] == about

    def _load(self, log: LogFile, name: str) -> None:
        file = self._file(name)
        self._files[name] = file
        file.written = log.written()
        good = bad = 0
        newest = max(file.stored, default=-1)
        for piece in log.pieces(file.position):
            new = [row for row in self._rows(piece, file) if row["offset"] not in file.stored]
            good += len(new)
            bad += sum(offset > newest for offset, _ in piece.lines) + piece.passed_over - len(new)
            file.legible.bad(piece.passed_over)
            self._insert(name, piece.start, new)
            file.position = piece.end
        file.stored = frozenset()
        file.legible.came(good, bad)

    def _rows(self, piece: Piece, file: _File) -> Iterator[Row]:
        """The good lines of *piece*, told to *file*."""
        for offset, line in piece.lines:
            row = self._cleaner.row(line)
            if row is None:
                file.legible.bad()
                continue
            file.legible.good(row["timestamp"])
            file.streams.add(row["source"])
            file.mark = (offset, row["timestamp"], row["source"])
            row["offset"] = offset
            yield row

    def _insert(self, name: str, batch: int, rows: Sequence[Row]) -> None:
        try:
            new = fresh(rows, self._ask)
            for row in new:
                row["file"], row["batch"] = name, batch
            if new:
                self._engine.insert(b"\n".join(map(msgspec.json.encode, new)))
        except (SourceError, QueryError):
            del self._files[name]  # some rows may be in: the table will be asked
            raise

    def _file(self, name: str) -> _File:
        """What is known of the file *name*, if only by the table."""
        if name in self._files:
            return self._files[name]
        about = f"FROM logs WHERE file = '{name}'"
        mark = "argMax((offset, toString(timestamp), source), offset) AS mark"
        last = self._ask(f"SELECT max(batch) AS batch, groupUniqArray(source) AS streams, {mark} {about}")
        if not last["streams"]:
            return _File()
        position = int(last["batch"])
        stored = self._ask(f"SELECT groupArray(offset) AS offsets {about} AND offset >= {position}")
        offset, timestamp, source = last["mark"]
        mark_at = (int(offset), timestamp, source)
        return _File(position, frozenset(map(int, stored["offsets"])), set(last["streams"]), mark_at)

    def _ask(self, sql: str) -> dict[str, Any]:
        return self._engine.query(sql, _SECONDS, _MEMORY)[0]


def _signature(path: Path) -> Signature:
    """Changes whenever there may be something new at *path*; its first two parts tell one file from another."""
    try:
        about = path.stat()
    except OSError as error:
        raise Unreadable from error
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns
