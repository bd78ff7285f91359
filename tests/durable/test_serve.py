"""A server on a data directory: alone on it, it takes orders, goes on after a restart, and lets nothing end it."""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bakewatch.durable import history
from bakewatch.testing.world import RELEASE
from tests.durable.actor import CONFIG
from tests.durable.test_start import CASE, OTHER, Desk, Process, ended, until
from tests.unit.web import senders

pytestmark = pytest.mark.real
SERVE = CONFIG + '[serve]\nport = 0\ngithub_secret_env = "HOOKS"\nvercel_secret_env = "HOOKS"\n'
DRAIN = 'vercel_drain_secret_env = "HOOKS"\n'


class Server:
    """A running `bakewatch serve`."""

    def __init__(self, desk: Desk, more: str = "", **environ: str) -> None:
        (desk.folder / "bakewatch.toml").write_text(SERVE + more)
        self.process = desk.start("serve", HOOKS=senders.SECRET, **environ)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        drains = "; drains: vercel" if more else ""
        found = re.fullmatch(rf"serving (http://127\.0\.0\.1:\d+) \(webhooks: github, vercel{drains}\)\n", line)
        assert found, line + str(self.process.stderr and self.process.stderr.read())
        self.url = found[1]

    def health(self) -> dict[str, object]:
        told = httpx.get(f"{self.url}/health", timeout=5, trust_env=False)
        assert told.status_code == 200
        return dict(told.json())

    def post(self, body: bytes, sender: str = "github", event: str = "pull_request", delivery: str = "") -> str:
        headers = senders.from_vercel(body) if sender == "vercel" else senders.from_github(body, event, delivery)
        told = httpx.post(f"{self.url}/webhooks/{sender}", content=body, headers=headers, timeout=5, trust_env=False)
        assert told.status_code == 202, told.text
        return str(told.json()["status"])

    def stop(self, number: int = signal.SIGTERM) -> tuple[str, str]:
        self.process.send_signal(number)
        return ended(self.process, 0)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    started = Desk(tmp_path)
    yield started
    for process in started.processes:
        process.kill()
        process.communicate()


def _report(desk: Desk) -> Path:
    return desk.data / "reports" / CASE.replace("/", "_") / "report.json"


def test_a_merge_is_watched_and_reported_once_however_often_it_is_told(desk: Desk) -> None:
    server = Server(desk)
    for delivery in ("1", "1", "2"):
        server.post(senders.merged(), delivery=delivery)
    until(lambda: _report(desk).exists())
    until(lambda: server.health()["running"] == 0)
    server.post(senders.vercel(), "vercel")
    until(lambda: len(history.cases(desk.data)) == 1)
    out, err = server.stop()
    assert err == "bakewatch: stopped; what is unfinished goes on at the next start\n"
    assert out.count("verdict    PASS") == 1
    assert [f"hook       github #1: {words}" in out for words in (f"started {CASE}", "seen before")] == [True, True]
    assert f"hook       vercel {RELEASE[:7]}: {CASE} is known: passed" in out
    assert json.loads(_report(desk).read_text())


def test_lines_of_a_log_drain_are_kept_in_the_data_directory(desk: Desk) -> None:
    server, body = Server(desk, DRAIN), json.dumps([{"id": "1", "timestamp": 1770464000123, "message": "one"}]).encode()
    headers = senders.from_vercel(body)
    told = httpx.post(f"{server.url}/drains/vercel", content=body, headers=headers, timeout=5, trust_env=False)
    assert (told.status_code, told.json()) == (200, {"status": "kept", "lines": 1})
    (path,) = (desk.data / "drains" / "vercel").glob("*.ndjson")
    assert json.loads(path.read_text())["event_message"] == "one"
    server.stop()


def test_a_verify_beside_it_enqueues_there_and_attaches(desk: Desk) -> None:
    server = Server(desk)
    out, _ = desk.run("verify")
    assert "verdict    PASS" in out
    assert {line.split()[0] for line in desk.marks("sight")} == {str(server.process.pid)}
    until(lambda: server.health()["running"] == 0)
    told, _ = server.stop()
    assert [line for line in out.splitlines() if re.match(r"\d\d:", line)] == [
        line for line in told.splitlines() if re.match(r"\d\d:", line)
    ]


def test_a_directory_that_another_process_owns_is_one_line(desk: Desk) -> None:
    server = Server(desk)
    _, err = desk.run("serve", expect=2, HOOKS="x")
    assert (err.count("\n"), "another process of bakewatch owns it" in err) == (1, True)
    port = server.url.rpartition(":")[2]
    (desk.folder / "bakewatch.toml").write_text(SERVE.replace('data = "data"', 'data = "other"'))
    _, err = desk.run("serve", "--port", port, expect=2, HOOKS="x")
    assert (err.count("\n"), f"cannot listen on 127.0.0.1 port {port}: Address already in use" in err) == (1, True)
    _, err = desk.run("serve", expect=2, HOOKS="")
    assert (err.count("\n"), "serve.github_secret_env: the environment variable HOOKS is not set" in err) == (1, True)
    assert server.health()["status"] == "ok"


def test_after_an_end_in_order_the_next_start_goes_on(desk: Desk) -> None:
    desk.set("long")
    first = Server(desk)
    first.post(senders.merged())
    until(lambda: bool(desk.marks("sight")) and "confirmed" in str(desk.told()))
    assert first.health()["running"] == 1
    first.stop(signal.SIGINT)
    recorded, seen = desk.told(), len(desk.marks("sight"))
    second = Server(desk)
    until(lambda: len(desk.marks("sight")) > seen)
    desk.run("stop", CASE)
    until(lambda: _report(desk).exists())
    out, _ = second.stop()
    assert "closed     inconclusive (stopped)" in out
    assert desk.told()[: len(recorded)] == recorded


def test_a_deployment_wakes_the_wait_for_it(desk: Desk) -> None:
    desk.set("late")
    server = Server(desk)
    server.post(senders.merged())
    until(lambda: "baselined" in str(desk.told()) if _known(desk) else False)
    seen = len(desk.marks("sight"))
    server.post(senders.deployment_status(), event="deployment_status")
    until(lambda: len(desk.marks("sight")) > seen)
    (desk.folder / "late").unlink()
    server.post(senders.vercel(), "vercel")
    until(lambda: '"confirmation":"live"' in str(desk.told()))


@pytest.mark.slow
def test_a_case_whose_secret_is_missing_rests_and_keeps_nothing_from_starting(desk: Desk) -> None:
    recorded = desk.killed(TOKEN_ENV="A_TOKEN", A_TOKEN="x")
    (desk.folder / "long").unlink()
    server = Server(desk)
    server.post(senders.deployment_status(OTHER), event="deployment_status")
    until(lambda: _report_of(desk, OTHER).exists())
    assert server.health()["running"] == 0
    _, err = server.stop()
    assert err.count(f"A_TOKEN is not set; {CASE} rests, the next start tries again\n") == 1
    assert desk.told() == recorded
    again = Server(desk, A_TOKEN="x")
    until(lambda: len(desk.told()) > len(recorded))
    again.stop()


def _report_of(desk: Desk, commit: str) -> Path:
    return desk.data / "reports" / f"team_live@{commit}" / "report.json"


@pytest.mark.slow
@pytest.mark.parametrize(("trouble", "words"), [("bug", "a bug of ours: KeyError in"), ("full", "no space left")])
def test_a_case_that_stops_ends_no_server(desk: Desk, trouble: str, words: str) -> None:
    desk.set(trouble)
    server = Server(desk)
    server.post(senders.merged())
    until(lambda: history.case(desk.data, CASE).stopped if _known(desk) else False)
    until(lambda: server.health()["running"] == 0)
    (desk.folder / trouble).unlink()
    attached: Process = desk.start("resume")
    ended(attached, 0)
    until(lambda: _report(desk).exists())
    _, err = server.stop()
    assert (err.count(words), err.count("\n"), "hong" in err) == (1, 2, False)


def _known(desk: Desk) -> bool:
    try:
        return bool(history.cases(desk.data))
    except history.NoRecord:
        return False


@pytest.mark.slow
def test_what_ended_without_a_report_is_reported_at_the_next_start(desk: Desk) -> None:
    desk.run("verify")
    for path in sorted(_report(desk).parent.iterdir()):
        path.unlink()
    _report(desk).parent.rmdir()
    server = Server(desk)
    until(lambda: _report(desk).exists())
    server.stop()
