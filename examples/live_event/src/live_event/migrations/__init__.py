"""The schema of the database, step by step: `versions/`, applied by Alembic (`live_event.migrate`)."""
