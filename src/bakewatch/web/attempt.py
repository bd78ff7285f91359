"""What goes wrong in a server is one line, and no end of it."""

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from bakewatch.errors import BakewatchError, ConfigError, cause_of, passes
from bakewatch.report.inert import inert

Say = Callable[[str], None]


class Attempt:
    """Tries what the block holds; says in one line, after *about*, what went wrong in it, be it a bug of ours."""

    def __init__(self, say: Say, about: str) -> None:
        self._say, self._about = say, about
        self.failed = False
        self.passes = False
        """Trying again can help."""

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.failed, self.passes = True, passes(error)
        # Where nothing can be said any more, the work still goes on.
        with suppress(OSError):
            self._say(inert(f"{self._about}: {_words(error)}"))
        return True


def _words(error: Exception) -> str:
    if isinstance(error, ConfigError):
        return str(error)
    return f"{type(error).__name__}: {error}" if isinstance(error, BakewatchError) else cause_of(error)
