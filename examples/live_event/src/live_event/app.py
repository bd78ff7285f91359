"""The application: its routes, its settings from the environment, its start and its end."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from live_event import api, auth, client, tables
from live_event.context import Refusal, Service, reply, service
from live_event.logs import LogWriter
from live_event.rest import Pool, RestError, Row, run

_STARTED = datetime.now(UTC).isoformat()


async def version(request: Request) -> Response:
    """Which commit is served, by which deployment."""
    commit, deployment = os.environ.get("LIVE_EVENT_COMMIT", ""), os.environ.get("LIVE_EVENT_DEPLOYMENT", "")
    return reply({"commit": commit, "deployment": deployment, "started_at": _STARTED})


async def health(request: Request) -> Response:
    """Can it answer, database included?"""
    await run(service(request).pool, None, "SELECT 1", ())
    return reply({"status": "ok"})


async def _failed(request: Request, problem: Exception) -> Response:
    if not isinstance(problem, RestError | Refusal):
        raise problem
    return reply(problem.body, problem.status)


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    pool: Pool = AsyncConnectionPool(
        os.environ["LIVE_EVENT_DATABASE_URL"],
        connection_class=AsyncConnection[Row],
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "live_event"},
        min_size=2,
        max_size=8,
        timeout=5,
        open=False,
    )
    logs = LogWriter(Path(os.environ["LIVE_EVENT_LOGS"]))
    await pool.open(wait=True, timeout=10)
    distance = float(os.environ.get("LIVE_EVENT_DISTANCE", "0"))
    app.state.service = Service(pool, logs, os.environ["LIVE_EVENT_SECRET"], distance)
    try:
        yield
    finally:
        await pool.close()
        logs.close()


def create_app() -> Starlette:
    """The application."""
    event = "/api/events/{event}"
    routes = [
        Route("/", api.home),
        Route("/health", health),
        Route("/version", version),
        Route("/client.json", client.client),
        Route("/auth/v1/signup", auth.sign_up, methods=["POST"]),
        Route("/auth/v1/token", auth.token, methods=["POST"]),
        Route("/auth/v1/user", auth.user),
        Route("/auth/v1/logout", auth.logout, methods=["POST"]),
        Route("/auth/v1/{rest:path}", auth.nothing),
        Route("/rest/v1/{table}", tables.read_table),
        Route("/api/events", api.list_events),
        Route(f"{event}/live", api.live),
        Route(f"{event}/access/track", api.track, methods=["POST"]),
        Route(f"{event}/presence/ping", api.ping, methods=["POST"]),
        Route(f"{event}/chat", api.read_chat, methods=["GET"]),
        Route(f"{event}/chat", api.write_chat, methods=["POST"]),
        Route(f"{event}/questions", api.read_questions, methods=["GET"]),
        Route(f"{event}/questions", api.ask, methods=["POST"]),
        Route(f"{event}/replay", api.replay),
        Route(f"{event}/stats/access", api.access_stats),
        Route(f"{event}/registrations", api.register, methods=["POST"]),
        Route(f"{event}/registrations/me", api.leave, methods=["DELETE"]),
        Route("/api/admin/sweep", api.sweep, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=_lifespan, exception_handlers={RestError: _failed, Refusal: _failed})
