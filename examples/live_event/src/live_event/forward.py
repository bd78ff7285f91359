"""Forwards PostgreSQL's own JSON log to the stream `postgres_logs`."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from live_event.logs import POSTGRES, Line, LogWriter, line

_FIELDS = {
    "error_severity": "error_severity",
    "state_code": "sql_state_code",
    "user": "user_name",
    "dbname": "database_name",
    "ps": "command_tag",
    "backend_type": "backend_type",
    "application_name": "application_name",
    "session_id": "session_id",
    "pid": "process_id",
    "query_id": "query_id",
}
"""PostgreSQL's name -> the stream's name. Statements stay behind: they hold what people wrote."""


def as_line(entry: dict[str, Any]) -> Line:
    """A line of the stream out of an entry of the server's log."""
    at = datetime.fromisoformat(entry["timestamp"].replace(" UTC", "+00:00"))
    attributes = {f"parsed.{ours}": str(entry[theirs]) for theirs, ours in _FIELDS.items() if theirs in entry}
    severity = str(entry.get("error_severity", "LOG"))
    return line(POSTGRES, at, str(entry.get("message", "")), severity, attributes)


class Forwarder:
    """Follows the server's log in a thread of its own."""

    def __init__(self, jsonlogs: Path, logs: Path) -> None:
        self._path, self._writer = jsonlogs / "postgres.json", LogWriter(logs)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True, name="postgres-log")
        self._rest = b""

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, when everything that is there has been forwarded."""
        self._stop.set()
        self._thread.join(5)
        self._writer.close()

    def _follow(self) -> None:
        offset = 0
        while True:
            last = self._stop.wait(0.1)
            if self._path.exists():
                with self._path.open("rb") as file:
                    file.seek(offset)
                    block = file.read()
                offset += len(block)
                for entry in self._entries(block):
                    self._writer.write(as_line(entry))
            if last:
                return

    def _entries(self, block: bytes) -> Iterator[dict[str, Any]]:
        *whole, self._rest = (self._rest + block).split(b"\n")
        yield from (json.loads(one) for one in whole if one.strip())
