"""Interruptions that wait for a safe moment."""

import signal
import threading
from types import FrameType, TracebackType


class Interrupts:
    """While it lasts, Ctrl-C and SIGTERM are heard at the next `check`; a second one at once.

    Raised in the middle of a transaction, an interruption leaves the record locked for what is still at work.
    """

    def __init__(self) -> None:
        self._heard = threading.Event()

    def check(self) -> None:
        """`KeyboardInterrupt` when there was one."""
        if self._heard.is_set():
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._heard.is_set():
            raise KeyboardInterrupt
        self._heard.set()

    def __enter__(self) -> "Interrupts":
        # Only the main thread may: a test that runs elsewhere is interrupted by nobody.
        mine = threading.current_thread() is threading.main_thread()
        numbers = (signal.SIGINT, signal.SIGTERM) if mine else ()
        self._before = [(number, signal.signal(number, self._hear)) for number in numbers]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before:
            signal.signal(number, before)
