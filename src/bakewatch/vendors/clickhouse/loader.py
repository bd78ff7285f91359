"""Brings the new lines of the log files into the table, each line exactly once.

A piece of a file is inserted by one INSERT, whose rows carry the file, their own offset and the offset where the piece
begins. So the table itself says how far a file was loaded: up to where its last piece begins everything is there, and
from there on exactly the offsets that are stored. A process that dies at any moment loses and doubles nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bakewatch.errors import SourceError
from bakewatch.vendors.clickhouse.engine import Engine
from bakewatch.vendors.clickhouse.follow import MISSING, UNREADABLE, LogFile, Unreadable, find
from bakewatch.vendors.clickhouse.load import Cleaner
from bakewatch.vendors.clickhouse.question import MALFORMED

_KEPT_OPEN = 32
"""Files that are kept open, so that a rotated one can be read to its end."""

_SECONDS, _MEMORY = 60.0, 2_000_000_000

Signature = tuple[int, int, int, int]


@dataclass
class _File:
    """What is known of a file."""

    position: int = 0
    stored: frozenset[int] = frozenset()
    """Offsets from `position` on that are in the table already."""
    streams: set[str] = field(default_factory=set)
    malformed: bool = False
    """The last lines that came were all malformed."""


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

    def __init__(self, engine: Engine, cleaner: Cleaner, patterns: Sequence[str]) -> None:
        self._engine, self._cleaner, self._patterns = engine, cleaner, patterns
        self._files: dict[str, _File] = {}
        self._seen: dict[Path, tuple[Signature, str]] = {}
        self._open: dict[Path, LogFile] = {}

    def load(self) -> list[Trouble]:
        """Load what is new; what could not be. Raises `SourceError` when the table takes nothing."""
        paths, missing = find(self._patterns)
        for path in [path for path in self._open if path not in paths]:
            self._leave(path)
        troubles = [Trouble(MISSING, self._streams(Path(pattern))) for pattern in missing]
        return troubles + [trouble for path in paths for trouble in self._follow(path)]

    def _streams(self, path: Path) -> frozenset[str]:
        name = self._seen.get(path, (None, ""))[1]
        return frozenset(self._files[name].streams) if name in self._files else frozenset()

    def _follow(self, path: Path) -> Iterator[Trouble]:
        try:
            now = _signature(path)
            before = self._seen.get(path)
            if before is None or before[0] != now:
                if before is not None and before[0][:2] != now[:2]:
                    self._leave(path)
                self._seen[path] = (now, self._read(path))
        except Unreadable:
            yield Trouble(UNREADABLE, self._streams(path))
            return
        name = self._seen[path][1]
        if name and self._files[name].malformed:
            yield Trouble(MALFORMED, self._streams(path))

    def _read(self, path: Path) -> str:
        """Load the new lines of *path*; what it is known by."""
        log = self._open.pop(path, None) or LogFile(path)
        self._open[path] = log  # the one that was read last is let go last
        name = log.identity()
        if name:
            self._load(log, name)
        while len(self._open) > _KEPT_OPEN:
            self._open.pop(next(iter(self._open))).close()
        return name

    def _leave(self, path: Path) -> None:
        """Another file is at *path* now, or none: read the one that was there to its end."""
        log = self._open.pop(path, None)
        name = self._seen.pop(path, (None, ""))[1]
        if log is None:
            return
        try:
            if name:
                self._load(log, name)
        except Unreadable:
            pass  # it was read before; its last lines went with it
        finally:
            log.close()

    def _load(self, log: LogFile, name: str) -> None:
        file = self._files.get(name) or self._resumed(name)
        self._files[name] = file
        valid = malformed = 0
        newest = max(file.stored, default=-1)
        for piece in log.pieces(file.position):
            rows = []
            for offset, line in piece.lines:
                row = None if offset in file.stored else self._cleaner.row(line)
                if row is None:
                    malformed += offset > newest
                    continue
                valid += 1
                file.streams.add(row["source"])
                rows.append(msgspec.json.encode(row | {"file": name, "offset": offset, "batch": piece.start}))
            malformed += piece.passed_over
            self._insert(name, rows)
            file.position = piece.end
        file.stored = frozenset()
        if valid or malformed:
            file.malformed = not valid

    def _insert(self, name: str, rows: Sequence[bytes]) -> None:
        try:
            if rows:
                self._engine.insert(b"\n".join(rows))
        except SourceError:
            del self._files[name]  # some rows may be in: the table will be asked
            raise

    def _resumed(self, name: str) -> _File:
        """What the table knows of the file *name*."""
        about = f"FROM logs WHERE file = '{name}'"
        last = self._ask(f"SELECT max(batch) AS batch, groupUniqArray(source) AS streams {about}")
        position = last["batch"]
        stored = self._ask(f"SELECT groupArray(offset) AS offsets {about} AND offset >= {position}")
        return _File(position, frozenset(stored["offsets"]), set(last["streams"]))

    def _ask(self, sql: str) -> dict[str, Any]:
        return self._engine.query(sql, _SECONDS, _MEMORY)[0]


def _signature(path: Path) -> Signature:
    """Changes whenever there may be something new at *path*; its first two parts tell one file from another."""
    try:
        about = path.stat()
    except OSError as error:
        raise Unreadable from error
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns
