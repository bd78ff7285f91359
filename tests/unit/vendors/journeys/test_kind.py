"""How the walker is built from its table."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bakewatch.errors import ConfigError
from bakewatch.model.plan import Persona, Plan, Service
from bakewatch.ports import Context, Remote
from bakewatch.vendors.journeys.runner import KIND, PytestJourneys

PLAN = Plan(service=Service(name="live"), personas={"admin": Persona(password_env="ADMIN_PASSWORD")})
TABLE: dict[str, object] = {
    "db_env": "READER_URL",
    "sweep": {"file": "sweep.py", "persona": "admin", "address": "http://127.0.0.1"},
}
NOW = datetime(2026, 2, 7, tzinfo=UTC)
ENVIRON = {"READER_URL": "postgresql://", "ADMIN_PASSWORD": "secret"}


def build(table: dict[str, object], environ: dict[str, str]) -> PytestJourneys:
    remote = Remote(url="x", branch="main")
    context = Context(data=Path("/nowhere"), environ=environ, clock=lambda: NOW, remote=remote, plan=PLAN)
    journeys: PytestJourneys = KIND.build(msgspec.convert(table, KIND.settings), context)
    return journeys


def test_a_complete_table_builds_a_walker() -> None:
    assert isinstance(build(TABLE, ENVIRON), PytestJourneys)
    assert isinstance(build({}, ENVIRON), PytestJourneys)


def test_a_missing_variable_is_named_before_anything_starts() -> None:
    with pytest.raises(ConfigError, match="READER_URL"):
        build(TABLE, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"persona": "nobody"}, "one of: admin"),
        ({"address": "http://live.example"}, "https, or plain http to loopback"),
    ],
)
def test_a_sweep_by_nobody_or_in_the_open_is_refused(change: dict[str, str], message: str) -> None:
    sweep = {"file": "sweep.py", "persona": "admin", "address": "http://127.0.0.1"} | change
    with pytest.raises(ConfigError, match=message):
        build({"db_env": "READER_URL", "sweep": sweep}, ENVIRON)
