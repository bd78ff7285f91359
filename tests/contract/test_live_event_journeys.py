"""The example's journeys, walked through the example itself, on PostgreSQL: healthy, and with its known fault."""

import asyncio
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import psycopg
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from msgspec import structs

from bakewatch.config import load
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.plan import Plan
from bakewatch.vendors.journeys.runner import PytestJourneys, PytestSettings
from live_event import data
from live_event.app import create_app
from live_event.database import HIDDEN_EVENT, READER, SERVICE, running
from live_event.pages import routes
from live_event.stack import browser, without_browser
from live_event.team import change

EXAMPLE = Path(__file__).parents[2] / "examples" / "live_event"
TAG = "bw-a8719e7a02f8-1"

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Live:
    """The running service."""

    address: str
    database: str
    settings: PytestSettings
    plan: Plan
    app: FastAPI

    def runner(self) -> PytestJourneys:
        environ = {"PATH": os.environ["PATH"], self.settings.db_env: self.database}
        environ |= {
            one.password_env: f"{name} password" for name, one in self.plan.personas.items() if one.password_env
        }
        return PytestJourneys(EXAMPLE, self.settings, self.plan.personas, environ)

    def walk(self, name: str) -> JourneyRun:
        journey = next(one for one in self.plan.journeys if one.name == name)
        return self.runner().walk(journey, self.plan.personas[journey.persona], self.address, TAG)

    def rows(self, table: str) -> int:
        with psycopg.connect(self.database) as connection:
            found = connection.execute(f"select count(*) from {table}".encode()).fetchone()
        return int(found[0]) if found else -1


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not in pytest's own folder, which every other run closes to other users, the database's too."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def live(folder: Path) -> Iterator[Live]:
    where, plan = load(EXAMPLE / "bakewatch.toml")
    settings = msgspec.convert({key: value for key, value in where.walker.items() if key != "kind"}, PytestSettings)
    assert settings.sweep is not None and settings.test_event == HIDDEN_EVENT
    with running(folder) as database, pytest.MonkeyPatch.context() as patch:
        database.prepare(
            {
                one.email: (f"{name} password", "admin" if name == "admin" else "member")
                for name, one in plan.personas.items()
                if one.password_env
            }
        )
        patch.setenv("LIVE_EVENT_DATABASE_URL", database.url_of(SERVICE))
        patch.setenv("LIVE_EVENT_LOGS", str(folder / "logs"))
        patch.setenv("LIVE_EVENT_SECRET", "known only here, in these few tests")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        app = create_app()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = structs.replace(settings, sweep=structs.replace(settings.sweep, address=address))
        yield Live(address, database.url_of(READER), settings, plan, app)
        server.should_exit = True
        thread.join(10)


WALKED_BY_API = ("registrant", "admin", "visitor")
JOURNEYS = WALKED_BY_API + (("browser",) if browser() else ())


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_healthy_service_lets_every_journey_pass_again_and_again(live: Live, name: str) -> None:
    for _ in range(2):
        run = live.walk(name)
        assert (run.walked, run.failed_step, run.problem, run.swept) == (Walked.PASSED, "", "", True)


def test_walks_at_the_same_time_do_not_meet(live: Live) -> None:
    with ThreadPoolExecutor(6) as pool:
        runs = list(pool.map(live.walk, WALKED_BY_API * 2))
    assert [run.walked for run in runs] == [Walked.PASSED] * 6, [run.failed_step for run in runs]


def test_the_observed_behaviour_is_the_declared_policy(live: Live) -> None:
    for policy in live.plan.policies:
        facts = live.walk(policy.journey).facts
        assert {name: facts[name] for name in policy.expects} == policy.expects


def test_a_sweep_removes_what_walks_left_and_nothing_else(live: Live) -> None:
    for name in JOURNEYS:
        live.walk(name)
    assert live.rows("chat_messages") > 0
    users = sum(1 for one in live.plan.personas.values() if one.password_env)
    live.runner().sweep(TAG)
    tables = ("chat_messages", "questions", "access_log", "presence", "registrations", "users")
    assert {table: live.rows(table) for table in tables} == dict.fromkeys(tables, 0) | {"users": users}


@pytest.fixture
def faulty(live: Live, monkeypatch: pytest.MonkeyPatch) -> Live:
    """The service with the release that asks for a column that does not exist."""
    assert data.__file__
    text = Path(data.__file__).read_text()
    for edit in change("registrations_id").edits:
        assert edit.find in text
        text = text.replace(edit.find, edit.replace)
    released = ModuleType("released")
    exec(text, released.__dict__)
    monkeypatch.setattr(data, "registration", released.registration)
    return live


def test_without_a_browser_the_plan_is_whole_without_its_journey(tmp_path: Path) -> None:
    whole = (EXAMPLE / "bakewatch.toml").read_text()
    (tmp_path / "bakewatch.toml").write_text(without_browser(whole))
    _, plan = load(tmp_path / "bakewatch.toml")
    assert tuple(one.name for one in plan.journeys) == WALKED_BY_API
    assert "browser" not in str(plan)


@pytest.mark.parametrize("name", WALKED_BY_API)
def test_a_query_for_a_missing_column_fails_every_journey(faulty: Live, name: str) -> None:
    run = faulty.walk(name)
    assert (run.walked, run.problem, run.swept) == (Walked.FAILED, "", True)
    assert run.failed_step
    assert (run.steps[-1].status, run.steps[-1].code) == (400, "42703")


@pytest.mark.parametrize("name", WALKED_BY_API)
def test_a_service_that_breaks_down_fails_every_journey(live: Live, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    async def breaks_down(*_: Any) -> bool:
        raise RuntimeError

    monkeypatch.setattr(data, "register", breaks_down)
    run = live.walk(name)
    assert (run.walked, run.steps[-1].status) == (Walked.FAILED, 500)


@pytest.mark.skipif(not browser(), reason="no browser is installed")
def test_a_page_whose_script_breaks_fails_the_journey_of_the_browser(
    live: Live, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "static"
    shutil.copytree(routes.STATIC, broken)
    (broken / "live.js").write_text("throw new Error();")
    mounted = next(one for one in live.app.routes if getattr(one, "name", "") == "static")
    monkeypatch.setattr(mounted, "app", StaticFiles(directory=broken))
    run = live.walk("browser")
    assert (run.walked, run.problem, run.swept) == (Walked.FAILED, "", True)
    assert live.walk("registrant").walked is Walked.PASSED


@pytest.mark.parametrize("name", ["registrant", *JOURNEYS[3:]])
def test_a_socket_that_lets_nobody_in_fails_the_journeys_that_listen(
    live: Live, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("live_event.sockets.visitor_of", lambda *_: None)
    run = live.walk(name)
    assert (run.walked, run.problem, run.swept) == (Walked.FAILED, "", True)
