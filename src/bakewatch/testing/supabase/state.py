"""What the stand-in's endpoints have in common: one project, its clock and who may ask."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bakewatch.testing.supabase.wire import Asked, Endpoint, Refusal, Reply

TOKEN = f"sbp_{'0' * 40}"
"""An access token in the vendor's form."""


@dataclass
class Grant:
    """What an access token may do."""

    permissions: frozenset[str] | None = None
    """Such as `analytics_logs_read`; None: everything."""
    until: datetime | None = None
    """From then on the token is none."""


@dataclass
class Project:
    """One project. Change the fields to set a scene."""

    clock: Callable[[], datetime]
    ref: str = "abcdefghijklmnopqrst"
    name: str = "live"
    publishable: str = "sb_publishable_live"
    """The key that a browser has."""
    secret: str = "sb_secret_live"
    skew: timedelta = timedelta()
    """By how much the clock that the platform's answers carry is fast."""

    def endpoints(self) -> dict[str, Endpoint]:
        """The project itself."""
        return {"GET /v1/projects/{}": Endpoint(self._told, "projects_read")}

    def admit(self, grant: Grant | None, endpoint: Endpoint, parts: list[str]) -> None:
        """`Refusal` unless whoever has *grant* may ask *endpoint*."""
        if grant is None or (grant.until is not None and self.clock() >= grant.until):
            raise Refusal(401, "Unauthorized")
        allowed = grant.permissions is None or endpoint.permission in grant.permissions
        if not allowed or parts[0] != self.ref:
            raise Refusal(403, "Your account does not have the necessary privileges to access this endpoint.")

    def _told(self, asked: Asked, parts: list[str]) -> Reply:
        host = f"db.{self.ref}.supabase.co"
        database = {"host": host, "version": "17.6.1.008", "postgres_engine": "17", "release_channel": "ga"}
        return Reply(
            200,
            {
                "id": self.ref,
                "ref": self.ref,
                "organization_id": "live",
                "organization_slug": "live",
                "name": self.name,
                "region": "ap-northeast-2",
                "created_at": "2026-01-01T00:00:00.000Z",
                "status": "ACTIVE_HEALTHY",
                "database": database,
            },
        )
