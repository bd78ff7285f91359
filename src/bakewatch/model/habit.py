"""What a longer history tells of a service."""

from msgspec import Struct

from bakewatch.stats.noise import PLAIN, Noise


class Habit(Struct, frozen=True, forbid_unknown_fields=True):
    """How the counts of one check behave when nothing happens."""

    noise: Noise = PLAIN
    season: tuple[float, ...] = ()
    """How much is usual in each five minutes of a day (UTC), for a count without a denominator; empty where that
    is not known."""
    days: float = 0.0
    """From so many days of history."""


UNKNOWN = Habit()
