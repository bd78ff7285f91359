"""What the numbers weigh, and what follows."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from bakewatch.model.precedent import Beside


class Outcome(StrEnum):
    """Worst wins. There is no ERROR: what could not be seen is a gap, and a blind bake is INCONCLUSIVE."""

    PASS = "pass"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"


class Ending(StrEnum):
    """How a case ended; each has its exit code."""

    PASSED = "passed"
    UNDONE = "undone"
    INCONCLUSIVE = "inconclusive"
    NEVER_DEPLOYED = "never_deployed"
    NOT_UNDONE = "not_undone"
    NOT_CURED = "not_cured"

    @property
    def exit_code(self) -> int:
        """The exit code of the command line."""
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Ending.PASSED: 0,
    Ending.UNDONE: 1,
    Ending.INCONCLUSIVE: 3,
    Ending.NEVER_DEPLOYED: 4,
    Ending.NOT_UNDONE: 5,
    Ending.NOT_CURED: 6,
}


class Reason(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A code and its numbers; the catalogues turn it into words."""

    code: str
    about: str = ""
    """The check, journey, trigger or stream it speaks of."""
    numbers: dict[str, float] = field(default_factory=dict)
    detail: str = ""
    """Another code (of a vendor's error, say). Never free text."""


class Evidence(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all observations of a check weigh so far. Valid at any moment one looks."""

    check: str
    fired: bool
    seen: float
    """Share of the planned minutes that it saw, 0 to 1."""
    blind_minutes: int = 0
    count: int = 0
    own: int = 0
    exposure: float = 0.0
    """What the count is a share of: matches of `of`, else seconds seen."""
    base_count: int = 0
    base_exposure: float = 0.0
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    """Interval of the ratio (99 %), when there is a baseline."""
    ln_e: float | None = None
    threshold: float | None = None
    buckets_hit: int = 0
    """Buckets in which something was counted."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    could_see: float | None = None
    """The smallest share (or rate per minute) that it finds with 95 %."""
    target: float | None = None
    """The share (or rate per minute) that it must be able to find for a pass."""
    beside: tuple[Beside, ...] = ()
    """The same against further baselines, since the change is believed to have begun."""
    not_worse: float | None = None
    """It is ruled out so far, with 95 %, that the rate is so many times what it was (of a floor, so many times less);
    None: it is not."""
    reasons: tuple[Reason, ...] = ()

    @property
    def sharp(self) -> bool:
        """Could it have seen its declared effect?"""
        return self.could_see is not None and self.target is not None and self.could_see <= self.target


class Verdict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """PASS, INCONCLUSIVE or FAIL with what carried it."""

    outcome: Outcome
    triggers: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Permission(StrEnum):
    """What a fired trigger may do: act at once, ask, or nothing."""

    AUTO = "auto"
    ASK = "ask"
    OFF = "off"


class Leave(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """May it act, and why not at once."""

    permission: Permission
    reasons: tuple[Reason, ...] = ()
