"""The platform: deploys what is pushed to main, and serves it on one address.

It owns the listening socket and hands it to each deployment's server, so that a new one can answer before the old one
is told to stop.
"""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from live_event.lifeline import as_child

_HOOK = """#!/bin/sh
while read old new ref; do
  [ "$ref" = refs/heads/main ] && : > "{queue}/$(date +%s%N)-$new"
done
exit 0
"""
HEALTHY_WITHIN = 20.0
"""Seconds until a deployment that does not answer has failed."""


@dataclass(frozen=True)
class Deployment:
    """What the platform says of one deployment."""

    id: str
    commit: str
    state: str
    at: str


class Platform:
    """Deploys from the bare repository *remote* into *folder*, in a thread of its own."""

    def __init__(self, remote: Path, folder: Path, environ: Mapping[str, str]) -> None:
        self._remote, self._folder, self._environ = remote, folder, dict(environ)
        self._queue = folder / "queue"
        self._queue.mkdir(parents=True)
        self._socket = _listening()
        self._serving: subprocess.Popen[bytes] | None = None
        self._number = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="platform")
        hook = remote / "hooks" / "post-receive"
        hook.write_text(_HOOK.format(queue=self._queue))
        hook.chmod(0o755)

    @property
    def address(self) -> str:
        """Where the service is."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Begin to deploy what is pushed."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self._stop.set()
        self._thread.join(HEALTHY_WITHIN)
        _end(self._serving)
        self._socket.close()

    def wait_for(self, commit: str) -> None:
        """Until *commit* is served; `TimeoutError` when it is not."""
        deadline = time.monotonic() + HEALTHY_WITHIN
        while time.monotonic() < deadline:
            if _answers(self.address, "/version", commit):
                return
            time.sleep(0.1)
        raise TimeoutError(f"{commit[:7]} is not served")

    def deploy(self, commit: str) -> Deployment:
        """Build and serve *commit*; the one before goes on serving when it does not come up."""
        self._number += 1
        name = f"dpl_{self._number}"
        server, private = self._launch(name, commit)
        deadline = time.monotonic() + HEALTHY_WITHIN
        while not _answers(private, "/health") and server.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        healthy = server.poll() is None and _answers(private, "/health")
        if healthy:
            server, self._serving = self._serving or server, server
        if server is not self._serving:
            _end(server)
        return self._record(name, commit, "READY" if healthy else "ERROR")

    def _launch(self, name: str, commit: str) -> tuple[subprocess.Popen[bytes], str]:
        """Start the server of *commit* on our socket, and on one of its own that tells whether it is up."""
        checkout = self._folder / name
        packed = subprocess.run(
            ["git", "--git-dir", str(self._remote), "archive", commit], capture_output=True, check=True
        )
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(checkout, filter="data")
        own = _listening()
        descriptors = (self._socket.fileno(), own.fileno())
        environ = (
            self._environ
            | as_child()
            | {
                "PYTHONPATH": str(checkout / "src"),
                "LIVE_EVENT_COMMIT": commit,
                "LIVE_EVENT_DEPLOYMENT": name,
            }
        )
        argv = [sys.executable, "-m", "live_event.server", *(f"--fd={one}" for one in descriptors)]
        with (self._folder / f"{name}.log").open("wb") as log:
            server = subprocess.Popen(
                argv, env=environ, cwd=checkout, pass_fds=descriptors, stdout=log, stderr=log, start_new_session=True
            )
        address = f"http://127.0.0.1:{own.getsockname()[1]}"
        own.close()
        return server, address

    def _record(self, name: str, commit: str, state: str) -> Deployment:
        deployment = Deployment(name, commit, state, datetime.now(UTC).isoformat())
        with (self._folder / "deployments.ndjson").open("a") as file:
            file.write(json.dumps(asdict(deployment)) + "\n")
        return deployment

    def _work(self) -> None:
        while not self._stop.wait(0.05):
            for pushed in sorted(self._queue.iterdir()):
                self.deploy(pushed.name.partition("-")[2])
                pushed.unlink()


def _listening() -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", 0))
    bound.listen(512)
    return bound


def _answers(address: str, path: str, commit: str = "") -> bool:
    try:
        answer = httpx.get(address + path, timeout=2, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and (not commit or answer.json()["commit"] == commit)


def _end(server: subprocess.Popen[bytes] | None) -> None:
    if server is None:
        return
    server.terminate()
    try:
        server.wait(8)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
