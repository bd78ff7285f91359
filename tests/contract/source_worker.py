"""A process that owns sources: reads questions from its input, one JSON object per line, and prints the answers.

The embedded engine takes one directory per process, and a test wants to kill its owner: so sources live in here.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from bakewatch.errors import SourceError
from bakewatch.model.observation import Observation, Question, Window
from bakewatch.vendors.clickhouse import follow
from bakewatch.vendors.clickhouse.chdb import ChdbSettings, ChdbSource
from bakewatch.vendors.clickhouse.engine import opened
from bakewatch.vendors.postgres import PostgresSettings, PostgresSource


class Request(Struct, kw_only=True):
    """Ask the source that *kind* and the rest describe; with `dump`, show the table instead."""

    kind: str
    settings: dict[str, Any]
    data: str
    base: str = "."
    url: str = ""
    questions: list[Question] = []
    window: Window | None = None
    seconds: float = 1.0
    dump: bool = False
    levels: bool = False
    """Ask for the levels of the questions' values."""
    chunk: int = 0
    """Read files in pieces of so many bytes."""


class Reply(Struct, kw_only=True):
    """The answers, or the code of the error that was raised."""

    answers: list[Observation] = []
    levels: dict[str, float] = {}
    error: str = ""
    text: str = ""


def source(request: Request) -> ChdbSource | PostgresSource:
    """The source that *request* describes. Settings are taken as they are, so that a test may go below the limits."""
    if request.kind == "chdb":
        settings = ChdbSettings(**{**request.settings, "files": tuple(request.settings["files"])})
        return ChdbSource(settings, Path(request.data), Path(request.base))
    postgres = PostgresSettings(**request.settings)
    return PostgresSource(postgres, request.url, Path(request.data), lambda: datetime.now(UTC))


def answer(request: Request, sources: dict[bytes, ChdbSource | PostgresSource]) -> Reply:
    """What the source says."""
    if request.dump:
        rows = opened(Path(request.data) / "chdb").query("SELECT * FROM logs ORDER BY timestamp, id", 20, 10**9)
        return Reply(text=msgspec.json.encode(rows).decode())
    follow.CHUNK = request.chunk or follow.CHUNK
    key = msgspec.json.encode([request.kind, request.settings, request.data, request.url])
    one = sources.setdefault(key, source(request))
    assert request.window is not None
    if request.levels:
        return Reply(levels=one.levels(request.questions, request.window))
    try:
        return Reply(answers=one.observe(request.questions, request.window, timedelta(seconds=request.seconds)))
    except SourceError as error:
        return Reply(error=error.code)


def main() -> None:
    """Answer until the input ends."""
    sources: dict[bytes, ChdbSource | PostgresSource] = {}
    for line in sys.stdin.buffer:
        reply = answer(msgspec.json.decode(line, type=Request), sources)
        sys.stdout.buffer.write(msgspec.json.encode(reply) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
