"""The undo and its proof."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Layer(StrEnum):
    """One decision to undo has up to three layers, in this order."""

    PLATFORM = "platform"
    """Production serves an earlier deployment again: within seconds, and held there."""
    GIT = "git"
    """The production branch carries a revert."""
    UNPIN = "unpin"
    """Production is let go again, onto the deployment of that revert."""


class Rollback(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a rollback method did, or why it did not."""

    method: str
    """Empty: it was refused before any method was asked."""
    at: datetime
    layer: Layer = Layer.GIT
    commit: str = ""
    """The commit that does the undoing, or that production goes back to; empty when there is none."""
    deployment: str = ""
    """The deployment that production is moved to."""
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
