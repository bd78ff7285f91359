"""Other times that were like a watch: how often did a check count then?"""

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What makes a time like a watch."""

    DAY = "day"
    """The same time of an earlier day: does it always do this at this hour?"""
    RELEASE = "release"
    """The time after an earlier release that passed and stayed: does every deploy do this?"""


class Course(Struct, frozen=True, forbid_unknown_fields=True):
    """What one check counted, in consecutive blocks of `stats.noise.BLOCK` minutes of the plan."""

    count: tuple[int, ...]
    exposure: tuple[float, ...]
    """As the check measures it, without regard to the time of the day; 0 where there was no answer."""


class Precedent(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One other time."""

    kind: Kind
    name: str
    """So many days earlier, or the release's commit."""
    start: int
    """Where the courses begin, milliseconds since 1970; of a release, the start of its bake."""
    courses: dict[str, Course]


class Beside(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a check counts now, beside what it counted in all precedents of one kind taken together."""

    kind: Kind
    number: int
    """Of so many precedents."""
    count: int
    exposure: float
    base_count: float
    base_exposure: float
    agrees: bool
    """Is it the plan's minimum effect worse than all of them together, and than each of them, too?"""

    @property
    def ratio(self) -> float | None:
        """Now over then; None where nothing was counted then."""
        return (self.count / self.exposure) / (self.base_count / self.base_exposure) if self.base_count else None
