"""One process owns a data directory."""

import fcntl
from pathlib import Path
from types import TracebackType
from typing import IO

from bakewatch.errors import ConfigError

_KEPT: list[IO[str]] = []
"""What this process owns until it has gone: a handle that nobody holds is closed, and its lock with it."""


class Ownership:
    """An exclusive lock on a data directory. The kernel releases it when the process dies."""

    def __init__(self, data: Path) -> None:
        self._path = data / "lock"
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Try to own the directory; False when another process does. `ConfigError` when nothing can be kept there."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = self._path.open("a")
        except OSError as error:
            what = f"cannot be written to: {error.strerror}"
            raise ConfigError(what, where=str(self._path.parent), right="a folder with room in it") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._file = handle
        return True

    def release(self) -> None:
        """Give it up."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def keep(self) -> None:
        """Own it until this process has gone, whatever is still at work in it by then."""
        if self._file is not None:
            _KEPT.append(self._file)
            self._file = None

    def __enter__(self) -> "Ownership":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
