"""The platform: deploys what is pushed to main, and serves it at two addresses, each by a server of its own.

It can be told to do with the next deployment what platforms do wrong (`Platform.arrange`).

It owns the listening sockets and hands them to each deployment's servers, so that a new one can answer before the old
one is told to stop. A server knows which address it serves: the environment's `LIVE_EVENT_ADDRESS` is `a` or `b`.
"""

import io
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from live_event.lifeline import as_child
from live_event.team import Fault

_HOOK = """#!/bin/sh
while read old new ref; do
  [ "$ref" = refs/heads/main ] && : > "{queue}/$(date +%s%N)-$new"
done
exit 0
"""
HEALTHY_WITHIN = 30.0
"""Seconds until a deployment that does not answer has failed."""


ADDRESSES = ("a", "b")

MEMORY = 2 * 1024**3
"""Bytes of address space that a server gets, as on any platform; who wants more gets none (Linux only)."""
FLIPS_BACK_AFTER = 28.8
"""Seconds for which a deployment with the fault `flips_back` is served: six minutes of the plan."""

Servers = dict[str, subprocess.Popen[bytes]]
"""By address."""


@dataclass(frozen=True)
class Deployment:
    """What the platform says of one deployment."""

    id: str
    commit: str
    state: str
    at: str


class Platform:
    """Deploys from the bare repository *remote* into *folder*, in a thread of its own.

    *owner*: the database as its owner, whom only the build sees. *build*: seconds that building takes; the first
    deployment needs none.
    """

    def __init__(self, remote: Path, folder: Path, environ: Mapping[str, str], owner: str, build: float = 0.0) -> None:
        self._owner, self._build = owner, build
        self._remote, self._folder, self._environ = remote, folder, dict(environ)
        self._queue = folder / "queue"
        self._queue.mkdir(parents=True)
        self._sockets = tuple(_listening() for _ in ADDRESSES)
        self._serving: Servers = {}
        self._served = ""
        self._fault: Fault = ""
        self._flip: tuple[float, str] | None = None
        """When to go back by ourselves (monotonic seconds), and to which commit."""
        self._number = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="platform")
        hook = remote / "hooks" / "post-receive"
        hook.write_text(_HOOK.format(queue=self._queue))
        hook.chmod(0o755)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the service is."""
        return tuple(map(_address_of, self._sockets))

    @property
    def address(self) -> str:
        """The first address."""
        return self.addresses[0]

    def start(self) -> None:
        """Begin to deploy what is pushed."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self._stop.set()
        self._thread.join(HEALTHY_WITHIN)
        _end(self._serving.values())
        for one in self._sockets:
            one.close()

    def serves(self, commit: str) -> bool:
        """Do all addresses answer with *commit* now?"""
        return all(_answers(one, "/version", commit) for one in self.addresses)

    def wait_for(self, commit: str) -> None:
        """Until *commit* is served everywhere; `TimeoutError` when it is not."""
        deadline = time.monotonic() + HEALTHY_WITHIN
        while time.monotonic() < deadline:
            if self.serves(commit):
                return
            time.sleep(0.1)
        raise TimeoutError(f"{commit[:7]} is not served")

    def arrange(self, fault: Fault) -> None:
        """What goes wrong with the next deployment, by our doing and not the release's:

        `lost` we never hear of it; `cancelled` somebody cancels the build; `wrong_commit` the build takes the sources
        from before, as out of a cache; `partial` only the second address gets it; `flips_back` after a while we serve
        what was there before, as when somebody presses the button.
        """
        self._fault = fault

    def deploy(self, commit: str) -> Deployment:
        """Build and serve *commit*; the one before goes on serving when it does not come up."""
        fault, self._fault = self._fault, ""
        self._number += 1
        name = f"dpl_{self._number}"
        if fault == "lost":
            return self._record(name, commit, "LOST")
        self._stop.wait(self._build if self._serving else 0.0)
        if fault == "cancelled":
            return self._record(name, commit, "CANCELED")
        built = self._served if fault == "wrong_commit" else commit
        if not self._serve(name, built, ADDRESSES[1:] if fault == "partial" else ADDRESSES):
            return self._record(name, commit, "ERROR")
        if fault == "flips_back":
            self._flip = (time.monotonic() + FLIPS_BACK_AFTER, self._served)
        elif fault != "partial":
            self._flip = None
        self._served = built
        return self._record(name, commit, "READY")

    def _serve(self, name: str, commit: str, letters: Sequence[str]) -> bool:
        """Serve *commit* at these addresses from now on; was it possible?"""
        checkout = self._check_out(name, commit)
        if not self._migrate(checkout):
            return False
        launched = {letter: self._launch(checkout, commit, letter) for letter in letters}
        fresh = {letter: server for letter, (server, _) in launched.items()}
        deadline = time.monotonic() + HEALTHY_WITHIN
        healthy = all(_comes_up(server, private, deadline) for server, private in launched.values())
        over = [self._serving[letter] for letter in letters if letter in self._serving]
        _end(over if healthy else fresh.values())
        if healthy:
            self._serving |= fresh
        return healthy

    def _check_out(self, name: str, commit: str) -> Path:
        checkout = self._folder / name
        packed = subprocess.run(
            ["git", "--git-dir", str(self._remote), "archive", commit], capture_output=True, check=True
        )
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(checkout, filter="data")
        return checkout

    def _migrate(self, checkout: Path) -> bool:
        """Bring the schema to what the commit needs; did it work?"""
        environ = self._environ | {"PYTHONPATH": str(checkout / "src"), "LIVE_EVENT_OWNER_URL": self._owner}
        with (self._folder / f"{checkout.name}-build.log").open("wb") as log:
            argv = [sys.executable, "-m", "live_event.migrate"]
            return subprocess.run(argv, env=environ, cwd=checkout, stdout=log, stderr=log).returncode == 0

    def _launch(self, checkout: Path, commit: str, letter: str) -> tuple[subprocess.Popen[bytes], str]:
        """Start a server of *commit* on one of our sockets, and on one of its own that tells whether it is up."""
        own = _listening()
        descriptors = (self._sockets[ADDRESSES.index(letter)].fileno(), own.fileno())
        about = {
            "PYTHONPATH": str(checkout / "src"),
            "LIVE_EVENT_COMMIT": commit,
            "LIVE_EVENT_DEPLOYMENT": checkout.name,
            "LIVE_EVENT_ADDRESS": letter,
        }
        environ = self._environ | as_child() | about
        argv = [sys.executable, "-m", "live_event.server", *(f"--fd={one}" for one in descriptors)]
        with (self._folder / f"{checkout.name}-{letter}.log").open("wb") as log:
            server = subprocess.Popen(
                argv, env=environ, cwd=checkout, pass_fds=descriptors, stdout=log, stderr=log, start_new_session=True
            )
        if hasattr(resource, "prlimit"):
            resource.prlimit(server.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
        address = _address_of(own)
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
            if self._flip and time.monotonic() > self._flip[0]:
                (_, before), self._flip = self._flip, None
                self.deploy(before)


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


def _address_of(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


def _comes_up(server: subprocess.Popen[bytes], address: str, deadline: float) -> bool:
    while not _answers(address, "/health"):
        if server.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _end(servers: Iterable[subprocess.Popen[bytes]]) -> None:
    ending = tuple(servers)
    for server in ending:
        server.terminate()
    for server in ending:
        try:
            server.wait(8)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
