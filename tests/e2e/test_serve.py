"""The real server on a small real production: a merge that is told to it is watched, undone and reported by itself."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from bakewatch.durable import history
from bakewatch.model.timeline import Closed, to_json
from tests.e2e.ministack import Stack, running
from tests.unit.web import senders

pytestmark = pytest.mark.real
BAKEWATCH = Path(sys.executable).with_name("bakewatch")


class Server:
    """`bakewatch serve` by an operator's own file, outside the repository."""

    def __init__(self, stack: Stack) -> None:
        self.config, self.data = stack.folder / "operator.toml", stack.folder / "data"
        text = stack.config.read_text().replace("[repository]", '[repository]\nname = "team/mini"')
        self.config.write_text(f'data = "data"\n{text}\n[serve]\nport = 0\ngithub_secret_env = "HOOKS"\n')

    def start(self) -> None:
        self._process = subprocess.Popen(
            [BAKEWATCH, "serve", "--config", self.config],
            env={**os.environ, "HOOKS": senders.SECRET},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.fullmatch(r"serving (\S+) \(webhooks: github\)\n", line)
        assert found, line
        self._url = found[1]

    def stop(self) -> str:
        self._process.send_signal(signal.SIGTERM)
        out, err = self._process.communicate(timeout=40)
        assert self._process.returncode == 0, out + err
        return out

    def post(self, body: bytes, delivery: str, secret: str = senders.SECRET) -> int:
        headers = senders.from_github(body, delivery=delivery, secret=secret)
        told = httpx.post(f"{self._url}/webhooks/github", content=body, headers=headers, timeout=10, trust_env=False)
        return told.status_code

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


def _until(true: Callable[[], bool], patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_harmful_merge_that_a_webhook_tells_is_undone_once_and_reported(tmp_path: Path) -> None:
    with running(tmp_path, duration="6m", scale=0.08) as stack:
        server = Server(stack)
        server.start()
        try:
            commit = stack.merge(1, {"broken": "x\n"})
            case = f"team/mini@{commit}"
            body = senders.merged(1, "team/mini")
            assert server.post(body, "0", secret="forged") == 401
            assert [server.post(body, delivery) for delivery in ("1", "1", "2")] == [202, 202, 202]
            assert server.post(senders.merged(1, "team/other"), "3") == 202
            _until(lambda: (server.data / "bakewatch.sqlite").exists() and len(_told(server, case)) > 1)
            out = server.stop()
            assert f"github #1: started {case}" in out
            recorded = _told(server, case)
            server.start()
            folder = server.data / "reports" / f"team_mini@{commit}"
            _until(lambda: (folder / "report.json").exists())
            out = server.stop()
        finally:
            server.end()
        assert f"report: {folder / 'report.ko.html'}" in out
        assert _told(server, case)[: len(recorded)] == recorded
        closed = history.timeline(server.data, case)[-1]
        assert isinstance(closed, Closed)
        assert closed.ending == "undone"
        assert [one.id for one in history.cases(server.data)] == [case]
        assert sum(subject.startswith("Revert") for subject in stack.history()) == 1
        assert [one["transition"] for one in stack.told()] == ["undone"]


def _told(server: Server, case: str) -> list[str]:
    return [to_json(event) for event in history.timeline(server.data, case)]
