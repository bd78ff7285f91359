"""The server's own counters, read in one read-only transaction each. psycopg is imported when they are first read."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from bakewatch.measured.samples import Reading

if TYPE_CHECKING:
    import psycopg

APPLICATION = "bakewatch"
SLOW_MS = 100.0
"""A statement is slow while its mean time exceeds this."""

DATABASE, STATEMENTS = "database", "statements"
"""The two families of counters: of the database, and of the extension pg_stat_statements."""

_ACTIVE_SINCE = 140000
"""The server version from which the time of active backends is counted."""

_FIRST_OWN_OID = 16384
"""Databases with a smaller number were made together with the cluster."""

_STARTED = "extract(epoch from pg_postmaster_start_time())::bigint"
_DATABASE_SQL = f"""
with mine as (
    select *, coalesce(stats_reset, case when datid < {_FIRST_OWN_OID} then
        least((select stats_reset from pg_stat_bgwriter), (select stats_reset from pg_stat_archiver)) end) as zero
    from pg_stat_database where datname = current_database()
)
select {_STARTED} || '/' || coalesce(extract(epoch from stats_reset)::text, '') as epoch,
    (extract(epoch from now() - zero) * 1000)::bigint as age,
    xact_commit + xact_rollback as transactions, xact_rollback as rollbacks, deadlocks, %s::bigint as active
from mine
"""
"""A counter that was never reset began with its database; when that was is known only of the cluster's own ones."""

_EXTENSION_SQL = """
select quote_ident(nspname) from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
where extname = 'pg_stat_statements'
"""
_STATEMENTS_INFO_SQL = f"""
select {_STARTED} || '/' || coalesce(extract(epoch from stats_reset)::text, '') as epoch,
    (extract(epoch from now() - stats_reset) * 1000)::bigint as age
from %s.pg_stat_statements_info
"""
_STATEMENTS_SQL = """
select userid::text || '/' || coalesce(queryid, 0)::text || '/' || toplevel::text as name,
    sum(calls)::bigint as calls, sum(total_exec_time)::float8 as ms
from %s.pg_stat_statements(false) where dbid = (select oid from pg_database where datname = current_database())
group by 1
"""


class Unavailable(Exception):
    """Counters cannot be read. `code`: `unreachable`, `no_connection_left`, `forbidden`, `timeout`, `no_extension` or
    `unsupported`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Statements(Struct, frozen=True, kw_only=True):
    """What was last known of each statement, and how many slow calls there were up to then."""

    epoch: str
    born: int
    """When the first of these was kept, milliseconds since 1970: until it is lost, the slow calls only grow."""
    slow: int
    seen: dict[str, tuple[int, float]]
    """Calls and total milliseconds of each statement."""


class Server:
    """A connection to the server, for one reading."""

    def __init__(self, url: str, timeout: float) -> None:
        """Connect; raises `Unavailable`."""
        import psycopg

        try:
            self._connection = psycopg.connect(
                url,
                application_name=APPLICATION,
                connect_timeout=max(2, round(timeout)),
                prepare_threshold=None,
            )
        except psycopg.OperationalError as error:
            raise Unavailable(_refusal(str(error))) from None
        except psycopg.Error:
            raise Unavailable("bad_url") from None
        self._connection.read_only = True
        self._timeout = max(1, round(timeout * 1000))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def database(self, now: int) -> Reading:
        """The counters of the database; *now* in milliseconds since 1970. Raises `Unavailable`."""
        supported = self._connection.info.server_version >= _ACTIVE_SINCE
        row = self.rows(_DATABASE_SQL % ("active_time" if supported else "null"))[0]
        counts = {name: row[name] for name in ("transactions", "rollbacks", "deadlocks", "active")}
        return _reading(row, now, {name: int(count) for name, count in counts.items() if count is not None})

    def statements(self, now: int, path: Path) -> Reading:
        """The counters of statements; what is known of each is kept at *path*. Raises `Unavailable`."""
        found = self.rows(_EXTENSION_SQL)
        if not found:
            raise Unavailable("no_extension")
        schema = next(iter(found[0].values()))
        about = self.rows(_STATEMENTS_INFO_SQL % schema)[0]
        rows = self.rows(_STATEMENTS_SQL % schema)
        seen = {row["name"]: (int(row["calls"]), float(row["ms"])) for row in rows}
        known = counted(_known(path, about["epoch"], now), seen)
        _keep(path, known)
        counts = {"statements": sum(calls for calls, _ in seen.values()), "slow_statements": known.slow}
        return _reading(about | {"epoch": f"{known.epoch}/{known.born}"}, now, counts)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of the query *sql*, in a read-only transaction of its own. Raises `Unavailable`."""
        import psycopg
        from psycopg.rows import dict_row

        try:
            with self._connection.transaction(), self._connection.cursor(row_factory=dict_row) as cursor:
                cursor.execute(f"set local statement_timeout = {self._timeout}".encode())
                return cursor.execute(sql.encode()).fetchall()
        except psycopg.Error as error:
            raise Unavailable(_trouble(error)) from None


def _reading(row: dict[str, Any], now: int, counts: dict[str, int]) -> Reading:
    since = None if row["age"] is None else now - int(row["age"])
    return Reading(epoch=row["epoch"], since=since, counts=counts)


def counted(before: Statements, seen: dict[str, tuple[int, float]]) -> Statements:
    """What is known now that *seen* was seen.

    A call counts as slow when the mean of its statement exceeded `SLOW_MS` since the last reading (at the first
    reading: since the reset). Judged over all time, a statement that crosses the line would bring its whole past.
    """
    slow = before.slow
    for name, (calls, ms) in seen.items():
        old_calls, old_ms = before.seen.get(name, (0, 0.0))
        if calls < old_calls:
            old_calls, old_ms = 0, 0.0  # the extension had forgotten it, and it came again
        fresh = calls - old_calls
        if fresh and (ms - old_ms) / fresh > SLOW_MS:
            slow += fresh
    return Statements(epoch=before.epoch, born=before.born, slow=slow, seen=seen)


def _known(path: Path, epoch: str, now: int) -> Statements:
    try:
        known = msgspec.json.decode(path.read_bytes(), type=Statements)
    except (FileNotFoundError, msgspec.MsgspecError):
        known = None
    return known if known and known.epoch == epoch else Statements(epoch=epoch, born=now, slow=0, seen={})


def _keep(path: Path, statements: Statements) -> None:
    """Replace what is kept at *path* in one stroke."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(msgspec.json.encode(statements))
    fresh.replace(path)


def _refusal(text: str) -> str:
    """Why there is no connection: a server that answers FATAL is there, but does not let us in."""
    if any(one in text for one in ("too many", "remaining connection slots")):
        return "no_connection_left"  # that may well be the release's own doing
    away = any(one in text for one in ("starting up", "shutting down", "in recovery"))
    return "forbidden" if "FATAL" in text and not away else "unreachable"


def _trouble(error: "psycopg.Error") -> str:
    """The code of an error of a query."""
    state = error.sqlstate or ""
    if state == "57014":
        return "timeout"
    if state == "42501":
        return "forbidden"
    if state == "55000":
        return "no_extension"
    return "unsupported" if state.startswith("42") else "unreachable"
