"""What a longer history tells of a service."""

from enum import StrEnum

from msgspec import Struct

from bakewatch.stats.noise import PLAIN, Noise


class Trust(StrEnum):
    """What a new signature may do, by how often one appears when nothing happens."""

    ACTS = "acts"
    """One that comes twice, or from two actors, after the warm-up fires the check."""
    COUNTS = "counts"
    """Only more of them than usual fire it, and that never acts by itself."""
    REFUSED = "refused"
    """The check never fires."""


class Novelty(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often signatures appeared that history had not had, in ordinary windows as long as a bake."""

    trust: Trust = Trust.REFUSED
    windows: int = 0
    """So many windows were replayed."""
    surprised: int = 0
    """In so many of them there was a new signature."""
    upper: float = 1.0
    """The share of such windows is below this, with 95 % confidence."""
    why: str = ""
    """As a code: why it is refused, or only counts although new signatures are rare."""

    @property
    def rate(self) -> float | None:
        """The share of windows with a new signature; None when none was replayed."""
        return self.surprised / self.windows if self.windows else None


class Habit(Struct, frozen=True, forbid_unknown_fields=True):
    """How the counts of one check behave when nothing happens."""

    noise: Noise = PLAIN
    season: tuple[float, ...] = ()
    """How much is usual in each five minutes of a day (UTC), for a count without a denominator; empty where that
    is not known."""
    days: float = 0.0
    """From so many days of history."""
    novelty: Novelty | None = None
    """Of rule `novelty`."""
    known: tuple[int, ...] = ()
    """The signatures that history had."""
    firsts: tuple[int, ...] = ()
    """When signatures appeared for the first time, of the end of history: milliseconds since 1970, in order."""


UNKNOWN = Habit()
UNMEASURED = Novelty(why="short_history")
