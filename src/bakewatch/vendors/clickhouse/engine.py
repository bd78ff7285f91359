"""The embedded ClickHouse engine: one session per process, opened once and kept for life.

The engine takes one directory per process, excludes every other process from it, loses a little memory each time it is
opened, and hangs in a forked child. So a session is never closed, all sources and threads of a process share it, and
child processes are spawned. The package `chdb` is imported when the first session is opened.
"""

import re
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from bakewatch.errors import ConfigError, SourceError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS logs (
    id String,
    timestamp DateTime64(6, 'UTC'),
    source LowCardinality(String),
    event_message String,
    severity_text LowCardinality(String),
    log_attributes Map(String, String),
    file LowCardinality(String),
    offset UInt64,
    batch UInt64
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(timestamp)
ORDER BY (source, toStartOfInterval(timestamp, INTERVAL 10 SECOND), timestamp)
SETTINGS map_serialization_version = 'with_buckets', map_serialization_version_for_zero_level_parts = 'with_buckets',
    map_buckets_min_avg_size = 0, map_buckets_strategy = 'constant', max_buckets_in_map = 16,
    fsync_after_insert = 1, fsync_part_directory = 1
"""
"""`file`, `offset` and `batch` say where a row came from: which file, where its line began, and where the piece of the
file began that was inserted with it."""

_INSERT = "INSERT INTO logs SETTINGS max_partitions_per_insert_block = 0"
_NO_JIT = "compile_expressions = 0, compile_aggregate_expressions = 0"
"""Compiling 64 counts takes longer than counting: 1.7 s against 0.1 s."""
_CODE = re.compile(r"Code: (\d+)")
_LIMITS = {"159": "timeout", "160": "timeout", "241": "memory"}

_sessions: dict[str, "Engine"] = {}
_opening = threading.Lock()


class QueryError(Exception):
    """The engine did not answer. `code`: `timeout`, `memory` or `refused`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Engine:
    """A session over one directory. May be used by many threads at once."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.loading = threading.Lock()
        """Held by whoever reads files into the table."""

    def query(self, sql: str, seconds: float, memory: int) -> list[dict[str, Any]]:
        """The rows that the SELECT *sql* gives within so many *seconds* and bytes of *memory*. Raises `QueryError`."""
        limits = f"readonly = 1, max_execution_time = {seconds:g}, max_memory_usage = {memory:d}, {_NO_JIT}"
        try:
            answer = self._session.query(f"{sql}\nSETTINGS {limits}", "JSONEachRow").bytes()
            return [msgspec.json.decode(line) for line in answer.splitlines()]
        except RuntimeError as error:
            code = _CODE.search(str(error))
            raise QueryError(_LIMITS.get(code[1], "refused") if code else "refused") from None
        except msgspec.DecodeError:
            raise QueryError("refused") from None

    def insert(self, rows: bytes) -> None:
        """Insert *rows* of the table `logs`, one JSON object per line. Raises `SourceError`."""
        try:
            with self._session.send_insert(_INSERT, "JSONEachRow") as inserter:
                inserter.append(rows)
                inserter.finish()
        except RuntimeError:
            raise SourceError("not_stored") from None


def installed() -> None:
    """`ConfigError` when the engine is not installed. Does not import it."""
    if find_spec("chdb") is None:
        raise ConfigError("the embedded engine is not installed", right="pip install 'bakewatch[local]'")


def opened(path: Path) -> Engine:
    """The engine over the directory *path*, opened if need be. Raises `SourceError`."""
    installed()
    from chdb import session as chdb_session

    open_session: Any = chdb_session.Session
    name = str(path.resolve())
    with _opening:
        if name not in _sessions:
            try:
                path.mkdir(parents=True, exist_ok=True)
                session = open_session(name)
                session.query(_SCHEMA)
            except (RuntimeError, OSError):
                raise SourceError("engine_locked") from None
            _sessions[name] = Engine(session)
        return _sessions[name]
