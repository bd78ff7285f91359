"""A process with a time limit and an environment that holds nothing but what is named here. It leaves none behind."""

import ctypes
import os
import signal
import site
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INHERITED = ("PATH", "PYTHONHOME", "PYTHONPATH")
"""What finding Python and its packages takes. No proxies: their addresses carry passwords."""

_PR_SET_DUMPABLE = 4

GRACE = 5.0
"""Seconds between asking a process group to end and killing it: time to clean up."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    """Its exit code; negative when a signal ended it."""
    late: bool
    """It had to be told to end."""


def environment(environ: Mapping[str, str], home: Path, names: Iterable[str]) -> dict[str, str]:
    """The allow-listed environment: `INHERITED` and *names* out of *environ*, the rest made here."""
    passed = {name: environ[name] for name in (*INHERITED, *names) if name in environ}
    return {
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        # The home is another one, but packages that were installed for the user are still found.
        "PYTHONUSERBASE": site.getuserbase(),
        **passed,
    }


@cache
def shut_environment() -> None:
    """Keep what we start from reading our own environment in /proc/PID/environ, where tokens are (Linux only).

    Not a wall. Root still reads it, so a bakewatch that runs as root hides nothing. Neither hidden is the environment
    of other processes of the same user that hold the same tokens: the shell or service that started us, a git that
    we run meanwhile. A side effect: debuggers and profilers of the same user cannot attach, and no core is dumped.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # a C library without it
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, *(ctypes.c_ulong(0) for _ in range(4)))


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path, seconds: float, *, mark: str) -> Ended:
    """Run *command* in *folder* for at most *seconds*; nothing that it started is left when this returns.

    That is its process group and, on Linux 5.3 and later, every process with the same value of the variable *mark*,
    which must be this run's alone. (A child in a session of its own *and* with an environment that somebody emptied
    stays.) Its output goes nowhere. `OSError` when it cannot be started.
    """
    shut_environment()
    process = subprocess.Popen(
        command,
        env=dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    late = False
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        late = True
        _signal(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    finally:
        _signal(process.pid, signal.SIGKILL)
        code = process.wait()
        _kill_all(f"{mark}={environ[mark]}".encode())
    return Ended(code=code, late=late)


def _kill_all(entry: bytes) -> None:
    """Kill every process with this *entry* in its environment, until none is left that could start another."""
    if sys.platform == "linux":
        until = time.monotonic() + GRACE
        while any([_kill(int(one.name), entry) for one in Path("/proc").glob("[0-9]*")]) and time.monotonic() < until:
            time.sleep(0.01)


def _kill(pid: int, entry: bytes) -> bool:
    """Kill the process *pid* if it has *entry* in its environment; whether that was so.

    What is held is the process, not its number: that may become another one's between the look and the signal.
    """
    if sys.platform != "linux":
        return False
    # It ended meanwhile, or is another user's.
    with suppress(OSError):
        held = os.pidfd_open(pid)
        try:
            if entry not in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                return False
            signal.pidfd_send_signal(held, signal.SIGKILL)
            return True
        finally:
            os.close(held)
    return False


def _signal(group: int, number: signal.Signals) -> None:
    # The group may be gone; macOS says PermissionError for one of which only a zombie is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
