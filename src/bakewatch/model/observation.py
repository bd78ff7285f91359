"""What a source is asked and what it answers: numbers, or a gap with a reason. A gap is never a zero."""

import re
from datetime import UTC, datetime, timedelta

from msgspec import Struct

MOST_EVENTS = 10
"""More events of one action are counted as so many."""


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """A half-open span of *event* time, `[start, end)`, UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


class Question(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a source needs to know of a check; the expressions are in the source's own dialect."""

    name: str
    stream: str
    where: str
    of: str = ""
    of_stream: str = ""
    own: str = ""
    of_own: str = ""
    actor: str = ""
    of_actor: str = ""
    healthy: str = ""
    value: str = ""
    """A number of each event; only events whose number is above the level `above` count."""
    above: float | None = None
    """None: the level is not known."""
    distinct: bool = False
    """An actor counts once within each `grain`."""
    spread: bool = False
    """How many events each actor had within each `grain` is asked too."""
    grain: float = 10.0
    """Seconds."""
    signatures: bool = False
    """Matching events have signatures; without a `where`, what the source takes for errors matches, and `of` is every
    line of the stream."""
    past: bool = False
    """It is asked what was usual: what lies before the first line of the stream that events are measured against is not
    known, and is left out of the answer's window."""
    known: tuple[int, ...] | None = None
    """Only events of other signatures count, and these signatures are listed; None: all count, and none is listed."""


class Signature(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What messages of one kind share, and how often it was there; a row `[id, count, actors]`."""

    id: int
    """A hash of the template: nothing of a message."""
    count: int
    actors: int = 0
    """Distinct signed-in actors whose other calls succeed."""

    @property
    def name(self) -> str:
        """The hash as it is printed."""
        return f"{self.id:08x}"


class Bucket(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Counts over one bucket of event time; a row `[at, count, of, own, actors, spread, signatures]`."""

    at: int
    """Start, milliseconds since 1970 UTC."""
    count: int = 0
    """Matching events that are not our own traffic."""
    of: int = 0
    """Events that `of` matches, our own left out; from a source that measures time: milliseconds covered."""
    own: int = 0
    """Matching events of our own traffic."""
    actors: int = 0
    """Distinct signed-in actors of matching events whose other calls in the same bucket succeed."""
    spread: tuple[int, ...] = ()
    """How many times an actor had 1, 2, … `MOST_EVENTS` or more matching events within one grain."""
    signatures: tuple[Signature, ...] = ()
    """Those of the matching events, where they were asked for."""


class Observation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One source's answer to one question over one window.

    Without a `gap`, a bucket that is not listed was seen and had no event.
    """

    question: str
    window: Window
    width: float
    """Width of a bucket in seconds; buckets start at whole multiples of it since 1970."""
    buckets: tuple[Bucket, ...] = ()
    gap: str = ""
    """Why there is no answer (a code); empty when there is one."""


class CanarySent(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A canary that bakewatch sent, or could not send, into a stream."""

    stream: str
    at: datetime
    problem: str = ""


_TAG = re.compile(r"[A-Za-z0-9-]{1,64}\Z")


def checked_tag(tag: str) -> str:
    """*tag*, which goes into headers and into SQL: it may only be what `Case.tag` makes."""
    if not _TAG.match(tag):
        raise ValueError("no tag of ours")
    return tag


def to_ms(moment: datetime) -> int:
    """*moment* in milliseconds since 1970 UTC."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The moment *ms* milliseconds after 1970 UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
