"""A ClickHouse table in a process of its own: the embedded engine takes one directory per process, and a source that is
tested beside it may have taken this process's.

The process reads one JSON object per line from its input, does it, and prints its answer.
"""

import json
import subprocess
import sys
import tempfile
import threading
from typing import Any

_SCHEMA = (
    "SET compile_expressions = 0, compile_aggregate_expressions = 0, max_partitions_per_insert_block = 0",
    "CREATE DATABASE live",
    "USE live",
    """
    CREATE TABLE stored (
        id String, timestamp DateTime64(6, 'UTC'), source LowCardinality(String), event_message String,
        severity_text LowCardinality(String), log_attributes Map(String, String), visible DateTime64(6, 'UTC')
    ) ENGINE = MergeTree ORDER BY (source, timestamp)
    """,
)
_VIEW = """
CREATE OR REPLACE VIEW logs AS SELECT id, timestamp, source, event_message, severity_text, log_attributes FROM stored
WHERE timestamp >= '{start}' AND timestamp <= '{end}' AND visible <= '{now}'
"""


class QueryFailed(Exception):
    """The engine refused a query; its message."""


class Engine:
    """The process. It is started when it is first needed, and does one thing at a time, whoever asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def insert(self, rows: list[dict[str, Any]]) -> None:
        """Keep *rows* of the table, each with the moment at which it becomes `visible`."""
        self._ask({"rows": rows})

    def query(self, sql: str, start: str, end: str, now: str) -> list[dict[str, Any]]:
        """The rows that *sql* gives over what lies between *start* and *end* and is visible by *now*."""
        rows: list[dict[str, Any]] = self._ask({"sql": sql, "start": start, "end": end, "now": now})
        return rows

    def clear(self) -> None:
        """Forget all rows."""
        self._ask({"rows": []})

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _ask(self, what: dict[str, Any]) -> Any:
        with self._lock:
            told = self._told(what)
        if told["error"]:
            raise QueryFailed(told["error"])
        return told["rows"]

    def _told(self, what: dict[str, Any]) -> Any:
        if self._process is None:
            command = [sys.executable, "-c", f"from {__name__} import serve; serve()"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def serve() -> None:
    """What the process does, until its input ends."""
    from chdb import session as chdb_session

    open_session: Any = chdb_session.Session
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        session = open_session(folder)
        for one in _SCHEMA:
            session.query(one)
        for line in sys.stdin.buffer:
            try:
                told = {"rows": _done(session, json.loads(line)), "error": ""}
            except RuntimeError as error:
                told = {"rows": [], "error": str(error).splitlines()[0]}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def _done(session: Any, what: dict[str, Any]) -> list[dict[str, Any]]:
    if "sql" in what:
        session.query(_VIEW.format_map(what))
        return _rows(json.loads(session.query(what["sql"], "JSON").bytes() or b'{"data": [], "meta": []}'))
    if not what["rows"]:
        session.query("TRUNCATE TABLE stored")
        return []
    with session.send_insert("INSERT INTO stored", "JSONEachRow") as inserter:
        inserter.append("\n".join(map(json.dumps, what["rows"])).encode())
        inserter.finish()
    return []


def _rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows, with moments as the platform writes them."""
    moments = [one["name"] for one in answer["meta"] if one["type"].startswith("DateTime")]
    rows: list[dict[str, Any]] = answer["data"]
    return [{**row, **{name: row[name].replace(" ", "T") for name in moments}} for row in rows]
