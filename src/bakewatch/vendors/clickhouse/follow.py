"""Log files that grow, end, are rotated, cut off or compressed: which lines of them are new.

A file is known by its first line, not by its name, so a rotated or compressed copy is the same file and is read on from
where it was left. (A first line without an `id` is no such name by itself; the path is added to it.) Offsets are those
of the uncompressed text, and only whole lines are read.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

CHUNK = 8 << 20
"""Bytes that are read at once; a longer line is passed over as malformed."""

MISSING = "missing"
UNREADABLE = "unreadable"

_FIRST = 64 << 10
"""Bytes in which a first line is usually found."""

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
        files = [one for one in here if one.is_file()]
        found.update(files)
        if not files:
            missing.append(pattern)
    return sorted(found), missing


def open_file(path: Path) -> BufferedIOBase:
    """*path* open for reading its uncompressed text."""
    try:
        plain = path.open("rb")
        if plain.read(2) == _GZIP:
            plain.close()
            return gzip.open(path, "rb")
        plain.seek(0)
    except OSError as error:
        raise Unreadable from error
    return plain


def identity(handle: BufferedIOBase, path: Path) -> str:
    """What the file is known by; empty as long as its first line is not whole. Leaves *handle* where it likes."""
    first = _read(handle, _FIRST, 0)
    while b"\n" not in first and len(first) < CHUNK and (more := _read(handle, _FIRST)):
        first += more
    line, newline, _ = first.partition(b"\n")
    if not newline and len(line) < CHUNK:
        return ""
    name = b"" if _has_id(line) else str(path).encode("utf-8", "surrogateescape")
    return hashlib.sha256(name + b"\0" + line).hexdigest()[:32]


def pieces(handle: BufferedIOBase, position: int) -> Iterator[Piece]:
    """The whole lines from *position* on, piece by piece."""
    rest = b""
    data = _read(handle, CHUNK, position)
    while data:
        text = rest + data
        cut = text.rfind(b"\n") + 1
        if cut:
            yield _piece(position, text[:cut])
            position += cut
        elif len(text) >= CHUNK:
            skipped = _skip_line(handle)
            if not skipped:
                return
            yield Piece(position, position + len(text) + skipped, (), 1)
            position += len(text) + skipped
            text, cut = b"", 0
        rest = text[cut:]
        data = _read(handle, CHUNK)


def _piece(start: int, text: bytes) -> Piece:
    lines, offset = [], start
    for line in text[:-1].split(b"\n"):
        if line.strip():
            lines.append((offset, line))
        offset += len(line) + 1
    return Piece(start, offset, lines)


def _skip_line(handle: BufferedIOBase) -> int:
    """Read on to the end of the line; how many bytes that were, 0 when the line has no end yet."""
    skipped = 0
    while data := _read(handle, CHUNK):
        cut = data.find(b"\n") + 1
        if cut:
            handle.seek(cut - len(data), 1)
            return skipped + cut
        skipped += len(data)
    return 0


def _read(handle: BufferedIOBase, size: int, position: int | None = None) -> bytes:
    """At most *size* bytes, from *position* on. The cut-off end of a gzip file is as if it were not written yet."""
    data = b""
    try:
        if position is not None:
            handle.seek(position)
        while len(data) < size and (more := handle.read1(size - len(data))):
            data += more
    except EOFError:
        return data
    except (OSError, zlib.error) as error:
        raise Unreadable from error
    return data


def _has_id(line: bytes) -> bool:
    try:
        value = json.loads(line)
    except ValueError:
        return False
    return isinstance(value, dict) and bool(value.get("id"))
