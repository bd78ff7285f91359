"""What the service that hosts the repository says of pull requests, and what is published there."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from bakewatch.model.text import CleanText


class Pull(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One pull request."""

    number: int
    repository: str
    """`owner/name`."""
    base: str
    """The branch that it is for."""
    head: str
    """Its last commit."""
    merged_at: datetime | None = None
    """None: it is not merged."""
    commit: str = ""
    """What it became on the base: the merge commit, the squashed one, or the last of the rebased ones."""
    title: CleanText = CleanText("")
    author: str = ""
    """The account."""


class Mark(StrEnum):
    """How a case stands, as a commit shows it."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    """There is no verdict."""


class Bulletin(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a case stands, for all who look at the pull request or the commit. Each replaces the one before."""

    bake_id: str
    commit: str
    pulls: tuple[int, ...]
    mark: Mark
    title: str
    """One line."""
    text: str
    """Markdown."""
    link: str = ""
