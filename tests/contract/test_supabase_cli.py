"""The vendor's own clients are content with the stand-in, and read from it the lines that we counted."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bakewatch.model.observation import Question, Window
from bakewatch.testing.supabase import TOKEN, StandIn
from bakewatch.vendors.clickhouse.question import fuse
from bakewatch.vendors.supabase.logs import LogsSettings, SupabaseLogs
from tests.contract.hosted_rig import traffic
from tests.contract.source_rigs import START, LogRig

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(900)]

WANTED = {"supabase": "3.1.0", "@supabase/mcp-server-supabase": "0.13.0"}
CACHE = Path(__file__).parents[2] / ".cache" / "supabase"
COMMAND = CACHE / "node_modules" / "supabase" / "dist" / "supabase.js"
MCP = CACHE / "node_modules" / "@supabase" / "mcp-server-supabase" / "dist" / "cli.js"
MISSING = Question(
    name="missing",
    stream="postgres_logs",
    where="log_attributes['parsed.sql_state_code'] = '42703' and position(event_message, 'registrations.id') > 0",
)
REUSE = Question(
    name="reuse",
    stream="auth_logs",
    where="log_attributes['error_code'] = 'refresh_token_already_used'",
)


@pytest.fixture(scope="session")
def programs() -> None:
    """Both clients, installed once into the cache of the checkout; the test is skipped where that cannot be."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    if not (COMMAND.exists() and MCP.exists()):
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text(json.dumps({"private": True, "dependencies": WANTED}))
        command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"supabase {WANTED['supabase']} cannot be installed: {done.stderr.strip()[-200:]}")


@dataclass
class Scene:
    """A project whose last five minutes are in its logs, and what we counted in them."""

    server: StandIn
    environ: dict[str, str]
    profile: Path
    window: Window
    counts: dict[str, int]

    def logs(self, *words: str) -> list[dict[str, Any]]:
        """What the command line reads."""
        where = [f"--remote={self.server.project.ref}", "--profile", str(self.profile), "--output-format", "json"]
        command = ["node", str(COMMAND), "logs", *words, "--since", "30m", *where]
        done = subprocess.run(
            command, env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, done.stdout + done.stderr
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows


@pytest.fixture
def scene(programs: None, tmp_path: Path) -> Iterator[Scene]:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    back = now - timedelta(minutes=5) - START
    rows = [json.loads(line) for line in traffic(LogRig(tmp_path))]
    with StandIn() as server:
        server.logs.write(*[{**row, "timestamp": _moved(row["timestamp"], back)} for row in rows])
        profile = tmp_path / "profile.json"
        there = {"api_url": server.url, "dashboard_url": server.url, "project_host": "localhost"}
        profile.write_text(json.dumps({"name": "stand-in", **there}))
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "SUPABASE_HOME": str(tmp_path),
            "SUPABASE_ACCESS_TOKEN": TOKEN,
            "SUPABASE_API_MAX_RETRIES": "0",
            "DO_NOT_TRACK": "1",
        }
        source = SupabaseLogs(
            LogsSettings(project=server.project.ref, api=server.url), TOKEN, lambda: datetime.now(UTC)
        )
        window = Window(now - timedelta(minutes=30), now)
        answers = source.observe([MISSING, REUSE], window, timedelta(seconds=10))
        assert {one.gap for one in answers} == {""}
        counts = {one.question: sum(bucket.count for bucket in one.buckets) for one in answers}
        assert min(counts.values()) > 10
        yield Scene(server, environ, profile, window, counts)


def _moved(timestamp: str, back: timedelta) -> str:
    return (datetime.fromisoformat(timestamp) + back).isoformat(timespec="microseconds")


def test_the_command_line_reads_the_lines_that_we_counted(scene: Scene) -> None:
    found = scene.logs("--service", "postgres", "--level", "error", "--search", "registrations.id", "--limit", "1000")
    assert len(found) == scene.counts["missing"]
    assert {one["log_attributes"]["parsed.sql_state_code"] for one in found} == {"42703"}
    sql = f"select count() as n from logs where source = 'auth_logs' and {REUSE.where}"
    assert scene.logs("--sql", sql) == [{"n": scene.counts["reuse"]}]


def test_our_own_query_is_answered_through_the_command_line_as_through_us(scene: Scene) -> None:
    fused = fuse([MISSING, REUSE], scene.window, timedelta(seconds=10))
    told = fused.read(scene.logs("--sql", fused.sql))
    assert {one.question: sum(bucket.count for bucket in one.buckets) for one in told} == scene.counts


def test_the_server_for_agents_reads_them_too(scene: Scene) -> None:
    sql = "select id, event_message from logs where source = 'postgres_logs' and " + MISSING.where
    with _agent(scene) as query:
        rows = query(sql)
        assert len(rows) == scene.counts["missing"]
        assert {one["event_message"] for one in rows} == {"column registrations.id does not exist"}
        fused = fuse([MISSING, REUSE], scene.window, timedelta(seconds=10))
        told = fused.read(query(fused.sql))
    assert {one.question: sum(bucket.count for bucket in one.buckets) for one in told} == scene.counts


@contextmanager
def _agent(scene: Scene) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """The vendor's server for agents, on standard input and output; gives what its tool for logs answers."""
    url, ref = scene.server.url, scene.server.project.ref
    options = ["--api-url", url, "--content-api-url", url, "--access-token", TOKEN, "--project-ref", ref]
    command = ["node", str(MCP), *options, "--read-only", "--features", "debugging"]
    moments = {"iso_timestamp_start": scene.window.start, "iso_timestamp_end": scene.window.end}
    with subprocess.Popen(
        command, env=scene.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        into, out = process.stdin, process.stdout

        def send(method: str, **rest: Any) -> None:
            into.write(json.dumps({"jsonrpc": "2.0", "method": method, **rest}) + "\n")
            into.flush()

        def query(sql: str) -> list[dict[str, Any]]:
            arguments = {"sql": sql, **{name: one.isoformat() for name, one in moments.items()}}
            send("tools/call", id=2, params={"name": "query_logs", "arguments": arguments})
            [content] = json.loads(out.readline())["result"]["content"]
            lines = json.loads(content["text"])["result"].splitlines()
            rows: list[dict[str, Any]] = json.loads(next(one for one in lines if one.startswith("{")))["result"]
            return rows

        about = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        send("initialize", id=1, params=about)
        assert json.loads(out.readline())["result"]["serverInfo"]["name"] == "supabase"
        send("notifications/initialized")
        yield query
        into.close()
