"""The append-only record of a case: codes and numbers, no prose, no raw log text.

Every event is a tagged struct; new fields have defaults, which is the whole rule of evolution.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct, field

from bakewatch.model.foresight import Foresight
from bakewatch.model.forge import Trace
from bakewatch.model.habit import Habit
from bakewatch.model.hosting import Prospect, Told
from bakewatch.model.journey import JourneyRun
from bakewatch.model.observation import CanarySent, Observation
from bakewatch.model.plan import Plan
from bakewatch.model.precedent import Precedent
from bakewatch.model.release import Deployment, Release, Sighting
from bakewatch.model.rollback import Rollback
from bakewatch.model.text import CleanText
from bakewatch.model.verdict import Ending, Evidence, Leave, Reason, Verdict


class Confirmation(StrEnum):
    """How the question "does production serve this commit?" ended."""

    LIVE = "live"
    NEVER_DEPLOYED = "never_deployed"
    WRONG_COMMIT = "wrong_commit"
    UNREACHABLE = "unreachable"
    PARTLY_LIVE = "partly_live"
    """Some addresses serve it, others do not."""
    STOPPED = "stopped"
    """A person ended the wait."""
    SUPERSEDED = "superseded"
    ALREADY_REVERTED = "already_reverted"
    BUILD_FAILED = "build_failed"
    BUILD_CANCELED = "build_canceled"
    BUILD_BLOCKED = "build_blocked"
    BUILD_SKIPPED = "build_skipped"
    STILL_BUILDING = "still_building"
    NEVER_CREATED = "never_created"
    """The platform has no production deployment of it."""
    STAGED = "staged"
    """Built for production, but nobody let production serve it."""
    PINNED = "pinned"
    """Built, but an earlier instant rollback holds production where it is."""
    ROLLING = "rolling"
    """A rolling release was still in progress: some visitors get it."""


class _Event(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="event"):
    """Something that happened, and when."""

    at: datetime


class Opened(_Event, frozen=True, kw_only=True, tag="opened"):
    """The case was opened."""

    release: Release
    plan: Plan
    attempt: int = 1
    plan_from: str = "parent"
    """`parent`: the release's parent commit; `file`: the operator's own file (the parent has none)."""
    replayed: datetime | None = None
    """When the plan was last replayed over history."""
    left: Trace | None = None
    """What an earlier attempt has shown, whose record is lost."""


class Sighted(_Event, frozen=True, kw_only=True, tag="sighted"):
    """What production served changed while we waited for a commit."""

    awaited: str
    sightings: tuple[Sighting, ...]
    told: Told | None = None
    """What the platform says of it; None: it was not asked."""


class Confirmed(_Event, frozen=True, kw_only=True, tag="confirmed"):
    """The wait for a commit ended."""

    awaited: str
    confirmation: Confirmation
    live_since: datetime | None = None
    """t0: the first moment production was seen to serve it."""
    not_before: datetime | None = None
    """The last answer without it; none when it was live at the first one: then all that is known is that it came after
    the merge."""
    deployments: tuple[Deployment, ...] = ()
    """What every address served in the end."""
    undo: bool = False
    """It was the undo that was awaited."""
    back: bool = False
    """It was the earlier deployment that was awaited, to which the platform had gone back."""


class Baselined(_Event, frozen=True, kw_only=True, tag="baselined"):
    """History before the deploy was read."""

    observations: tuple[Observation, ...]
    levels: dict[str, float] = field(default_factory=dict)
    """What 95 % of the values of a question stayed below."""


class Studied(_Event, frozen=True, kw_only=True, tag="studied"):
    """A longer history was read, for the service's habits alone."""

    habits: dict[str, Habit]
    """How the counts of a check behave by themselves, by check."""
    until: datetime | None = None
    """The history ended here."""
    precedents: tuple[Precedent, ...] = ()
    """What the checks counted at other times like this one."""
    gaps: tuple[str, ...] = ()
    """Why questions had no answer."""


class Foreseen(_Event, frozen=True, kw_only=True, tag="foreseen"):
    """What every check will be able to see, said before the first look."""

    checks: tuple[Foresight, ...]


class Prewalked(_Event, frozen=True, kw_only=True, tag="prewalked"):
    """A journey was walked through what production served before the release: while that was still live, or later at an
    address of its own."""

    run: JourneyRun


class Looked(_Event, frozen=True, kw_only=True, tag="looked"):
    """One look: everything asked at one moment."""

    number: int
    observations: tuple[Observation, ...] = ()
    canaries: tuple[CanarySent, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    journeys: tuple[JourneyRun, ...] = ()


class Weighed(_Event, frozen=True, kw_only=True, tag="weighed"):
    """What all looks so far weigh, per check."""

    number: int
    evidence: tuple[Evidence, ...]


class Interrupted(_Event, frozen=True, kw_only=True, tag="interrupted"):
    """bakewatch itself did not watch between two moments."""

    since: datetime
    until: datetime


class Extended(_Event, frozen=True, kw_only=True, tag="extended"):
    """Blindness lengthened the bake."""

    until: datetime
    streams: tuple[str, ...]


class Fired(_Event, frozen=True, kw_only=True, tag="fired"):
    """Triggers demand a rollback."""

    triggers: tuple[str, ...]
    culprits: tuple[str, ...]
    """What carried them: `check:NAME`, `journey:NAME`."""
    leave: Leave
    prospect: Prospect | None = None
    """May production go back to an earlier deployment? None without a platform to ask."""
    second: tuple[Observation, ...] = ()
    """The second query that confirmed or did not confirm the failing checks, one bucket over the whole time."""


class Asked(_Event, frozen=True, kw_only=True, tag="asked"):
    """A person was asked whether to undo."""

    until: datetime
    reasons: tuple[Reason, ...] = ()


class Answered(_Event, frozen=True, kw_only=True, tag="answered"):
    """The question to a person was closed."""

    approved: bool
    by: CleanText = CleanText("")
    """Who answered; empty when the deadline did."""
    why: CleanText = CleanText("")


class Refused(_Event, frozen=True, kw_only=True, tag="refused"):
    """The undo was refused or failed for good, for this reason."""

    reason: Reason
    link: str = ""


class RolledBack(_Event, frozen=True, kw_only=True, tag="rolled_back"):
    """One attempt to undo."""

    rollback: Rollback


class Proved(_Event, frozen=True, kw_only=True, tag="proved"):
    """The proof of the undo ended: what failed was seen to pass, or not."""

    cured: bool
    since: datetime
    """The revert was live since then: production is restored."""
    reasons: tuple[Reason, ...] = ()


class Concluded(_Event, frozen=True, kw_only=True, tag="concluded"):
    """The verdict about the release."""

    verdict: Verdict


class Notified(_Event, frozen=True, kw_only=True, tag="notified"):
    """A notification about a transition was sent, or could not be."""

    transition: str
    problem: str = ""


class Published(_Event, frozen=True, kw_only=True, tag="published"):
    """How the case stands was shown at the pull requests and the commit, or could not be."""

    stage: str
    problem: str = ""


class Closed(_Event, frozen=True, kw_only=True, tag="closed"):
    """The case is over."""

    ending: Ending
    reason: str = ""
    """Why, as a code: of a refusal, of a confirmation, of an inconclusive verdict."""


Event = (
    Opened
    | Sighted
    | Confirmed
    | Baselined
    | Studied
    | Foreseen
    | Prewalked
    | Looked
    | Weighed
    | Interrupted
    | Extended
    | Fired
    | Asked
    | Answered
    | Refused
    | RolledBack
    | Proved
    | Concluded
    | Notified
    | Published
    | Closed
)

Timeline = tuple[Event, ...]


def is_asking(timeline: Iterable[Event]) -> bool:
    """Does a question to a person wait for its answer?"""
    asking = False
    for event in timeline:
        asking = isinstance(event, Asked) or (asking and not isinstance(event, Answered | Concluded | Closed))
    return asking


_DECODER: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def to_json(event: Event) -> str:
    """*event* as one line of JSON."""
    return msgspec.json.encode(event).decode()


def event_of(line: str) -> Event:
    """The event that `to_json` wrote. `msgspec.ValidationError` when *line* is no event."""
    return _DECODER.decode(line)


def from_json(lines: Iterable[str]) -> Timeline:
    """The timeline out of its lines."""
    return tuple(map(event_of, lines))
