"""What a hosting platform says of its own deployments: its word, which is not yet proof."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from bakewatch.model.text import CleanText
from bakewatch.model.verdict import Reason


class Build(StrEnum):
    """How far the platform has come with a deployment."""

    QUEUED = "queued"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
    CANCELED = "canceled"
    BLOCKED = "blocked"
    """The platform waits for a person or for a check before it builds or serves it."""
    SKIPPED = "skipped"
    """The project's own rule said that there is nothing to build."""

    @property
    def over(self) -> bool:
        """It will never be served, unless a person begins anew."""
        return self in (Build.FAILED, Build.CANCELED, Build.BLOCKED, Build.SKIPPED)


class Hosted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One deployment for production."""

    id: str
    commit: str
    """40 hex digits; empty when the platform does not say."""
    build: Build
    created_at: datetime
    url: str = ""
    """Where it answers apart from production, as a host name."""
    staged: bool = False
    """Built for production, which it has never served."""
    code: str = ""
    """The platform's own code of why it came to nothing."""
    log: tuple[CleanText, ...] = ()
    """The last telling lines of a build that failed."""


class Told(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the platform says about one commit in production."""

    at: datetime
    deployment: Hosted | None = None
    """Its newest production deployment that has not come to nothing, else its newest; None: there is none."""
    current: str = ""
    """The deployment that production is said to serve."""
    astray: tuple[str, ...] = ()
    """Production domains that point to another deployment than that of the commit."""
    pinned: str = ""
    """The deployment at which an instant rollback holds production: what is merged does not go live."""
    rolling: bool = False
    """A rolling release is in progress: two deployments serve production."""
    problem: str = ""
    """Why it could not be asked (a code)."""


class Differences(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In what an earlier deployment differs from the one that production serves, as far as the platform tells."""

    environment: tuple[str, ...] = ()
    """Names of environment variables that were added, removed or changed since it was built."""
    crons: bool = False
    """Its scheduled jobs are others."""


class Safety(StrEnum):
    """May production go back to an earlier deployment?"""

    SAFE = "safe"
    RISKY = "risky"
    IMPOSSIBLE = "impossible"
    UNKNOWN = "unknown"
    """The platform could not be asked."""


class Prospect(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rollback oracle's answer, before anything is done."""

    safety: Safety
    target: Hosted | None = None
    """The deployment to go back to."""
    reasons: tuple[Reason, ...] = ()


class Move(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rollback or a promotion, as the platform says it stands."""

    at: datetime
    done: bool = False
    """False without a problem: it is under way; asking again says how it stands."""
    already: bool = False
    """It had been asked for before; nothing was done now."""
    problem: str = ""
    permanent: bool = False
    """Trying again cannot help."""
