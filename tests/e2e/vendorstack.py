"""The small production on the vendors' stand-ins: merged at a GitHub, built and served by a Vercel, three domains."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec

from bakewatch.model.report import Report
from bakewatch.testing.github import GitHub
from bakewatch.testing.vercel import Platform, StandIn, Times
from tests.e2e.ministack import Stack, _handler

BAKEWATCH = Path(sys.executable).with_name("bakewatch")
VERCEL_TOKEN, GITHUB_TOKEN = "vercelsecret0123456789", "ghp_githubsecret0123456789"
NAME = "team/mini"
SERVICES = """
[hosting]
kind = "vercel"
project = "live"
team = "team_live"
api = "{vercel}"

[forge]
kind = "github"
api = "{github}"
publish = ["comment", "status", "check"]
"""


class VendorStack(Stack):
    """A running production. Not for use but through `on_vendors`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.answer_within = settings.pop("answer_within", "2m")
        self._domains: dict[int, str] = {}
        self.orders: dict[str, Any] = {}
        """What becomes of the next deployment."""
        times = Times(queued=0.2, building=1.5, assigning=0.3, pending=0.5, moving=1.0)
        self.vercel = StandIn(Platform(_now, times), token=VERCEL_TOKEN)
        self.platform = self.vercel.platform
        self.others: list[ThreadingHTTPServer] = []
        super().__init__(folder, **settings)
        self.others = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)) for _ in range(2)]
        for server in (self.server, *self.others):
            host, port = server.server_address[:2]
            self._domains[int(port)] = f"{host!s}:{port}"
        self.platform.domains = dict.fromkeys(self._domains.values(), "")
        self.github = GitHub(self.remote, NAME)
        self.github.admit(GITHUB_TOKEN, "bakewatch", "write")
        self.github.state.roles |= {"maintainer": "maintain"}
        # Both addresses are known only now.
        plan = self.config.read_text()
        services = SERVICES.format(vercel=self.vercel.url, github=self.github.url)
        addresses = ", ".join(f'"http://{one}"' for one in self._domains.values())
        plan = plan.replace(f'addresses = ["http://127.0.0.1:{self.port}"]', f"addresses = [{addresses}]")
        plan = plan.replace("[repository]\n", f'[repository]\nname = "{NAME}"\n') + services
        plan = plan.replace('name = "mini"', 'name = "mini"\nlanguage = "ko"')
        plan = plan.replace('answer_within = "20m"', f'answer_within = "{self.answer_within}"')
        self.commit("the vendors", {"bakewatch.toml": plan})
        self.git("push", "-q", "origin", "main")
        self._pushed = ""

    def start(self) -> None:
        """Serve the first deployment."""
        for server in self.others:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()
        self.until_served(self.git("rev-parse", "HEAD"))

    def until_served(self, commit: str, patience: float = 30.0) -> None:
        """Wait until production serves *commit*."""
        due = time.monotonic() + patience
        while self.served()[0] != commit:
            assert time.monotonic() < due, "production never served it"
            time.sleep(0.1)

    def _watch(self) -> None:
        """Tell the platform of everything that comes to main."""
        while not self._stop.wait(0.1):
            with suppress(OSError):
                tip = (self.remote / "refs" / "heads" / "main").read_text().strip()
                if tip != self._pushed:
                    self._pushed = tip
                    orders, self.orders = self.orders, {}
                    self.platform.push(tip, **orders)

    def served(self) -> tuple[str, bool]:
        commit = self.serving(self.port)
        return commit, bool(commit) and self.broken(commit)

    def serving(self, port: int) -> str:
        domain = self._domains.get(port)
        return self.platform.serves(domain) if domain else ""

    def live(self, tag: str = "", commit: str = "") -> int:
        return super().live(tag, commit) if commit or self.served()[0] else 503

    def merge(self, number: int, files: dict[str, str]) -> str:
        """Open pull request *number* and let the maintainer merge it; returns the merge commit."""
        self.git("fetch", "-q", "origin")
        self.git("checkout", "-q", "-B", f"pr-{number}", "origin/main")
        self.commit(f"change {number}", files)
        self.git("push", "-q", "-f", "origin", f"pr-{number}")
        opened = self.github.open(f"pr-{number}", f"Change {number}")
        assert opened.number == number
        return self.github.merge(number, "merge")

    def bakewatch(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """Start the command with both tokens in its environment."""
        env = {**os.environ, "VERCEL_TOKEN": VERCEL_TOKEN, "GITHUB_TOKEN": GITHUB_TOKEN, **environ}
        command = [str(BAKEWATCH), words[0], "--config", str(self.config), *words[1:]]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def report(self, commit: str) -> Report:
        """The report that was written of the release *commit*."""
        path = self.data / "reports" / f"team_mini@{commit}" / "report.json"
        return msgspec.json.decode(path.read_bytes(), type=Report)

    def stop(self) -> None:
        super().stop()
        for server in self.others:
            server.shutdown()
            server.server_close()


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def on_vendors(folder: Path, **settings: Any) -> Iterator[VendorStack]:
    """A production on both stand-ins in *folder*, with traffic, until the block ends."""
    stack = VendorStack(folder, **settings)
    with served_by(stack):
        yield stack


@contextmanager
def served_by(stack: VendorStack) -> Iterator[None]:
    """*stack* runs until the block ends."""
    with stack.vercel, stack.github:
        threading.Thread(target=stack.server.serve_forever, daemon=True).start()
        stack.start()
        threading.Thread(target=stack.traffic, daemon=True).start()
        time.sleep(0.5)
        try:
            yield
        finally:
            stack.stop()
