"""What `doctor` asks about a project, with the permission of an access token that each takes."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bakewatch.api import Api
from bakewatch.errors import PortError, SourceError
from bakewatch.model.observation import Question, Window
from bakewatch.model.probe import Found, Probe, missing, ok, unknown
from bakewatch.ports import Context, Counter, Source
from bakewatch.vendors.supabase.project import ProjectSettings

LOGS = "analytics_logs_read (OAuth: analytics:read)"
SQL = "database_read (OAuth: database:read)"
PROJECT = "projects_read"
_GRANTED = ("unauthorized", "forbidden", "not_found", "payment_required")
"""Gaps that pass when something is granted or paid, and not by themselves."""


def grant(token: str, project: str, scope: str) -> str:
    """What a token must be allowed."""
    return f"{token}: an access token for the project {project} with {scope}"


def logs(settings: ProjectSettings, source: Source, context: Context) -> list[Probe]:
    """The project itself, and one small question about its logs."""
    return [
        Probe("project", lambda: _project(settings, context), grant(settings.token_env, settings.project, PROJECT)),
        Probe("logs", lambda: _answered(source, _ANY, context, grant(settings.token_env, settings.project, LOGS))),
    ]


def metrics(source: Source, right: str, context: Context) -> list[Probe]:
    """One scrape."""
    return [Probe("metrics", lambda: _answered(source, _LOAD, context, right))]


def read_only(settings: ProjectSettings, count: Callable[[], object]) -> Probe:
    """Read-only SQL, by what *count* does."""

    def ask() -> Found:
        count()
        return ok("may run read-only SQL")

    return Probe("read-only SQL", ask, grant(settings.token_env, settings.project, SQL))


def counting(counter: Counter) -> Callable[[], object]:
    """The smallest count."""
    return lambda: counter.count("select 1")


def selecting(api: Api, project: str) -> Callable[[], object]:
    """The smallest query, which changes and shows nothing."""
    path = f"/v1/projects/{project}/database/query/read-only"
    return lambda: api.send("POST", path, {"query": "select 1 as one"})


_ANY = Question(name="doctor", stream="edge_logs", where="event_message != ''")
_LOAD = Question(name="doctor", stream="load", where="transactions")


def _project(settings: ProjectSettings, context: Context) -> Found:
    token = context.secret(settings.token_env)
    api = Api(settings.api, token=token, error=SourceError, clock=context.clock)
    told: Any = api.get(f"/v1/projects/{settings.project}").body
    status = told.get("status") if isinstance(told, dict) else None
    if status != "ACTIVE_HEALTHY":
        word = status if isinstance(status, str) and re.fullmatch(r"[A-Z_]{1,40}", status) else "malformed"
        return unknown(f"{settings.project}: {word}", needed=False)
    return ok(f"{settings.project} is there, and healthy")


def _answered(source: Source, question: Question, context: Context, right: str) -> Found:
    now = context.clock()
    window = Window(now - timedelta(minutes=5), now)
    try:
        (answer,) = source.observe([question], window, window.length)
    except PortError as error:
        return missing(error.code, right)
    if answer.gap in _GRANTED:
        return missing(answer.gap, right)
    if answer.gap and answer.gap != "no_samples":
        return unknown(answer.gap, "try again")
    return ok("readable")
