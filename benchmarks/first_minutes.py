"""Makes the transcript of docs/getting-started.md again: from `init` to a first verdict, on stand-ins.

    python -m benchmarks.first_minutes            prints it
    python -m benchmarks.first_minutes --write    puts it into the page

The application and the vendors are stand-ins on loopback; the git remote and every command are real. Time is scaled,
and the hours before are made up: the plan says both, and so does every output.
"""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.contract.loopback import Asked, serving
from tests.contract.shop import Shop

PAGE = Path(__file__).parent.parent / "docs" / "getting-started.md"
SCALE = 0.06
DEMONSTRATION = f"time_scale = {SCALE}\ngenerated_history = true\n\n[service]"
CALLS = 8
"""Data calls in a second."""
SHOWN, WIDTH = 4, 150
"""Lines of one table that are shown at each end of it, and characters of a line."""


class Live(Shop):
    """The shop with visitors, served by a platform that builds what is pushed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._over = threading.Event()
        self.supabase.limits.minute *= SCALE

    def version(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return super().version(asked) if asked.path.startswith("/version") else (200, {}, b"the front page")

    def run(self) -> None:
        """Visitors, and deployments of what comes to main."""
        tip = self.team.remote / "refs" / "heads" / "main"
        while not self._over.wait(1 / CALLS):
            self.calls(datetime.now(UTC))
            with suppress(OSError):
                commit = tip.read_text().strip()
                if commit != self.commit:
                    self.platform.push(commit)
                    self.commit = commit

    def stop(self) -> None:
        self._over.set()


@contextmanager
def live(folder: Path) -> Iterator[tuple[Live, str]]:
    """The shop, and where it is, until the block ends."""
    shop = Live(folder)
    with shop.vercel, shop.github, shop.supabase, serving(shop.version) as production:
        shop.platform.domains = {production.url.removeprefix("http://"): ""}
        shop.platform.push(shop.commit)
        shop.history(timedelta(minutes=SCALE), round(CALLS * 60 * SCALE))
        visitors = threading.Thread(target=shop.run, daemon=True)
        visitors.start()
        try:
            yield shop, production.url
        finally:
            shop.stop()
            visitors.join()


def transcript(folder: Path) -> Iterator[str]:
    """Every command and what it said."""
    with live(folder) as (shop, url):
        began = time.monotonic()
        yield f"$ bakewatch init --address {url}"
        yield from _told(shop.init(url).stdout, shop)
        shop.point()
        shop.config.write_text(shop.config.read_text().replace("[service]", DEMONSTRATION, 1))
        yield "$ # for this demonstration: the plan is pointed at loopback, and time is scaled"
        yield from _command(shop, "check", "--offline")
        yield from _command(shop, "doctor")
        yield "$ git add bakewatch.toml journeys && git commit -m 'Watch what is merged' && git push"
        shop.team.commit("Watch what is merged", {})
        shop.team.push()
        yield "$ # and a colleague merges pull request 1"
        yield from _command(shop, "verify", "--pr", str(_merge(shop)))
        yield f"$ # {time.monotonic() - began:.0f} seconds since the first command"


def _merge(shop: Live) -> int:
    """Open a pull request and merge it; its number."""
    shop.team.git("checkout", "-q", "-B", "feature")
    shop.team.commit("Greet people", {"app/page.tsx": "export default () => 'hello';\n"})
    shop.team.git("push", "-q", "origin", "HEAD:refs/heads/feature")
    shop.team.git("checkout", "-q", "main")
    one = shop.github.open("feature", "Greet people on the front page")
    shop.github.merge(one.number, "merge")
    return one.number


def _command(shop: Live, *words: str) -> Iterator[str]:
    yield f"$ bakewatch {' '.join(words)}"
    command = [sys.executable, "-c", "from bakewatch.cli.main import main; main()", *words]
    env = {**os.environ, **shop.environ}
    done = subprocess.run(command, cwd=shop.team.clone, env=env, capture_output=True, text=True, check=False)
    yield from _told(done.stdout + done.stderr, shop)
    if done.returncode:
        yield f"(exit code {done.returncode})"


def _told(text: str, shop: Live) -> Iterator[str]:
    """*text* with the demonstration's own folder taken out, and what is long shortened."""
    lines = text.replace(str(shop.team.clone), "~/shop").replace(str(shop.team.folder), "~").splitlines()
    similar = [
        re.match(r"(ok|unknown) +checks |\S+ +(?:zero|proportion|volume|floor|slower|amplification) ", one)
        for one in lines
    ]
    for index, line in enumerate(lines):
        inside = all(similar[at : at + 1] and similar[at] for at in range(index - SHOWN + 1, index + SHOWN))
        before = index and all(similar[at : at + 1] and similar[at] for at in range(index - SHOWN, index + SHOWN - 1))
        if not inside:
            yield line if len(line) <= WIDTH else f"{line[:WIDTH].rstrip()} …"
        elif not before:
            yield "…"


def main() -> None:
    """Print it; with `--write`, put it into the page."""
    with tempfile.TemporaryDirectory() as folder:
        told = []
        for line in transcript(Path(folder)):
            print(line, flush=True)
            told.append(line)
    if "--write" in sys.argv[1:]:
        page = PAGE.read_text()
        block = "```console\n" + "\n".join(told) + "\n```"
        PAGE.write_text(
            re.sub(r"```console\n\$ bakewatch init --address.*?\n```", lambda _: block, page, flags=re.DOTALL)
        )


if __name__ == "__main__":
    main()
