"""Calls to the tables, in the manner of PostgREST: one statement, one edge_logs line, PostgreSQL's errors as HTTP."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from live_event.logs import Call, Caller, LogWriter, edge_line

Row = dict[str, Any]
Pool = AsyncConnectionPool[AsyncConnection[Row]]

_EXACT = {
    "21000": 500, "23503": 409, "23505": 409, "25006": 405, "42501": 403, "42883": 404, "42P01": 404, "42P17": 500,
    "53400": 500, "57P01": 503, "P0001": 400,
}  # fmt: skip
_CLASS = {
    "08": 503, "09": 500, "0L": 403, "0P": 403, "25": 500, "28": 403, "2D": 500, "38": 500, "39": 500, "3B": 500,
    "40": 500, "53": 503, "54": 500, "55": 500, "57": 500, "58": 500, "F0": 500, "HV": 500, "P0": 500, "XX": 500,
}  # fmt: skip


class RestError(Exception):
    """A call that failed: the HTTP status and PostgREST's body."""

    def __init__(self, status: int, code: str, message: str, details: str | None = None, hint: str | None = None):
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "details": details, "hint": hint}


def status_of(sqlstate: str) -> int:
    """The HTTP status of an SQLSTATE."""
    return _EXACT.get(sqlstate) or _CLASS.get(sqlstate[:2], 400)


def as_rest_error(problem: psycopg.Error) -> RestError:
    """A database error as PostgREST tells it."""
    if isinstance(problem, PoolTimeout):
        return RestError(504, "PGRST003", "Timed out acquiring connection from connection pool.")
    if isinstance(problem, psycopg.DataError) and problem.sqlstate is None:
        # The client library refused it before PostgreSQL could: text with a NUL.
        return RestError(400, "22021", str(problem))
    if problem.sqlstate is None:
        return RestError(503, "PGRST001", "Database client error. Retrying the connection.")
    said = problem.diag
    message = said.message_primary or str(problem)
    return RestError(status_of(problem.sqlstate), problem.sqlstate, message, said.message_detail, said.message_hint)


async def run(pool: Pool, tag: str | None, sql: str, params: Sequence[object]) -> list[Row]:
    """Run one statement. With a *tag*, the transaction's application name says whose traffic it is."""
    async with pool.connection() as connection:
        if tag is None:
            return await _rows(connection, sql, params)
        async with connection.transaction():
            await connection.execute("SELECT set_config('application_name', %s, true)", [f"bakewatch/{tag}"])
            return await _rows(connection, sql, params)


async def _rows(connection: AsyncConnection[Row], sql: str, params: Sequence[object]) -> list[Row]:
    cursor = await connection.execute(sql.encode(), params)
    return await cursor.fetchall() if cursor.description else []


class Rest:
    """The data layer, bound to who is calling."""

    def __init__(self, pool: Pool, logs: LogWriter, caller: Caller, distance: float = 0.0) -> None:
        self._pool, self._logs, self._caller, self._distance = pool, logs, caller, distance

    @property
    def tag(self) -> str | None:
        """The tag that rows written by this caller carry."""
        return self._caller.tag

    async def get(self, table: str, query: dict[str, str], sql: str, *params: object) -> list[Row]:
        """Read rows."""
        return await self.call("GET", table, query, sql, *params)

    async def call(
        self, method: str, table: str, query: dict[str, str], sql: str, *params: object, ok: int = 200
    ) -> list[Row]:
        """Run *sql* as the call `METHOD /rest/v1/TABLE?QUERY`, and log it. A row with `created` false answers 200."""
        started = time.perf_counter()
        status = ok
        try:
            await self._travel()
            rows = await run(self._pool, self._caller.tag, sql, params)
            if rows and rows[0].get("created") is False:
                status = 200
            return rows
        except psycopg.Error as problem:
            error = as_rest_error(problem)
            status = error.status
            raise error from problem
        finally:
            self._log(method, table, query, status, (time.perf_counter() - started) * 1000)

    async def _travel(self) -> None:
        """The way to the database: some calls take it quickly, a few slowly. On one machine it would be too short, and
        too even, for latencies like those of a hosted database."""
        if self._distance:
            await asyncio.sleep(random.expovariate(1 / self._distance))

    def _log(self, method: str, table: str, query: dict[str, str], status: int, milliseconds: float) -> None:
        search = f"?{urlencode(query, safe=',.*():')}" if query else ""
        call = Call(method, f"/rest/v1/{table}", search, status, milliseconds, self._caller)
        self._logs.write(edge_line(datetime.now(UTC), call))
