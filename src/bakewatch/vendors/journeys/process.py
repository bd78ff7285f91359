"""One process group, with a time limit and an environment that holds nothing but what is named here."""

import os
import signal
import site
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

INHERITED = ("PATH", "PYTHONHOME", "PYTHONPATH")
"""What finding Python and its packages takes. No proxies: their addresses carry passwords."""

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


def run(command: Sequence[str], environ: Mapping[str, str], folder: Path, seconds: float) -> Ended:
    """Run *command* in *folder* for at most *seconds*; nothing of its group is left when this returns.

    Its output goes nowhere. `OSError` when it cannot be started.
    """
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
    return Ended(code=code, late=late)


def _signal(group: int, number: signal.Signals) -> None:
    # The group may be gone; macOS says PermissionError for one of which only a zombie is left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
