"""A small application on the loopback, and journeys written for it and walked."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bakewatch.model.journey import JourneyRun
from bakewatch.model.plan import Journey, Persona
from bakewatch.vendors.journeys.runner import PytestJourneys, PytestSettings

NOW = datetime(2026, 2, 7, 2, 46, 18, tzinfo=UTC)
TAG = "bw-a8719e7a02f8-1"


class Application:
    """A tiny application that remembers what it was asked, and by whom."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str]] = []
        self.elsewhere = ""
        self.served = threading.Event()
        routes = [
            Route("/ok", self._ok, methods=["GET", "POST", "DELETE"]),
            Route("/sweep", self._ok, methods=["POST"]),
            Route("/column", self._column),
            Route("/hostile", self._hostile),
            Route("/hang", self._hang),
            Route("/home", self._home),
            Route("/away", self._away),
        ]
        self.app = Starlette(routes=routes)

    def _note(self, request: Request) -> None:
        self.seen.append((request.method, request.url.path, request.headers.get("x-bakewatch", "")))

    async def _ok(self, request: Request) -> Response:
        self._note(request)
        return JSONResponse({"hello": "there"})

    async def _column(self, request: Request) -> Response:
        message = "column registrations.id does not exist"
        return JSONResponse({"code": "42703", "message": message, "email": "kim@example.com"}, 400)

    async def _hostile(self, request: Request) -> Response:
        evil = "\x1b[31m\x00\u202e" + "kim@example.com " * 70_000
        body = json.dumps({"code": evil, "message": "\ud800"}).encode() + b"\xff\xfe"
        return Response(body, 500, media_type="application/json")

    def _hang(self, request: Request) -> Response:
        self._note(request)
        self.served.wait(20)
        return Response("late")

    async def _home(self, request: Request) -> Response:
        return RedirectResponse("/ok")

    async def _away(self, request: Request) -> Response:
        return RedirectResponse(self.elsewhere)


@contextmanager
def serving(app: Application) -> Iterator[str]:
    """Serve *app* at the address until the block ends."""
    # asyncio turns Nagle's algorithm off only where the protocol is named.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app.app, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    app.served.set()
    server.should_exit = True
    thread.join(10)


class Walks:
    """Writes a journey and walks it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "journeys").mkdir(parents=True)
        self.environ = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "ghp_planted", "VERCEL_TOKEN": "planted"}
        self.settings = PytestSettings()
        self.personas = {"member": Persona(), "admin": Persona(email="a@example.com", password_env="ADMIN_PASSWORD")}

    def write(self, body: str, name: str = "walk.py") -> None:
        (self.root / "journeys" / name).write_text(body)

    def runner(self) -> PytestJourneys:
        return PytestJourneys(self.root, self.settings, self.personas, self.environ, lambda: NOW)

    def walk(self, body: str, address: str, *, persona: str = "member", timeout: str = "30s") -> JourneyRun:
        self.write(body)
        journey = Journey(name="walk", persona=persona, file="journeys/walk.py", timeout=timeout)
        return self.runner().walk(journey, self.personas[persona], address, TAG)


def alive(pid: int) -> bool:
    """Does the process *pid* still run?"""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().split()[2] != "Z"
