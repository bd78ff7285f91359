"""What the service that hosts the repository says of pull requests, and what is published there."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from bakewatch.model.text import CleanText
from bakewatch.model.verdict import Ending

COMMAND = "/bakewatch"
ANSWERS = ("approve", "reject", "stop")
"""What a comment may answer, in a first line of its own: `/bakewatch approve`."""


def answer_in(comment: str) -> str:
    """Which of `ANSWERS` the first line of *comment* gives; empty for none, and for one that is only shown as code."""
    first = next((line for line in comment.split("\n") if line.strip()), "").casefold()
    words = [] if first.expandtabs(4).startswith("    ") else first.split()
    return words[1] if len(words) == 2 and words[0] == COMMAND and words[1] in ANSWERS else ""


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


class Trace(Struct, frozen=True, kw_only=True):
    """How a case stands, for a machine that has not its record: codes, moments, and the plan's own names alone.

    It lies where whoever may write to the repository can change it: no evidence of anything.
    """

    attempt: Annotated[int, Meta(ge=1, le=9999)]
    live_since: Annotated[datetime, Meta(tz=True)] | None = None
    """The first moment production was seen to serve the release."""
    triggers: tuple[str, ...] = ()
    """Those that fired, once the release is being undone for it."""
    culprits: tuple[str, ...] = ()
    """What carried them: `check:NAME`, `journey:NAME`."""
    back: str = ""
    """The deployment to which the platform has gone back."""
    ending: Ending | None = None

    @property
    def is_undoing(self) -> bool:
        """The case was in the middle of the undo."""
        return bool(self.triggers) and self.ending is None


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
    trace: Trace | None = None
    """What it tells a machine."""
