"""A database that can only be counted in: what a journey did and did not leave behind."""

import re
from collections.abc import Sequence
from typing import Any

from bakewatch.vendors.journeys.broken import CannotWalk, Misuse

TIMEOUT_SECONDS = 5


class Database:
    """Counts rows of a PostgreSQL database, each time in a read-only transaction of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def count(self, query: str, params: Sequence[object] = ()) -> int:
        """The one integer that *query* selects: `count("select count(*) from t where id = %s", [7])`.

        `Misuse` when it is not a single SELECT of one integer; `CannotWalk` when the database cannot answer.
        """
        if not re.match(r"\s*select\b", query, re.IGNORECASE):
            raise Misuse("db.count takes one SELECT")
        rows = self._rows(query, params)
        if len(rows) != 1 or len(rows[0]) != 1 or type(rows[0][0]) is not int:
            raise Misuse("db.count takes a SELECT of one integer")
        return rows[0][0]

    def _rows(self, query: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
        """At most two rows."""
        import psycopg  # only walks that count need it

        try:
            database = psycopg.connect(self._url, connect_timeout=TIMEOUT_SECONDS, application_name="bakewatch")
        except psycopg.Error:
            raise CannotWalk("database_unreachable") from None
        try:
            database.read_only = True
            database.execute(f"set local statement_timeout = '{TIMEOUT_SECONDS}s'")
            # A binary cursor speaks the extended protocol, which takes one statement at a time.
            return database.cursor(binary=True).execute(query.encode(), params).fetchmany(2)
        except psycopg.Error:
            raise CannotWalk("database_error") from None
        finally:
            database.close()
