"""Who may enter an event: whoever is signed in (`auto`), or only who has registered before (`closed`)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Events so far let everybody in; the code before does not ask."""
    op.execute(
        "ALTER TABLE events ADD COLUMN policy text NOT NULL DEFAULT 'auto'"
        " CONSTRAINT events_policy CHECK (policy IN ('auto', 'closed'))"
    )
