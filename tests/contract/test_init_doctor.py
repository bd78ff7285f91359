"""From `init` to a clean `doctor`, for an application on three vendors; and what a token lacks, by its exact name."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bakewatch.app.doctor import examine, surgery
from bakewatch.config import load
from bakewatch.model.probe import Finding, Grade
from bakewatch.testing.github import GitHub
from bakewatch.testing.supabase import TOKEN, Grant, StandIn, lines
from bakewatch.testing.vercel import Platform, Times
from bakewatch.testing.vercel import StandIn as Vercel
from tests.contract.loopback import Asked, serving
from tests.contract.remotes import Team
from tests.contract.test_init import REF, WEB, bakewatch

pytestmark = pytest.mark.real
PERMISSIONS = frozenset({"projects_read", "analytics_logs_read", "database_read"})


class Shop:
    """A Next.js application with everything that `init` looks for, and the stand-ins that it is pointed at."""

    def __init__(self, folder: Path) -> None:
        self.team = Team(folder).start()
        self.team.git("rm", "-q", "bakewatch.toml")
        self.commit = self.team.commit("the shop", dict(WEB))
        self.team.push()
        self.platform = Platform(lambda: datetime.now(UTC), Times(0, 0, 0, 0, 0))
        self.vercel, self.supabase = Vercel(self.platform), StandIn()
        self.github = GitHub(self.team.remote, "acme/shop")
        self.github.admit("ghp_0123456789", "bakewatch", "write")
        self.environ = {
            "GITHUB_TOKEN": "ghp_0123456789",
            "VERCEL_TOKEN": "tokenlive",
            "SUPABASE_ACCESS_TOKEN": TOKEN,
            "SUPABASE_PUBLISHABLE_KEY": self.supabase.project.publishable,
        }
        self.config = self.team.clone / "bakewatch.toml"
        self.data = folder / "data"

    def version(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, f'{{"commit": "{self.commit}"}}'.encode()

    def traffic(self, per_minute: int = 20) -> None:
        """Four hours of data calls by people who are signed in."""
        now = datetime.now(UTC)
        for minute in range(240):
            at = now - timedelta(minutes=minute)
            rows = [lines.edge(at, f"{REF}.supabase.co", "GET", "/rest/v1/todos", 200, {}) for _ in range(per_minute)]
            for index, row in enumerate(rows):
                row["log_attributes"]["request.sb.auth_user"] = f"user-{index}"
            self.supabase.logs.write(*rows)

    def write_plan(self, production: str) -> None:
        """What `init` writes, pointed at loopback."""
        self.team.git("remote", "set-url", "origin", "https://github.com/acme/shop.git")
        done = bakewatch(self.team.clone, "init", "--address", production)
        assert done.returncode == 0, done.stderr
        text = self.config.read_text()
        for old, new in (
            ('remote = "https://github.com/acme/shop.git"', f'remote = "{self.team.remote}"\nname = "acme/shop"'),
            ('kind = "vercel"', f'kind = "vercel"\napi = "{self.vercel.url}"'),
            ('kind = "github"', f'kind = "github"\napi = "{self.github.url}"'),
            ('kind = "supabase"', f'kind = "supabase"\napi = "{self.supabase.url}"'),
            (
                'key_env = "SUPABASE_PUBLISHABLE_KEY"',
                f'key_env = "SUPABASE_PUBLISHABLE_KEY"\nurl = "{self.supabase.url}"',
            ),
        ):
            assert old in text
            text = text.replace(old, new)
        self.config.write_text(text)

    def examine(self, **more: object) -> dict[str, Finding]:
        settings, plan = load(self.config)
        found = examine(surgery(settings, plan, self.data, self.config, **more))
        return {f"{one.about} {one.name}": one for one in found}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    one = Shop(tmp_path)
    for name, value in one.environ.items():
        monkeypatch.setenv(name, value)
    with one.vercel, one.github, one.supabase, serving(one.version) as production:
        one.platform.domains = {production.url.removeprefix("http://"): ""}
        one.platform.push(one.commit)
        one.platform.settle()
        one.write_plan(production.url)
        yield one


def test_the_plan_that_init_writes_passes_check_and_doctor(shop: Shop) -> None:
    shop.traffic()
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
