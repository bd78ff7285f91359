"""What a report draws: counts over event time, what was usual before, what was not seen, and what happened when."""

import math
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Bar(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Counts over one stretch of event time; a row `[start, end, count, own, exposure]`."""

    start: int
    """Milliseconds since 1970 UTC."""
    end: int
    count: int = 0
    own: int = 0
    exposure: float = 0.0
    """What the count is told against: matches of `of`, actions, else seconds that were covered."""


class Blind(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A stretch that was not seen, or not proved to be; a row `[start, end]`, milliseconds since 1970 UTC."""

    start: int
    end: int


class Usual(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the history before the deploy lets one expect."""

    rate: float
    """Events per exposure."""
    dispersion: float = 1.0
    """By how much the history's buckets vary more than chance alone would make them: variance over mean, at least 1."""

    def band(self, exposure: float) -> tuple[float, float, float]:
        """The expected count over *exposure*, and two standard deviations below and above it."""
        expected = self.rate * exposure
        spread = 2 * math.sqrt(self.dispersion * expected)
        return max(0.0, expected - spread), expected, expected + spread


class Marked(StrEnum):
    """What a mark stands for."""

    DEPLOYED = "deployed"
    CONFIRMED = "confirmed"
    FIRST_BAD = "first_bad"
    ONSET = "onset"
    """Estimated: the harm began later than the release."""
    FIRED = "fired"
    UNDO_LIVE = "undo_live"


class Mark(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A moment marked in a chart."""

    what: Marked
    at: datetime


class Chart(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one check counted over event time: the newest answer about each bucket, neighbours merged into bars."""

    start: datetime
    end: datetime
    width: float
    """Seconds of a bar that was covered wholly."""
    bars: tuple[Bar, ...] = ()
    blind: tuple[Blind, ...] = ()
    usual: Usual | None = None
    marks: tuple[Mark, ...] = ()
