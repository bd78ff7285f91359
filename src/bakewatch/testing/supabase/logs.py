"""The stand-in's log endpoint: what it keeps, what of it is asked for, and the SQL done on it as it was sent."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bakewatch.testing.supabase.engine import Engine, QueryFailed
from bakewatch.testing.supabase.limits import LOGS
from bakewatch.testing.supabase.state import Project
from bakewatch.testing.supabase.wire import Asked, Endpoint, Reply, failure

Row = Mapping[str, Any]
"""A line: `id`, `timestamp` (UTC), `source`, `event_message`, `severity_text` and `log_attributes` (strings)."""

MOST_ROWS = 1000
LONGEST_RANGE = timedelta(hours=24)
LONGEST_URL = 16_000
"""Characters; beyond it no gateway lets a request pass."""
_MINUTE = timedelta(minutes=1)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_REFUSED = {
    r"select\s+\*": "SELECT * is not allowed: list the columns",
    r"count\s*\(\s*\*\s*\)": "count(*) is not allowed: use count()",
}


@dataclass
class Logs:
    """The project's table `logs`. Change the fields to set a scene."""

    project: Project
    late: dict[str, float] = field(default_factory=dict)
    """By how many seconds the lines of a stream come late."""
    becomes: Callable[[Row], Row | None] = lambda row: row
    """What becomes of a line that is written: another one, or none."""
    since: datetime | None = None
    """Older lines are not kept."""
    most: int = MOST_ROWS
    """So many rows are answered at most; nothing says that there were more."""
    engine: Engine = field(default_factory=Engine)

    def write(self, *rows: Row) -> None:
        """Add lines. Each is visible from its own time on, and when it is late, later; the past may be written now."""
        kept = [one for one in map(self.becomes, rows) if one is not None]
        if kept:
            self.engine.insert([{**one, "visible": self._visible(one)} for one in kept])

    def endpoints(self) -> dict[str, Endpoint]:
        """The endpoint with the logs."""
        return {LOGS: Endpoint(self._asked, "analytics_logs_read")}

    def _visible(self, row: Row) -> str:
        moment = datetime.fromisoformat(str(row["timestamp"])).replace(tzinfo=UTC)
        return _written(moment + timedelta(seconds=self.late.get(row["source"], 0.0)))

    def _asked(self, asked: Asked, parts: list[str]) -> Reply:
        sql = asked.query.get("sql", "")
        if len(urlencode(asked.query)) > LONGEST_URL:
            return failure(414, "URI Too Long")
        start, end = self._range(asked.query)
        if end - start > LONGEST_RANGE:
            return Reply(200, {"error": "The timestamp range must be no more than 24 hours."})
        if text := _refusal(sql):
            return Reply(200, {"error": _error(text)})
        start = max(start, self.since) if self.since else start
        try:
            rows = self.engine.query(sql, *map(_written, (start, end, self.project.clock())))
        except QueryFailed as failed:
            return Reply(200, {"error": _error(str(failed))})
        return Reply(200, {"result": rows[: self.most]})

    def _range(self, query: Mapping[str, str]) -> tuple[datetime, datetime]:
        """What is asked for: the last minute, a minute beside the one moment that is given, or what lies between."""
        start, end = (_rounded(query[name]) if name in query else None for name in _RANGE)
        if start is None and end is None:
            return self.project.clock() - _MINUTE, self.project.clock()
        if start is None:
            assert end is not None
            return end - _MINUTE, end
        return start, end or start + _MINUTE


_RANGE = ("iso_timestamp_start", "iso_timestamp_end")


def _rounded(text: str) -> datetime:
    """The nearest whole minute."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return datetime.fromtimestamp((moment.timestamp() + 30) // 60 * 60, UTC)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _refusal(sql: str) -> str:
    """Why *sql* is not even tried."""
    bare = _LITERAL.sub("''", sql)
    if not re.match(r"\s*(select|with)\b", bare, re.IGNORECASE):
        return "only SELECT queries are allowed"
    return next((text for pattern, text in _REFUSED.items() if re.search(rf"(?i)\b{pattern}", bare)), "")


def _error(text: str) -> dict[str, Any]:
    return {"code": 400, "errors": list[Any](), "message": text, "status": "INVALID_ARGUMENT"}
