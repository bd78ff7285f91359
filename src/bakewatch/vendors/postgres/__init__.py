"""Source `postgres`: the load of a PostgreSQL database, from its own cumulative statistics."""

from bakewatch.vendors.postgres.source import KIND, PostgresSettings, PostgresSource, check

__all__ = ["KIND", "PostgresSettings", "PostgresSource", "check"]
