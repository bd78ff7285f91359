"""One thread that does one thing after the other, so that who asks for it need not wait."""

import threading
import time
from collections.abc import Callable
from queue import Full, Queue
from types import TracebackType

ROOM = 64
"""So much may wait."""
PATIENCE = 20.0
"""Seconds that what waits is given when the block ends: who was told that it is accepted does not ask again."""

Job = Callable[[], None]


class Worker:
    """Does jobs, which must not raise, in the order in which they are given. A context manager."""

    def __init__(self, room: int = ROOM) -> None:
        self._jobs: Queue[Job] = Queue(room)
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)

    def give(self, job: Job) -> bool:
        """Let *job* wait for its turn; False when too much waits already."""
        try:
            self._jobs.put_nowait(job)
        except Full:
            return False
        return True

    def later(self, seconds: float, job: Job) -> None:
        """Give *job* in so many *seconds*, and again when there is no room; not at all once the process ends."""

        def now() -> None:
            if not self.give(job):
                self.later(seconds, job)

        timer = threading.Timer(seconds, now)
        timer.daemon = True
        timer.start()

    def _work(self) -> None:
        while True:
            self._jobs.get()()
            self._jobs.task_done()

    def __enter__(self) -> "Worker":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._jobs.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.05)
