"""The vendor's own command line is content with the stand-in, and sees the rollback that we made."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakewatch.testing.vercel import Platform, StandIn, Times
from bakewatch.vendors.vercel import Vercel, VercelSettings

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(900)]

VERSION = "64.0.2"
CACHE = Path(__file__).parents[2] / ".cache" / "vercel"
TOKEN = "tokenlive"
GOOD, BAD = "1" * 40, "2" * 40
QUICK = Times(queued=0.0, building=0.1, assigning=0.0, pending=0.3, moving=0.5)


@pytest.fixture(scope="session")
def program() -> Path:
    """The command line, installed once into the cache of the checkout; the test is skipped where that cannot be."""
    script = CACHE / "node_modules" / "vercel" / "dist" / "vc.js"
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    if not script.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        # The exact sandbox client that it asks for is not to be had everywhere, and none of this needs it.
        wanted = {"private": True, "dependencies": {"vercel": VERSION}, "overrides": {"sandbox": "4.x"}}
        (CACHE / "package.json").write_text(json.dumps(wanted))
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"vercel {VERSION} cannot be installed: {done.stderr.strip()[-200:]}")
    return script


@dataclass
class Scene:
    """Two deployments, of which the later one serves production."""

    server: StandIn
    run: Callable[..., str]
    good: str
    bad: str

    def asked(self, endpoint: str) -> int:
        return sum(f"{one.method} {one.path}" == endpoint for one in self.server.asked)

    def serves(self) -> str:
        return self.server.platform.serves("live.example")

    def wait(self, commit: str) -> None:
        until = time.monotonic() + 20
        while self.serves() != commit:
            assert time.monotonic() < until
            time.sleep(0.05)


@pytest.fixture
def scene(program: Path, tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / ".vercel").mkdir()
    (tmp_path / ".vercel" / "project.json").write_text('{"projectId": "prj_live", "orgId": "team_live"}')
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CI": "1", "VERCEL_TELEMETRY_DISABLED": "1"}
    with StandIn(Platform(lambda: datetime.now(UTC), QUICK), token=TOKEN) as server:

        def run(*words: str) -> str:
            where = ["--cwd", str(tmp_path), "--global-config", str(tmp_path / "home")]
            command = ["node", str(program), *words, *where, "--api", server.url, "--token", TOKEN]
            done = subprocess.run(
                command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout + done.stderr

        ids = []
        for commit in (GOOD, BAD):
            one = server.platform.push(commit)
            assert one is not None
            ids.append(one.id)
            scene = Scene(server, run, *([*ids, ""][:2]))
            scene.wait(commit)
        yield scene


def test_the_command_line_lists_rolls_back_and_promotes(scene: Scene) -> None:
    listed = scene.run("list", "--prod")
    hosts = [one.host for one in scene.server.platform.deployments]
    assert all(host in listed for host in hosts) and "Ready" in listed

    assert "was rolled back to" in scene.run("rollback", hosts[0], "--yes")
    assert scene.serves() == GOOD and scene.asked(f"POST /v9/projects/prj_live/rollback/{scene.good}") == 1
    assert "was rolled back to" in scene.run("rollback", "status", "live")

    assert "was promoted to" in scene.run("promote", hosts[1], "--yes")
    assert scene.serves() == BAD and not scene.server.platform.held


def test_the_command_line_sees_the_rollback_that_we_made_and_we_see_its_own(scene: Scene) -> None:
    settings = VercelSettings(project="live", team="live-team", api=scene.server.url)
    vercel = Vercel(settings, TOKEN, lambda: datetime.now(UTC))
    assert vercel.roll_back(scene.good, "regression").problem == ""
    assert scene.good in scene.run("rollback", "status", "live")
    assert scene.serves() == GOOD and vercel.tell(GOOD).pinned == scene.good

    scene.run("promote", scene.bad, "--yes")
    assert vercel.promote(scene.bad).done and vercel.tell(BAD).pinned == ""
    assert len([one for one in scene.server.asked if one.method == "POST"]) == 2
