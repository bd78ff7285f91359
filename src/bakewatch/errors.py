"""Everything that bakewatch raises on purpose.

    BakewatchError
      ConfigError            nothing was started; the message names file and path
      PortError              a vendor could not do what its port promises
        PlatformError        what production serves could not be asked
        RepositoryError      git said no
        HostingError         the platform could not be asked what it has built, or moved
        ForgeError           the service with the pull requests could not be asked, or told
        SourceError          a source could not answer
        CounterError         what a journey left behind could not be counted
        JourneyError         a journey could not be walked (not: it failed)
        RollbackError        the undo could not be done
        NotifyError          a notification could not be delivered

Vendors and configuration raise these; the small asking functions of the story turn them into values, the command
line turns them into one line and an exit code. Anything else that is raised is a bug, or a full disk.
"""

import errno
import sqlite3
from collections.abc import Iterator

NO_SPACE = "no space left on the disk"

MISUSE = "misuse"
"""The code of a `CounterError`: what was asked is not one SELECT of one integer."""


class BakewatchError(Exception):
    """Base of all errors that bakewatch raises on purpose."""


class ConfigError(BakewatchError):
    """Nothing was started: *what* is wrong, *where* (file and path), and what would be right."""

    def __init__(self, what: str, *, where: str = "", right: str = "") -> None:
        self.what, self.where, self.right = what, where, right
        super().__init__(": ".join(part for part in (where, what) if part) + (f" ({right})" if right else ""))


class PortError(BakewatchError):
    """A vendor could not do what its port promises.

    *code* is a short machine-readable reason that may be stored and printed (never vendor text, which may carry
    personal data). *permanent* says once whether trying again can help.
    """

    def __init__(self, code: str, *, permanent: bool = False) -> None:
        self.code, self.permanent = code, permanent
        super().__init__(code)


class PlatformError(PortError):
    """What production serves could not be asked."""


class RepositoryError(PortError):
    """git said no, or the repository has no such thing."""


class HostingError(PortError):
    """The platform could not be asked what it has built, or would not do what it was asked."""


class ForgeError(PortError):
    """The service with the pull requests could not be asked, or would not have what it was told."""


class SourceError(PortError):
    """A source could not answer; the story books a gap."""


class CounterError(PortError):
    """What a journey left behind could not be counted."""


class JourneyError(PortError):
    """A journey could not be walked, which says nothing about the release."""


class RollbackError(PortError):
    """The undo could not be done."""


class NotifyError(PortError):
    """A notification could not be delivered."""


def passes(error: BaseException) -> bool:
    """Can trying again help after *error*? Only where a vendor is behind it and says so."""
    behind = next((one for one in _chain(error) if isinstance(one, PortError)), None)
    return behind is not None and not behind.permanent


def cause_of(error: BaseException) -> str:
    """Why something that nobody raised on purpose was raised: `NO_SPACE`, or the bug and its place."""
    return NO_SPACE if any(map(_is_full, _chain(error))) else f"a bug of ours: {_place_of(error)}"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def _place_of(error: BaseException) -> str:
    """What was raised and where, for one line about a bug: no message, which may carry data."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "?"
    return f"{type(error).__name__} in {where}"
