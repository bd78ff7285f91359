"""What a plan would have done in the past. Minutes are those of the plan, counted from the deploy."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from bakewatch.model.plan import Rule
from bakewatch.model.verdict import Ending


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a replay: unknown keys are errors."""


class Alarms(_Table, frozen=True, kw_only=True):
    """How often something alarmed in bakes during which nothing is known to have been wrong."""

    bakes: int
    """So many tell something."""
    alarms: int
    per_100: float | None
    """Of 100 releases; None: no bake tells anything."""
    low: float
    """The exact 95 % interval of it, as if the bakes had nothing to do with each other."""
    high: float


class Change(StrEnum):
    """What to change, or what to know of the numbers."""

    TOO_WEAK = "too_weak"
    """A fault of five times is not found in 95 % of bakes: `found` says in which share."""
    CRIES_WOLF = "cries_wolf"
    """The interval of its false alarms lies above the plan's rate: `per_100` releases."""
    FIRES_BY_ITSELF = "fires_by_itself"
    """What rule `zero` forbids happens without a release: in so many bakes (`alarms`)."""
    NOTHING_BEFORE = "nothing_before"
    """Nothing was ever counted, so no multiple of it could be injected."""
    SHORT_HISTORY = "short_history"
    """Fewer days were `answered` than were to be replayed."""
    ASSUMED_NOISE = "assumed_noise"
    """Habits rest on so few `days` that drift is assumed."""
    MEASURED_BEFORE = "measured_before"
    """Rule `novelty` is replayed on history before every bake, and not here."""
    NO_HISTORY = "no_history"
    """No bake tells anything; `detail` says why there was no answer."""


class Advice(_Table, frozen=True, kw_only=True):
    """One thing to be said of a check."""

    change: Change
    numbers: dict[str, float] = field(default_factory=dict)
    detail: str = ""
    """A code."""


class Delay(_Table, frozen=True, kw_only=True):
    """When an injected fault would have been found."""

    ratio: float
    """So many times more, or for a floor less, than before."""
    found: float
    """The share of bakes that found it."""
    median: float | None
    """Minutes; None: not within the bake."""
    slowest: float | None
    """95 % found it no later."""


class CheckReplay(_Table, frozen=True, kw_only=True):
    """What one check would have done."""

    check: str
    rule: Rule
    alarms: Alarms
    delays: tuple[Delay, ...] = ()
    """Empty: nothing could be injected."""
    advice: tuple[Advice, ...] = ()
    """What to change, or what the numbers rest on."""
    answered: float
    """Days of the replayed ones that were answered."""


class TriggerReplay(_Table, frozen=True, kw_only=True):
    """How often the checks of one trigger alone would have demanded a rollback; journeys pass."""

    trigger: str
    alarms: Alarms
    unanswered: tuple[str, ...] = ()
    """Checks of it that tell nothing: they count as not fired."""


class _Replay(_Table, frozen=True, kw_only=True, tag_field="replay"):
    """What any replay says of itself."""

    at: datetime
    time_scale: float = 1.0
    generated_history: bool = False


class Replay(_Replay, frozen=True, kw_only=True, tag="history"):
    """A plan against its history."""

    days: float
    """So many were to be replayed."""
    alarms: Alarms
    """Rollbacks that any trigger would have demanded."""
    checks: tuple[CheckReplay, ...]
    triggers: tuple[TriggerReplay, ...]
    gaps: tuple[str, ...] = ()
    """Why questions had no answer."""

    @property
    def empty(self) -> bool:
        """Does it tell nothing at all?"""
        return not any(one.alarms.bakes for one in self.checks)


class ReleaseReplay(_Table, frozen=True, kw_only=True):
    """What the plan would have done after one commit of the production branch."""

    commit: str
    at: datetime
    """When it was committed; when it went live is not known."""
    judged: int
    """So many checks tell something."""
    checks: dict[str, float] = field(default_factory=dict)
    """The minute of each check that alarmed."""
    triggers: dict[str, float] = field(default_factory=dict)
    """The minute of each trigger that would have demanded a rollback."""


class ReleasesReplay(_Replay, frozen=True, kw_only=True, tag="releases"):
    """A plan against the merges of the repository."""

    days: float
    releases: tuple[ReleaseReplay, ...]
    """Oldest first."""
    gaps: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Does it tell nothing at all?"""
        return not any(one.judged for one in self.releases)


class BakeReplay(_Table, frozen=True, kw_only=True):
    """What the plan would have done with one recorded bake."""

    bake_id: str
    ending: Ending
    """How it really ended."""
    fired: tuple[str, ...] = ()
    """The triggers that really fired first."""
    fired_at: float | None = None
    """Minutes after the bake began."""
    now: tuple[str, ...] = ()
    """The triggers that would have fired first."""
    now_at: float | None = None
    culprits: tuple[str, ...] = ()
    """What would have carried them."""
    looks: int = 0
    """So many were weighed again; none when it never went live."""
    unanswered: tuple[str, ...] = ()
    """Checks that the recording does not answer: they were not asked then, or asked otherwise."""


class BakesReplay(_Replay, frozen=True, kw_only=True, tag="bakes"):
    """A plan against the recorded bakes."""

    bakes: tuple[BakeReplay, ...]

    @property
    def empty(self) -> bool:
        """Does it tell nothing at all?"""
        return not any(one.looks for one in self.bakes)


Replayed = Replay | ReleasesReplay | BakesReplay
