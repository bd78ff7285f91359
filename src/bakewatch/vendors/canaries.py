"""Canaries: harmless tagged lines that must come out of a source again."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bakewatch.address import require_safe
from bakewatch.model.observation import CanarySent, checked_tag
from bakewatch.model.plan import Name
from bakewatch.ports import Context, Kind

TIMEOUT = 10.0
"""Seconds of the clock for one canary."""


class HttpCanarySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of `[[canaries]]` with `kind = "http"`: a tagged harmless request."""

    stream: Name
    url: str
    method: Literal["GET", "HEAD", "POST"] = "GET"
    header: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+$")] = "x-bakewatch"


class PostgresCanarySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of `[[canaries]]` with `kind = "postgres"`: a tagged line in the server's log."""

    stream: Name
    url_env: str


class HttpCanary:
    """`ports.Canaries` for one stream: any HTTP answer means that the request was sent, and must be logged."""

    def __init__(self, settings: HttpCanarySettings, clock: Callable[[], datetime]) -> None:
        require_safe(settings.url)
        self._settings, self._clock = settings, clock

    def send(self, tag: str) -> list[CanarySent]:
        """Make the request, marked with *tag*."""
        import httpx

        at, settings = self._clock(), self._settings
        try:
            httpx.request(
                settings.method,
                settings.url,
                headers={settings.header: checked_tag(tag), "user-agent": "bakewatch"},
                timeout=TIMEOUT,
                follow_redirects=False,
                trust_env=False,
            )
        except httpx.HTTPError:
            return [CanarySent(stream=settings.stream, at=at, problem="unreachable")]
        return [CanarySent(stream=settings.stream, at=at)]


class PostgresCanary:
    """`ports.Canaries` for the server's log of a PostgreSQL database."""

    def __init__(self, settings: PostgresCanarySettings, url: str, clock: Callable[[], datetime]) -> None:
        self._settings, self._url, self._clock = settings, url, clock

    def send(self, tag: str) -> list[CanarySent]:
        """Have the server write a line, marked with *tag*."""
        import psycopg

        at, name = self._clock(), f"bakewatch/{checked_tag(tag)}"
        try:
            with psycopg.connect(
                self._url, autocommit=True, connect_timeout=int(TIMEOUT), application_name=name
            ) as connection:
                connection.execute(f"DO $$BEGIN RAISE LOG 'bakewatch canary {tag}'; END$$")
        except psycopg.Error:
            return [CanarySent(stream=self._settings.stream, at=at, problem="unreachable")]
        return [CanarySent(stream=self._settings.stream, at=at)]


def _build_http(settings: HttpCanarySettings, context: Context) -> HttpCanary:
    return HttpCanary(settings, context.clock)


def _build_postgres(settings: PostgresCanarySettings, context: Context) -> PostgresCanary:
    return PostgresCanary(settings, context.secret(settings.url_env), context.clock)


HTTP = Kind(settings=HttpCanarySettings, build=_build_http)
POSTGRES = Kind(settings=PostgresCanarySettings, build=_build_postgres)
