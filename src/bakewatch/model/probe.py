"""What `doctor` tries for real before anything is started, and what it found. Read-only, whatever is tried."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct


class Grade(StrEnum):
    """How one thing stands."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It could not be asked, or only doing it would tell."""


class Found(Struct, frozen=True, kw_only=True):
    """What one probe saw. No secrets: names of environment variables, commits, counts."""

    grade: Grade
    what: str
    right: str = ""
    """What would be right: for a token the exact scope to grant."""
    needed: bool = True
    """Could a release not be watched, or not be undone, without it?"""


@dataclass(frozen=True)
class Probe:
    """One thing to try."""

    name: str
    ask: Callable[[], Found]
    """Tries it, in bounded time. May raise its vendor's `PortError`."""
    right: str = ""
    """What would be right when the vendor refuses."""
    needed: bool = True


class Finding(Struct, frozen=True, kw_only=True):
    """One line of what `doctor` says."""

    about: str
    """The table of the file that it is about, such as `hosting`."""
    name: str
    grade: Grade
    what: str
    right: str = ""
    needed: bool = True

    @property
    def in_the_way(self) -> bool:
        """Is something that is needed not known to be there?"""
        return self.needed and self.grade is not Grade.OK


def ok(what: str) -> Found:
    """It is there."""
    return Found(grade=Grade.OK, what=what)


def missing(what: str, right: str = "", *, needed: bool = True) -> Found:
    """It is not there, or not as it must be."""
    return Found(grade=Grade.MISSING, what=what, right=right, needed=needed)


def unknown(what: str, right: str = "", *, needed: bool = True) -> Found:
    """Nobody can tell."""
    return Found(grade=Grade.UNKNOWN, what=what, right=right, needed=needed)
