"""Log files that grow, end, are rotated, cut off or compressed: which lines of them are new.

A file is known by how it begins, not by its name, so a rotated or compressed copy is the same file and is read on from
where it was left. Its beginning ends with the first line that tells of an event; a file without one has nothing to load
and is known by its path. Offsets are those of the uncompressed text, and only whole lines are read.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

CHUNK = 8 << 20
"""Bytes that are read at once; a longer line is passed over as malformed."""

MISSING = "missing"
UNREADABLE = "unreadable"

_FIRST = 64 << 10
"""Bytes in which the first line that tells of an event must be found."""

_GZIP = b"\x1f\x8b"


class Unreadable(Exception):
    """The file cannot be read, or is no gzip file although it begins like one."""


@dataclass(frozen=True)
class Piece:
    """Whole lines of a file."""

    start: int
    end: int
    """Where the next piece starts."""
    lines: Sequence[tuple[int, bytes]]
    """Each line with its offset; empty lines are left out."""
    passed_over: int = 0
    """Lines that are too long to be read."""


def find(patterns: Sequence[str]) -> tuple[list[Path], list[str]]:
    """The files that *patterns* (absolute paths or globs) name now, sorted, and the patterns that name none."""
    found: set[Path] = set()
    missing = []
    for pattern in patterns:
        path = Path(pattern)
        plain = not any(char in pattern for char in "*?[")
        here = [path] if plain else list(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        files = [one for one in here if _is_file(one)]
        found.update(files)
        if not files:
            missing.append(pattern)
    return sorted(found), missing


class LogFile:
    """An open log file. It stays the same file when it is renamed. Every method may raise `Unreadable`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._raw = path.open("rb", buffering=0)
        except OSError as error:
            raise Unreadable from error
        self._text: FileIO | gzip.GzipFile = self._raw
        self.cut_off = False
        """Was the end of a compressed file missing when it was read last?"""

    def close(self) -> None:
        """Let go of it."""
        self._raw.close()

    def identity(self) -> str:
        """What the file is known by; empty as long as its first line is not whole."""
        self._start()
        head = self._read(_FIRST)
        while b"\n" not in head and len(head) < CHUNK and (more := self._read(_FIRST)):
            head += more
        first, newline, _ = head.partition(b"\n")
        if not newline and len(first) < CHUNK:
            return ""
        begins, end = b"", head.find(b"\n") + 1
        while end and not begins:
            if _tells(head[head.rfind(b"\n", 0, end - 1) + 1 : end]):
                begins = head[:end]
            end = head.find(b"\n", end) + 1
        begins = begins or b"\0".join((os.fsencode(self._path), first))
        return hashlib.sha256(begins).hexdigest()[:32]

    def inode(self) -> tuple[int, int]:
        """Device and number: they tell apart files that begin alike."""
        about = self._about()
        return about.st_dev, about.st_ino

    def written(self) -> float:
        """When it was written last, in seconds since 1970."""
        return self._about().st_mtime

    def line_at(self, position: int) -> bytes:
        """The line that begins at *position*; empty when none does."""
        self._start(max(0, position - 1))
        text = self._read(_FIRST)
        before, text = (text[:1], text[1:]) if position else (b"\n", text)
        while b"\n" not in text and len(text) < CHUNK and (more := self._read(_FIRST)):
            text += more
        line, newline, _ = text.partition(b"\n")
        return line if newline and before == b"\n" else b""

    def pieces(self, position: int) -> Iterator[Piece]:
        """The whole lines from *position* on, piece by piece."""
        self._start(position)
        text = b""
        while data := self._read(CHUNK):
            text += data
            if b"\n" not in text and len(text) >= CHUNK:
                beyond, rest = self._skip_line()
                if not beyond:
                    return
                yield Piece(position, position + len(text) + beyond, (), 1)
                position, text = position + len(text) + beyond, rest
            cut = text.rfind(b"\n") + 1
            if cut:
                yield _piece(position, text[:cut])
                position, text = position + cut, text[cut:]

    def _skip_line(self) -> tuple[int, bytes]:
        """Read on to the end of a line: its length, 0 when it has no end yet, and what was read of the next one."""
        skipped = 0
        while data := self._read(CHUNK):
            cut = data.find(b"\n") + 1
            if cut:
                return skipped + cut, data[cut:]
            skipped += len(data)
        return 0, b""

    def _about(self) -> os.stat_result:
        try:
            return os.fstat(self._raw.fileno())
        except OSError as error:
            raise Unreadable from error

    def _start(self, position: int = 0) -> None:
        """Read from *position* of the text on, as the file is now."""
        self.cut_off = False
        try:
            self._raw.seek(0)
            packed = self._raw.read(len(_GZIP)) == _GZIP
            self._raw.seek(0)
            self._text = gzip.GzipFile(fileobj=self._raw, mode="rb") if packed else self._raw
            self._text.seek(position)
        except EOFError:
            self.cut_off = True  # the text is shorter than that: nothing more will be read
        except (OSError, zlib.error) as error:
            raise Unreadable from error

    def _read(self, size: int) -> bytes:
        """At most *size* bytes. The cut-off end of a gzip file is as if it were not written yet."""
        text, data = self._text, b""
        read = text.read1 if isinstance(text, gzip.GzipFile) else text.read
        try:
            while len(data) < size and (more := read(size - len(data))):
                data += more
        except EOFError:
            self.cut_off = True
            return data
        except (OSError, zlib.error) as error:
            raise Unreadable from error
        return data


def _piece(start: int, text: bytes) -> Piece:
    lines, offset = [], start
    for line in text[:-1].split(b"\n"):
        if line.strip():
            lines.append((offset, line))
        offset += len(line) + 1
    return Piece(start, offset, lines)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _tells(line: bytes) -> bool:
    """Does *line* tell of an event? Only such a line can be loaded, and only such lines differ between files."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and bool(value.get("id") or value.get("timestamp"))
