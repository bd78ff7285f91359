"""A child ends when its parent does, however the parent ends."""

import os
import signal
import threading
import time

PARENT = "LIVE_EVENT_PARENT"


def as_child() -> dict[str, str]:
    """What a child's environment must say, for it to watch us."""
    return {PARENT: str(os.getpid())}


def hold_on() -> None:
    """Ask ourselves to stop (SIGTERM) once the process named in the environment is no longer our parent."""
    parent = int(os.environ.pop(PARENT, "0"))
    if parent:
        threading.Thread(target=_watch, args=(parent,), daemon=True, name="lifeline").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
    os._exit(1)
