"""The undo and its proof."""

from datetime import datetime

from msgspec import Struct


class Rollback(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a rollback method did, or why it did not."""

    method: str
    at: datetime
    commit: str = ""
    """The commit that does the undoing; empty when there is none."""
    already: bool = False
    """It had been undone before: nothing was done now."""
    problem: str = ""
    """Why it did not happen (a code): `conflict`, `protected`, `moved`, …"""
    permanent: bool = False
    """Trying again cannot help."""
    link: str = ""
    """Where a person goes on (a branch or pull request), when one is needed."""


class Brake(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the kill switch says. Unreadable means: do not act."""

    pulled: bool
    problem: str = ""
    """Why it could not be read, or which entry stopped us (a code)."""
