"""What Alembic runs: every step in a transaction of its own, noted in `applied_migrations` as well.

Alembic itself only knows the last step. A revert takes the file of a step away and leaves the step where it is: whether
a database that is ahead of its code holds everything that the code needs is told by the notes.
"""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, text


def _note(ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]) -> None:
    note = "INSERT INTO applied_migrations (revision) VALUES (:revision) ON CONFLICT DO NOTHING"
    connection.execute(text(note), {"revision": step.up_revision_id})


connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True, on_version_apply=_note)
with context.begin_transaction():
    context.run_migrations()
