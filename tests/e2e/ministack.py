"""A production small enough for a test: a real git remote, a real HTTP service, real log files, and some traffic.

What is pushed to the remote's main is served at once; every commit is served below `/at/COMMIT` too. A commit whose
tree has a file `broken` makes the service answer 400 and its database log say that a column does not exist. While there
is a file `outage` in the stack's folder, every deployment answers 503.
"""

import json
import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BRANCH = "main"
PLAN = """\
time_scale = {scale}

[service]
name = "mini"
timezone = "Asia/Seoul"

[repository]
remote = "{remote}"

[platform]
kind = "endpoint"
addresses = ["http://127.0.0.1:{port}"]
earlier = "http://127.0.0.1:{port}/at/{{commit}}"

[sources.logs]
kind = "chdb"
files = ["{logs}/*.ndjson"]

[[canaries]]
kind = "http"
stream = "edge_logs"
url = "http://127.0.0.1:{port}/canary/edge_logs"

[[canaries]]
kind = "http"
stream = "postgres_logs"
url = "http://127.0.0.1:{port}/canary/postgres_logs"

[notify]
kind = "command"
command = ["sh", "-c", "cat >> {notices}; echo >> {notices}"]

[confirm]
times = 2
within = "5m"

[bake]
look_every = "25s"
settle = "60s"
warm_up = "10s"
duration = "{duration}"
extension = "1m"

[undo]
mode = "auto"
answer_within = "20m"
proof = "3m"

[streams.edge_logs]
source = "logs"
own = "log_attributes['request.headers.x_bakewatch'] != ''"
canary = "log_attributes['request.headers.x_bakewatch'] != '' and log_attributes['request.path'] = '/canary'"

[streams.postgres_logs]
source = "logs"
canary = "event_message like 'canary%'"

[personas.registrant]

[[journeys]]
name = "registrant"
persona = "registrant"
file = "journeys/registrant.py"

[[checks]]
name = "missing_column"
stream = "postgres_logs"
rule = "zero"
criterion = "DoD-1"
where = "log_attributes['parsed.sql_state_code'] = '42703'"
of = "log_attributes['request.path'] = '/live'"
of_stream = "edge_logs"
sees = 0.05

[[checks]]
name = "errors"
stream = "edge_logs"
rule = "proportion"
where = "toInt32OrZero(log_attributes['response.status_code']) >= 500"
of = "log_attributes['request.path'] = '/live'"
sees = 0.5

[[criteria]]
id = "DoD-1"
title = "PostgREST 400"
checks = ["missing_column"]

[[triggers]]
name = "DoD-1"
any = ["check:missing_column"]

[[triggers]]
name = "regression"
any = ["journey:registrant"]
"""
JOURNEY = '''\
"""The registrant opens the live page."""


def test_the_live_page_opens(api, expect):
    expect(api.get("/live").status_code == 200, "the live page opens")
'''


class Stack:
    """A running production. Not for use but through `running`."""

    tag_header = "x-bakewatch"
    """The request header that its log keeps, and that marks our own traffic."""

    def __init__(self, folder: Path, *, duration: str = "20m", rate: float = 60.0, scale: float = 0.04) -> None:
        self.folder, self.rate = folder, rate
        self.remote, self.clone, self.logs = folder / "team" / "mini.git", folder / "clone", folder / "logs"
        self.notices = folder / "notices.ndjson"
        self.logs.mkdir(parents=True)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.config = self.clone / "bakewatch.toml"
        self.duration, self.scale = duration, scale
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._build_repository()
        self._broken: dict[str, bool] = {}

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def data(self) -> Path:
        return self.clone / ".bakewatch" / "data"

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """Run git and return what it prints."""
        environ = {
            **os.environ,
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _WHO.items()},
        }
        done = subprocess.run(["git", *words], cwd=cwd or self.clone, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def _build_repository(self) -> None:
        self.remote.parent.mkdir(parents=True)
        self.git("init", "-q", "--bare", "-b", BRANCH, str(self.remote), cwd=self.folder)
        self.git("clone", "-q", str(self.remote), str(self.clone), cwd=self.folder)
        self.git("checkout", "-q", "-B", BRANCH)
        plan = self.plan()
        self.commit("healthy base", {"bakewatch.toml": plan, "journeys/registrant.py": JOURNEY, "app.txt": "1\n"})
        self.git("push", "-q", "origin", BRANCH)

    def plan(self) -> str:
        """The text of `bakewatch.toml`."""
        return PLAN.format(
            remote=self.remote,
            port=self.port,
            logs=self.logs,
            notices=self.notices,
            duration=self.duration,
            scale=self.scale,
        )

    def commit(self, message: str, files: dict[str, str]) -> str:
        """Commit *files* on the current branch; returns the commit."""
        for name, text in files.items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, number: int, files: dict[str, str]) -> str:
        """Merge a pull request with *files* and push it, which deploys it; returns the merge commit."""
        self.git("fetch", "-q", "origin")
        self.git("reset", "-q", "--hard", f"origin/{BRANCH}")
        self.git("checkout", "-q", "-B", f"pr-{number}")
        self.commit(f"change {number}", files)
        self.git("checkout", "-q", BRANCH)
        self.git("merge", "-q", "--no-ff", "-m", f"Merge pull request #{number} from team/pr-{number}", f"pr-{number}")
        self.git("push", "-q", "origin", BRANCH)
        return self.git("rev-parse", "HEAD")

    def history(self) -> list[str]:
        """The subjects on the remote's main, newest first."""
        return self.git("log", "--first-parent", "--format=%s", BRANCH, cwd=self.remote).splitlines()

    def told(self) -> list[dict[str, object]]:
        """The notifications that were delivered."""
        if not self.notices.exists():
            return []
        return [json.loads(line) for line in self.notices.read_text().splitlines() if line.strip()]

    def served(self) -> tuple[str, bool]:
        """The commit that is served, and whether it is broken."""
        frozen = self.folder / "frozen"
        commit = (frozen if frozen.exists() else self.remote / "refs" / "heads" / BRANCH).read_text().strip()
        return commit, self.broken(commit)

    def serving(self, port: int) -> str:
        """The commit that is served at *port*."""
        return self.served()[0]

    def broken(self, commit: str) -> bool:
        """Is *commit* a broken one?"""
        with self._lock:
            if commit not in self._broken:
                tree = self.git("ls-tree", "--name-only", commit, cwd=self.remote).splitlines()
                self._broken[commit] = "broken" in tree
            return self._broken[commit]

    def log(self, source: str, message: str, **attributes: str) -> None:
        """Append one line to a stream."""
        row = {
            "id": str(uuid.uuid4()),
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "source": source,
            "event_message": message,
            "severity_text": "INFO",
            "log_attributes": {key.replace("__", "."): value for key, value in attributes.items()},
        }
        with self._lock:
            self.keep(row)

    def keep(self, row: dict[str, Any]) -> None:
        """Keep a line where whoever watches finds it."""
        with (self.logs / f"{row['source']}.ndjson").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def live(self, tag: str = "", commit: str = "") -> int:
        """Serve the live page of *commit* (by default of production) once, as the service would; returns the status."""
        broken = self.broken(commit or self.served()[0])
        status = 503 if (self.folder / "outage").exists() else 400 if broken else 200
        own = {f"request__headers__{self.tag_header.replace('-', '_')}": tag} if tag else {}
        self.log(
            "edge_logs",
            f"GET | {status} | /live",
            request__path="/live",
            request__method="GET",
            response__status_code=str(status),
            **own,
        )
        if broken:
            self.log("postgres_logs", "column registrations.id does not exist", parsed__sql_state_code="42703")
        return status

    def traffic(self) -> None:
        """Visitors, until the stack stops."""
        while not self._stop.wait(1 / self.rate):
            self.live()

    def stop(self) -> None:
        """Stop everything."""
        self._stop.set()
        self.server.shutdown()
        self.server.server_close()


_WHO = {"NAME": "Mini Team", "EMAIL": "team@mini.example"}


def _handler(stack: Stack) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            tag = self.headers.get(stack.tag_header, "")
            commit = stack.serving(int(self.connection.getsockname()[1]))
            if path.startswith("/at/"):
                commit, path = path[4:44], path[44:]
            if path == "/version":
                self._answer(200, {"commit": commit, "deployment": f"dpl_{commit[:7]}"})
            elif path == "/live":
                status = stack.live(tag, commit)
                self._answer(status, {"code": "42703"} if status == 400 else {})
            elif path.startswith("/canary/"):
                attributes = {"request__path": "/canary", "request__headers__x_bakewatch": tag}
                stack.log(path.rpartition("/")[2], f"canary {tag}", **attributes)
                self._answer(200, {})
            else:
                self._answer(404, {})

        def _answer(self, status: int, body: dict[str, str]) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: object) -> None:
            return None

    return Handler


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[Stack]:
    """A production in *folder*, with traffic, until the block ends."""
    stack = Stack(folder, **settings)  # type: ignore[arg-type]
    threads = [threading.Thread(target=target, daemon=True) for target in (stack.server.serve_forever, stack.traffic)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        yield stack
    finally:
        stack.stop()
