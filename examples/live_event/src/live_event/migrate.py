"""Brings the schema of a database to what this code needs: `python -m live_event.migrate`, before its servers start.

`LIVE_EVENT_OWNER_URL` names the database, as its owner. Steps only go forward, and each must suit the code before it,
which still serves while they run and again after a revert: add first, use next, remove in a later release. A database
that is ahead of the code, as after a revert, is left as it is.
"""

import os
import sys
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

WAIT = "5s"
"""So long a step may wait for a lock: what the servers ask meanwhile waits behind it."""
_ALONE = 7_305_512
"""The advisory lock that keeps two runs apart."""


_NOTES = (
    "CREATE TABLE IF NOT EXISTS applied_migrations"
    " (revision text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
)
"""Which steps were applied: Alembic itself only knows the last one."""


class Unfit(Exception):
    """The database lacks a step that this code needs, and cannot be given it."""


def migrate(url: str) -> None:
    """Apply what is missing to the database at *url*; `Unfit`, or SQLAlchemy's `DBAPIError` of the step that failed."""
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{WAIT}'"))
        connection.execute(text(f"SELECT pg_advisory_lock({_ALONE})"))
        connection.execute(text(_NOTES))
        connection.commit()
        config.attributes["connection"] = connection
        if not _ahead(connection, ScriptDirectory.from_config(config)):
            command.upgrade(config, "head")


def _ahead(connection: Connection, scripts: ScriptDirectory) -> bool:
    """Is the last step that was applied one that this code does not know?"""
    applied = set(connection.execute(text("SELECT revision FROM applied_migrations")).scalars())
    known = {one.revision for one in scripts.walk_revisions()}
    connection.commit()
    unknown, missing = sorted(applied - known), sorted(known - applied)
    if unknown and missing:
        raise Unfit(f"the database holds {', '.join(unknown)}, which this code lacks, and lacks {', '.join(missing)}")
    return bool(unknown)


def main() -> int:
    """Migrate; the exit code says whether it worked."""
    try:
        migrate(os.environ["LIVE_EVENT_OWNER_URL"])
    except (Unfit, CommandError, DBAPIError) as problem:
        print(f"migrate: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
