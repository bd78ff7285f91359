"""What one unit of work found: small, and kept as JSON."""

from msgspec import Struct

OURS, OURS_30 = "bakewatch", "bakewatch, every 30 s"
PLAIN, ORACLE = "plain", "oracle"


class Quiet(Struct, frozen=True, tag=True):
    """Watches of one service in which nothing changed, and in how many of them which judge alarmed."""

    noise: str
    per_minute: float
    """Requests."""
    watches: int
    false: dict[str, int]
    ten: int
    """Releases with ten checks in which any of them alarmed,"""
    releases: int
    """of so many."""
    peers: int
    """How many of the watches the peers judged: all or none."""
    documented: dict[str, int]
    tuned: dict[str, list[int]]
    """For each of `judges.TUNINGS`."""


class Delay(Struct, frozen=True):
    """How long it took from the onset to the alarm, in minutes; what was not found counts until the watch's end."""

    early: int
    """Watches with an alarm before the onset, which are left out,"""
    kept: int
    """and the others."""
    mean: float | None
    median: float | None
    q95: float | None
    found: float
    """The share of the others with an alarm."""


class Worse(Struct, frozen=True, tag=True):
    """Watches of one service whose errors multiply by *effect* after *onset* minutes."""

    noise: str
    per_minute: float
    effect: float
    onset: float
    limit: float
    """The information limit in minutes, errors per minute divided by phi."""
    predicted: float | None
    """Minutes in which the change would be found with 95 %; None: not within 4 hours."""
    delays: dict[str, Delay]
    tuned: dict[str, list[float | None]]
    """The mean delay of each of `judges.TUNINGS`."""


class Late(Struct, frozen=True, tag=True):
    """Watches whose logs come late. *effect* is 1 where nothing changes."""

    noise: str
    per_minute: float
    effect: float
    delays: dict[str, Delay]
    """By judge; every alarm counts as one after the onset. The peers judge the same watches with logs in time."""


class NotWorse(Struct, frozen=True, tag=True):
    """In how many of the watches "not worse than 2x" was ever said."""

    noise: str
    per_minute: float
    watches: int
    wrong: int
    """Of those in which the rate is twice as high."""
    right: int
    """Of as many in which nothing changed."""
    median: float | None
    """Minutes until then."""


class Real(Struct, frozen=True, tag=True):
    """Watches cut from a real trace."""

    name: str
    watches: int
    false: dict[str, int]


class Speed(Struct, frozen=True, tag=True):
    """Milliseconds, the best of several repetitions."""

    look: float
    """200 checks judged in one look."""
    fit: float
    """A week of one check's history."""
    forecast: float
    """The same with its daily course."""


Result = Quiet | Worse | Late | NotWorse | Real | Speed
