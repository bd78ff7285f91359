"""A database that can only be counted in: what a journey did and did not leave behind."""

import re
import socket
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from bakewatch.errors import MISUSE
from bakewatch.vendors.journeys.broken import CannotWalk, Misuse
from bakewatch.vendors.journeys.wire import MAX_COUNT, CountAsked, CountTold

TIMEOUT_SECONDS = 5
PATIENCE = 30.0
"""Seconds that somebody else may take to count."""


class Countable(Protocol):
    """What the fixture `db` is."""

    def count(self, query: str, params: Sequence[object] = ()) -> int:
        """The one integer that *query* selects: `count("select count(*) from public.t where id = %s", [7])`.

        `Misuse` when it is not a single SELECT of one integer; `CannotWalk` when the database cannot answer.
        """
        ...


class Counted:
    """A database that somebody else asks, who answers at the socket *path*."""

    def __init__(self, path: str) -> None:
        self._path = path

    def count(self, query: str, params: Sequence[object] = ()) -> int:
        """As `Countable`; tables are named with their schema."""
        told = self._told(_line(query, params))
        if told.problem == MISUSE:
            raise Misuse("db.count takes one SELECT of one integer, from tables that are named with their schema")
        if told.count is None:
            raise CannotWalk(told.problem or "database_error")
        return told.count

    def _told(self, line: bytes) -> CountTold:
        try:
            with socket.socket(socket.AF_UNIX) as asked:
                asked.settimeout(PATIENCE)
                asked.connect(self._path)
                asked.sendall(line)
                with asked.makefile("rb") as answer:
                    return msgspec.json.decode(answer.readline(MAX_COUNT), type=CountTold)
        except (OSError, msgspec.DecodeError):
            raise CannotWalk("database_unreachable") from None


def _line(query: str, params: Sequence[object]) -> bytes:
    """The question as one line; moments and identifiers among *params* as text, as a database reads them."""
    try:
        given = msgspec.to_builtins(tuple(params))
        line = msgspec.json.encode(msgspec.convert({"query": query, "parameters": given}, CountAsked)) + b"\n"
    except (TypeError, ValueError, OverflowError):
        raise Misuse("db.count takes numbers, texts, truths, moments and identifiers") from None
    if len(line) > MAX_COUNT:
        raise Misuse("db.count takes less")
    return line


class Database:
    """Counts rows of a PostgreSQL database, each time in a read-only transaction of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def count(self, query: str, params: Sequence[object] = ()) -> int:
        """As `Countable`."""
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
