"""The schema goes forward, once, and a database that is ahead of its code is left alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from live_rig import folder_apart
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy.exc import DBAPIError

from live_event import migrate as module
from live_event.database import Database, running
from live_event.migrate import Unfit, main, migrate

pytestmark = pytest.mark.real

STEP = """from alembic import op

revision = "{name}"
down_revision = "0003"


def upgrade() -> None:
    op.execute("{statement}")
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """A server of its own."""
    with folder_apart() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        with running(folder) as started:
            yield started


@pytest.fixture
def url(database: Database, request: pytest.FixtureRequest) -> str:
    """A new database on it."""
    name = request.node.name
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(database.url, dbname=name)


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the steps of some other commit are: those of this one, in a folder that may be changed."""
    shutil.copytree(Path(module.__file__).parent / "migrations", tmp_path / "migrations")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "migrate.py"))
    return tmp_path / "migrations" / "versions"


def _write(code: Path, name: str, statement: str) -> Path:
    step = code / f"v{name}.py"
    step.write_text(STEP.format(name=name, statement=statement))
    return step


def _has(url: str, table: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
    assert row
    return bool(row[0])


def test_an_empty_database_gets_the_tables_and_a_second_run_changes_nothing(url: str) -> None:
    migrate(url)
    assert _has(url, "registrations")
    migrate(url)


def test_a_step_that_fails_leaves_nothing_of_itself(url: str, code: Path) -> None:
    migrate(url)
    _write(code, "0004", "CREATE TABLE added (id int); SELECT 1/0")
    with pytest.raises(DBAPIError, match="division by zero"):
        migrate(url)
    assert not _has(url, "added")


def test_the_code_before_a_step_can_be_deployed_again(url: str, code: Path) -> None:
    step = _write(code, "0004", "CREATE TABLE added (id int)")
    migrate(url)
    step.unlink()
    migrate(url)
    assert _has(url, "added")


def test_a_step_beside_one_that_this_code_lacks_is_refused(url: str, code: Path) -> None:
    step = _write(code, "0004", "CREATE TABLE added (id int)")
    migrate(url)
    step.unlink()
    _write(code, "0005", "CREATE TABLE other (id int)")
    with pytest.raises(Unfit, match="holds 0004, which this code lacks, and lacks 0005"):
        migrate(url)
    assert not _has(url, "other")


def test_the_command_says_in_one_line_why_it_failed(
    url: str, code: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIVE_EVENT_OWNER_URL", url)
    assert main() == 0
    _write(code, "0004", "CREATE TABLE added (id int)")
    assert main() == 0
    (code / "v0004.py").unlink()
    _write(code, "0005", "CREATE TABLE other (id int)")
    assert main() == 1
    told = capsys.readouterr().err
    assert told.startswith("migrate: the database holds 0004") and told.count("\n") == 1
