"""The stand-in's read-only SQL: on a real PostgreSQL where it is given one, else as the test says."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bakewatch.testing.supabase import lines
from bakewatch.testing.supabase.logs import Logs
from bakewatch.testing.supabase.state import Project
from bakewatch.testing.supabase.wire import Asked, Endpoint, Refusal, Reply, failure

if TYPE_CHECKING:
    import psycopg

READ_ONLY = "POST /v1/projects/{}/database/query/read-only"
_RAISED = re.compile(r"\s*DO \$\$BEGIN RAISE LOG '([^'%]*)'; END\$\$\s*;?\s*\Z")
_SAFE = 2**53
"""From here on the vendor's program writes integers as texts, and reads them inexactly."""

Rows = list[dict[str, Any]]


class Sql:
    """The project's database. Change the fields to set a scene."""

    def __init__(self, project: Project, logs: Logs) -> None:
        self._project, self._logs = project, logs
        self.url = ""
        """A PostgreSQL to ask; empty: `rows` answers."""
        self.rows: Callable[[str, list[Any]], Rows] = lambda query, parameters: []
        """What a query with its parameters selects."""

    def endpoints(self) -> dict[str, Endpoint]:
        """The endpoint for read-only SQL."""
        return {READ_ONLY: Endpoint(self._asked, "database_read")}

    def _asked(self, asked: Asked, parts: list[str]) -> Reply:
        query, parameters = _read(asked.body)
        if raised := _RAISED.match(query):
            self._logs.write(lines.postgres(self._project.clock(), "LOG", raised[1]))
            return Reply(201, list[Any]())
        return self._run(query, parameters) if self.url else Reply(201, _written(self.rows(query, parameters)))

    def _run(self, query: str, parameters: list[Any]) -> Reply:
        import psycopg
        from psycopg.rows import dict_row

        with psycopg.connect(self.url) as database:
            database.read_only = True
            try:
                cursor = psycopg.RawCursor(database, row_factory=dict_row).execute(query.encode(), parameters)
            except psycopg.Error as error:
                return self._failed(error)
            return Reply(201, _written(cursor.fetchall() if cursor.description else []))

    def _failed(self, error: "psycopg.Error") -> Reply:
        text, state = error.diag.message_primary or "", error.sqlstate or ""
        self._logs.write(lines.postgres(self._project.clock(), "ERROR", text, state))
        return failure(500, f"Failed to run sql query: ERROR:  {state}: {text}")


def _read(body: bytes) -> tuple[str, list[Any]]:
    try:
        given = json.loads(body, parse_int=_number)
        query, parameters = given["query"], given.get("parameters", [])
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Refusal(400, "query: Required") from None
    if not isinstance(query, str) or not query or not isinstance(parameters, list):
        raise Refusal(400, "query: Invalid input")
    return query, parameters


def _number(digits: str) -> int:
    """As the vendor's program reads it."""
    return int(digits) if abs(int(digits)) < _SAFE else int(float(digits))


def _written(rows: Rows) -> Rows:
    """*rows* as the vendor's program writes them."""
    return [{name: _value(one) for name, one in row.items()} for row in rows]


def _value(one: Any) -> Any:
    plain = one is None or isinstance(one, bool | float | str) or (isinstance(one, int) and abs(one) < _SAFE)
    return one if plain else str(one)
