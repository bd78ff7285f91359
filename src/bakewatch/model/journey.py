"""What happened when a persona walked through the application."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from bakewatch.model.text import CleanText

Parameter = str | int | float | bool | None
"""What a journey may hand to a query."""


class Walked(StrEnum):
    """How a walk ended. UNWALKED says nothing about the release."""

    PASSED = "passed"
    FAILED = "failed"
    UNWALKED = "unwalked"


class Step(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One request of a walk."""

    method: str
    path: CleanText
    """Without query; identifiers masked."""
    status: int
    """0 when there was no answer."""
    ms: int = 0
    code: CleanText = CleanText("")
    """The error code in the answer, if any."""


class JourneyRun(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One walk of one journey."""

    journey: str
    persona: str
    at: datetime
    walked: Walked
    steps: tuple[Step, ...] = ()
    failed_step: CleanText = CleanText("")
    """What did not hold, in the journey's own words, cleaned."""
    problem: str = ""
    """Why it could not be walked (a code)."""
    facts: dict[str, int | bool | str] = field(default_factory=dict)
    """What the journey observed about policy and side effects."""
    repeated: bool = False
    """It failed at first and was walked again at once; this is the second walk."""
    swept: bool = True
    """Its data was cleaned up."""
