"""From `init` to a clean `doctor`, for an application on three vendors; and what a token lacks, by its exact name."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bakewatch.model.probe import Grade
from bakewatch.testing.supabase import TOKEN, Grant
from tests.contract import openapi_github
from tests.contract.loopback import serving
from tests.contract.openapi import FOLDER, document
from tests.contract.shop import Shop
from tests.contract.test_init import REF, bakewatch

pytestmark = pytest.mark.real
PERMISSIONS = frozenset({"projects_read", "analytics_logs_read", "database_read"})


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    one = Shop(tmp_path)
    for name, value in one.environ.items():
        monkeypatch.setenv(name, value)
    with one.vercel, one.github, one.supabase, serving(one.version) as production:
        one.platform.domains = {production.url.removeprefix("http://"): ""}
        one.platform.push(one.commit)
        one.platform.settle()
        assert one.init(production.url).returncode == 0
        one.point()
        yield one
    if FOLDER in os.environ:
        openapi_github.check(one.github.exchanges)
        for asked, reply in zip(one.supabase.asked, one.supabase.answered, strict=True):
            if asked.path.startswith("/v1/"):
                told = (asked.query, reply.status, reply.body, asked.body, dict(asked.headers))
                document("supabase").check(asked.method, asked.path, *told)


def test_the_plan_that_init_writes_passes_check_and_doctor(shop: Shop) -> None:
    shop.history(timedelta(minutes=1))
    checked = bakewatch(shop.team.clone, "check", "--offline", **shop.environ)
    assert (checked.returncode, checked.stderr) == (0, "")
    started = datetime.now(UTC)
    found = shop.examine()
    assert datetime.now(UTC) - started < timedelta(seconds=60)
    assert {name: one.what for name, one in found.items() if one.in_the_way} == {}
    words = {name: one.what for name, one in found.items() if one.grade is Grade.OK}
    assert words["sources.supabase logs"] == "readable"
    assert words["sources.supabase project"] == f"{REF} is there, and healthy"
    assert words["canaries[0] read-only SQL"] == "may run read-only SQL"
    for stream in ("edge_logs", "auth_logs", "postgres_logs"):
        assert words[f"canaries {stream}"].startswith("sent, and seen to come back within ")
    assert words["checks api-server-errors"].startswith("0 of ")
    assert found["repository plan"].what == "bakewatch.toml is not on main yet"
    assert len([one for one in shop.supabase.asked if one.path.endswith("/logs")]) <= 10


@pytest.mark.parametrize(
    ("lacks", "line"),
    [
        ("projects_read", "sources.supabase project"),
        ("analytics_logs_read", "sources.supabase logs"),
        ("database_read", "canaries[0] read-only SQL"),
    ],
)
def test_a_permission_that_the_access_token_was_not_given_is_named(shop: Shop, lacks: str, line: str) -> None:
    shop.supabase.tokens[TOKEN] = Grant(PERMISSIONS - {lacks})
    one = shop.examine(canaries=False)[line]
    assert (one.grade, one.what, one.in_the_way) == (Grade.MISSING, "forbidden", True)
    assert one.right.startswith("SUPABASE_ACCESS_TOKEN: ") and lacks in one.right and REF in one.right


def test_a_key_of_another_project_keeps_the_canary_from_being_sent(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_other")
    found = shop.examine()
    assert found["canaries[0] edge_logs"].what == "not sent: unauthorized"
    assert found["canaries postgres_logs"].grade is Grade.OK
    assert found["canaries auth_logs"].in_the_way
