"""The application: its routes, its settings from the environment, its start and its end."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.staticfiles import StaticFiles
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from live_event import api, auth, client, errors, shapes, sockets, tables
from live_event.context import Service, service
from live_event.logs import LogWriter
from live_event.pages import routes
from live_event.realtime import Hub
from live_event.rest import Pool, Row, run

_STARTED = datetime.now(UTC).isoformat()
_ABOUT = APIRouter()


@_ABOUT.get("/version", response_model=shapes.Version)
async def version() -> Row:
    """Which commit is served, by which deployment."""
    commit, deployment = os.environ.get("LIVE_EVENT_COMMIT", ""), os.environ.get("LIVE_EVENT_DEPLOYMENT", "")
    return {"commit": commit, "deployment": deployment, "started_at": _STARTED}


@_ABOUT.get("/health", response_model=shapes.Health)
async def health(request: Request) -> Row:
    """Can it answer, database included?"""
    await run(service(request).pool, None, "SELECT 1", ())
    return {"status": "ok"}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    url = os.environ["LIVE_EVENT_DATABASE_URL"]
    pool: Pool = AsyncConnectionPool(
        url,
        connection_class=AsyncConnection[Row],
        kwargs={"autocommit": True, "row_factory": dict_row, "application_name": "live_event"},
        min_size=2,
        max_size=8,
        timeout=5,
        open=False,
        check=AsyncConnectionPool.check_connection,
    )
    logs = LogWriter(Path(os.environ["LIVE_EVENT_LOGS"]))
    hub = Hub(url)
    await pool.open(wait=True, timeout=10)
    distance = float(os.environ.get("LIVE_EVENT_DISTANCE", "0"))
    app.state.service = Service(pool, logs, os.environ["LIVE_EVENT_SECRET"], hub, distance)
    following = asyncio.create_task(hub.work())
    try:
        yield
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
        await pool.close()
        logs.close()


def create_app() -> FastAPI:
    """The application."""
    app = FastAPI(title="Live event", version="1", lifespan=_lifespan, docs_url=None, redoc_url=None)
    errors.handle(app)
    for part in (api, sockets, client, tables, auth, routes):
        app.include_router(part.router)
    app.include_router(_ABOUT)
    app.mount("/static", StaticFiles(directory=routes.STATIC), name="static")
    return app
