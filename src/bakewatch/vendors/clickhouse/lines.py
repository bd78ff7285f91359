"""A line of a log file, read as generously as it can be without guessing."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))
"""Below which number a moment is counted in seconds, milliseconds or microseconds; from there on in nanoseconds."""

_COUNTED = re.compile(r"\d{10,19}(?:\.\d{1,9})?")
_LONG_NUMBER = 19
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Half of a surrogate pair, which is no character."""


class Line(Struct):
    """A line of a log file, as far as it is loaded. What is no text becomes one."""

    timestamp: str | int | float
    source: str
    id: Any = ""
    event_message: Any = ""
    severity_text: Any = ""
    log_attributes: dict[str, Any] | None = None


_DECODE = msgspec.json.Decoder(Line).decode


def read_line(raw: bytes) -> tuple[Line, datetime] | None:
    """The line *raw* and its moment (UTC); none when it is malformed."""
    try:
        line = _decoded(raw)
        moment = _moment(line.timestamp)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR or not _NAME.fullmatch(line.source):
        return None
    return line, moment


def as_text(value: Any) -> str:
    """*value* of a line as text: nothing as none, structures as JSON."""
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else msgspec.json.encode(value).decode()
    except (RecursionError, UnicodeEncodeError):
        return "[value]"


def _decoded(raw: bytes) -> Line:
    """*raw* as strict JSON or, failing that, as what loggers and crashes make of it.

    That is broken UTF-8, a block of NUL bytes where a machine stopped, control characters in strings, and NaN.
    """
    try:
        return _DECODE(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = raw.decode("utf-8", "replace").lstrip("\0\ufeff \t\r")
    found = json.loads(_HALF.sub(r"\\ufffd", text), strict=False, parse_constant=lambda _: None, parse_int=_whole)
    return msgspec.convert(found, Line)


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONG_NUMBER else digits


def _moment(given: str | int | float) -> datetime:
    """The moment *given* in ISO 8601 (UTC where it names no zone) or as a number since 1970, by its size."""
    if isinstance(given, str):
        given = given.strip()
        if not _COUNTED.fullmatch(given):
            moment = datetime.fromisoformat(given)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        given = float(given) if "." in given else int(given)
    if isinstance(given, float) and not 0 <= given < 10**20:
        raise ValueError("no moment")
    for below, factor in _UNITS:
        if given < below:
            return _EPOCH + timedelta(microseconds=round(given * factor))
    return _EPOCH + timedelta(microseconds=int(given) // 1000)
