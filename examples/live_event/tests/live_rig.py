"""The live event, running: PostgreSQL, the application in a thread, the forwarded log, and people who use it."""

import asyncio
import json
import re
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg
import pytest
import uvicorn

from live_event.app import create_app
from live_event.database import SERVICE, Database, running
from live_event.forward import Forwarder
from live_event.logs import AUTH, EDGE, POSTGRES, STREAMS, Line

SECRET = "known only here, in these few tests"
PASSWORD = "a password of tests"
ADMIN = "admin@live-event.example"
T = TypeVar("T")
FIELDS = {"id", "timestamp", "source", "event_message", "severity_text", "log_attributes"}


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: str
    email: str
    access: str
    refresh: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.access}"}


@dataclass(frozen=True)
class Live:
    """The running service."""

    http: httpx.Client
    database: Database
    logs: Path

    def sign_up(self, tag: str = "") -> Person:
        """Somebody new."""
        credentials = {"email": f"{uuid.uuid4().hex}@live-event.example", "password": PASSWORD}
        return person(self.http.post("/auth/v1/signup", json=credentials, headers=marked(tag)))

    def sign_in(self, email: str) -> Person:
        """Somebody whom we know."""
        return person(self.token("password", email=email, password=PASSWORD))

    def token(self, grant_type: str, **body: str) -> httpx.Response:
        """Ask for tokens."""
        return self.http.post("/auth/v1/token", params={"grant_type": grant_type}, json=body)

    def new_event(self, *, hidden: bool = False, policy: str = "auto") -> str:
        """The id of an event that nobody knows yet."""
        event = uuid.uuid4().hex
        insert = "insert into events (id, title, hidden, policy) values (%s, 'New', %s, %s) returning id"
        self.rows(insert, event, hidden, policy)
        return event

    def rows(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """What the database answers its owner."""
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(sql.encode(), params).fetchall()

    def count(self, table: str, event: str) -> int:
        """How many rows of *table* an event has."""
        return int(self.rows(f"select count(*) from {table} where event_id = %s", event)[0][0])

    def lines(self, stream: str) -> list[Line]:
        """What a stream holds."""
        return read(self.logs / f"{stream}.ndjson")

    def edge(self, who: Person, path: str) -> list[tuple[str, str]]:
        """Method and status of the calls of *path* that *who* made, oldest first."""
        found = [one["log_attributes"] for one in self.lines(EDGE)]
        return [
            (one["request.method"], one["response.status_code"])
            for one in found
            if one.get("request.sb.auth_user") == who.id and one["request.path"] == path
        ]

    def auth(self, **attributes: str) -> list[dict[str, str]]:
        """The attributes of the auth lines that have those."""
        found: list[dict[str, str]] = [one["log_attributes"] for one in self.lines(AUTH)]
        return [one for one in found if attributes.items() <= one.items()]

    def forwarded(self, wanted: Callable[[Line], bool]) -> Line:
        """The line of postgres_logs that is *wanted*, once it has been forwarded."""
        return eventually(lambda: next(filter(wanted, self.lines(POSTGRES)), None))

    def server_log(self, state_code: str) -> list[dict[str, Any]]:
        """PostgreSQL's own entries of one SQLSTATE."""
        assert self.database.jsonlogs
        entries = read(self.database.jsonlogs / "postgres.json")
        return [one for one in entries if one.get("state_code") == state_code]


def person(answer: httpx.Response) -> Person:
    """Who has just signed in."""
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return Person(told["user"]["id"], told["user"]["email"], told["access_token"], told["refresh_token"])


def marked(tag: str) -> dict[str, str]:
    """The header by which a watcher says who it is."""
    return {"x-bakewatch": tag} if tag else {}


def read(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, which may not be there yet."""
    return [json.loads(one) for one in path.read_bytes().splitlines()] if path.exists() else []


def eventually(look: Callable[[], T | None], seconds: float = 10) -> T:
    """What *look* finds, at the latest after so many seconds."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
    return found


def assert_shape(record: Line) -> None:
    """A line is flat, its attributes are strings, and its time is UTC without saying so."""
    assert set(record) == FIELDS
    assert all(isinstance(value, str) for key, value in record.items() if key != "log_attributes")
    attributes = record["log_attributes"]
    assert isinstance(attributes, dict)
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in attributes.items())
    assert record["source"] in STREAMS
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}", record["timestamp"])
    assert str(uuid.UUID(record["id"])) == record["id"]


@contextmanager
def folder_apart() -> Iterator[Path]:
    """A folder for a database that other test runs leave alone.

    Run by root, PostgreSQL has a user of its own; every test run that starts shuts such users out of pytest's folders.
    """
    with tempfile.TemporaryDirectory(prefix="live-event-") as name:
        yield Path(name)


@contextmanager
def served() -> Iterator[Live]:
    """The service, on the embedded database."""
    with folder_apart() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        with running(folder) as database:
            database.prepare({ADMIN: (PASSWORD, "admin")})
            patch.setenv("LIVE_EVENT_DATABASE_URL", database.url_of(SERVICE))
            patch.setenv("LIVE_EVENT_LOGS", str(folder / "logs"))
            patch.setenv("LIVE_EVENT_SECRET", SECRET)
            assert database.jsonlogs
            forwarder = Forwarder(database.jsonlogs, folder / "logs")
            forwarder.start()
            with _answering() as address, httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
                yield Live(client, database, folder / "logs")
            forwarder.stop()


@contextmanager
def _answering() -> Iterator[str]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(), log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    eventually(lambda: server.started or None)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
