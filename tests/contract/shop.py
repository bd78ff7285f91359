"""A Next.js shop on three vendors: a repository with everything that `init` looks for, and stand-ins to point it at."""

import itertools
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bakewatch.app.doctor import examine, surgery
from bakewatch.config import load
from bakewatch.model.probe import Finding
from bakewatch.testing.github import GitHub
from bakewatch.testing.supabase import TOKEN, StandIn, lines
from bakewatch.testing.vercel import Platform, Times
from bakewatch.testing.vercel import StandIn as Vercel
from tests.contract.loopback import Asked
from tests.contract.remotes import Team
from tests.contract.test_init import REF, WEB, bakewatch


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
        self._people = itertools.cycle(range(40))
        self.config = self.team.clone / "bakewatch.toml"
        self.data = folder / "data"

    def version(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, f'{{"commit": "{self.commit}"}}'.encode()

    def calls(self, at: datetime, count: int = 1) -> None:
        """Data calls of people who are signed in, one after another."""
        rows = [lines.edge(at, f"{REF}.supabase.co", "GET", "/rest/v1/todos", 200, {}) for _ in range(count)]
        for row in rows:
            row["log_attributes"]["request.sb.auth_user"] = f"user-{next(self._people)}"
        self.supabase.logs.write(*rows)

    def history(self, every: timedelta, count: int = 20) -> None:
        """Calls at 240 moments of the past."""
        now = datetime.now(UTC)
        for moment in range(240):
            self.calls(now - moment * every, count)

    def init(self, production: str) -> subprocess.CompletedProcess[str]:
        """Run it where the remote is one at GitHub, as it is for a real shop."""
        self.team.git("remote", "set-url", "origin", "https://github.com/acme/shop.git")
        try:
            return bakewatch(self.team.clone, "init", "--address", production)
        finally:
            self.team.git("remote", "set-url", "origin", str(self.team.remote))

    def point(self) -> None:
        """Let the plan mean the stand-ins."""
        text = self.config.read_text()
        key = 'key_env = "SUPABASE_PUBLISHABLE_KEY"'
        for old, new in (
            ('remote = "https://github.com/acme/shop.git"', f'remote = "{self.team.remote}"\nname = "acme/shop"'),
            ('kind = "vercel"', f'kind = "vercel"\napi = "{self.vercel.url}"'),
            ('kind = "github"', f'kind = "github"\napi = "{self.github.url}"'),
            ('kind = "supabase"', f'kind = "supabase"\napi = "{self.supabase.url}"'),
            (key, f'{key}\nurl = "{self.supabase.url}"'),
        ):
            assert old in text
            text = text.replace(old, new)
        self.config.write_text(text)

    def examine(self, **more: object) -> dict[str, Finding]:
        settings, plan = load(self.config)
        found = examine(surgery(settings, plan, self.data, self.config, **more))
        return {f"{one.about} {one.name}": one for one in found}
