"""The report of a case: a pure projection of its timeline, still without a language.

Codes, numbers and the plan's own words; the renderers turn it into Markdown and HTML in a language. Its JSON is the
published form. Every box of the printed report has a `Standing`, and only an unfinished case has open ones.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from bakewatch.model.chart import Chart
from bakewatch.model.foresight import Foresight
from bakewatch.model.habit import Habit
from bakewatch.model.hosting import Prospect, Told
from bakewatch.model.journey import JourneyRun
from bakewatch.model.plan import Mode, Rule
from bakewatch.model.release import Deployment, Release, Sighting
from bakewatch.model.rollback import Rollback
from bakewatch.model.text import CleanText, Words
from bakewatch.model.timeline import Confirmation
from bakewatch.model.verdict import Ending, Evidence, Outcome, Permission, Reason


class Stage(StrEnum):
    """How far a case has come."""

    CONFIRMING = "confirming"
    BAKING = "baking"
    ASKING = "asking"
    """A person was asked; the watch goes on."""
    UNDOING = "undoing"
    FINAL = "final"


class Standing(StrEnum):
    """The answer of one box. `RUNNING` alone leaves it open."""

    OK = "ok"
    FAILED = "failed"
    UNSURE = "unsure"
    """It was watched, but what was seen cannot carry a pass."""
    BLIND = "blind"
    CUT_SHORT = "cut_short"
    """Nothing was found until the bake ended early."""
    NOT_REACHED = "not_reached"
    RUNNING = "running"


class Unit(StrEnum):
    """What a check's count is told against."""

    SHARE = "share"
    EACH = "each"
    """Events for each one that `of` matches: may be more than one."""
    MINUTE = "minute"
    """Events for each minute of the plan."""


class Tone(StrEnum):
    """How an event of the timeline should feel."""

    OK = "ok"
    BAD = "bad"
    WARN = "warn"
    WAIT = "wait"
    INFO = "info"


class _Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the report."""


class Second(_Part, frozen=True, kw_only=True):
    """What the second query counted over the whole time since the deploy, before anything was done."""

    count: int = 0
    of: int = 0
    own: int = 0
    gap: str = ""


class CheckReport(_Part, frozen=True, kw_only=True):
    """One check: its question, its answer and how much could have been seen."""

    name: str
    title: Words
    rule: Rule
    stream: str
    looked: Words
    unit: Unit
    required: bool
    standing: Standing
    reasons: tuple[Reason, ...] = ()
    evidence: Evidence | None = None
    upper: float | None = None
    """When nothing was counted: with 95 % confidence the true share (or rate per minute) is below this."""
    habit: Habit | None = None
    """What a longer history tells of its counts; None when they are not compared."""
    foresight: Foresight | None = None
    """What it was going to see, as it was said before the bake."""
    second: Second | None = None
    amplification: str = ""
    """The name of the check whose growth is told as traffic amplification."""
    chart: Chart | None = None
    """None when nothing was answered."""


class JourneyReport(_Part, frozen=True, kw_only=True):
    """One journey: how often it was walked and how that ended."""

    name: str
    persona: str
    title: Words
    scenario: Words
    required: bool
    standing: Standing
    reasons: tuple[Reason, ...] = ()
    passed: int = 0
    failed: int = 0
    unwalked: int = 0
    last: JourneyRun | None = None
    """The last walk that says something."""
    broken: JourneyRun | None = None
    """The first walk that failed."""


class Expectation(_Part, frozen=True, kw_only=True):
    """One declared fact beside the observed one."""

    name: str
    asks: Words
    expected: int | bool | str
    observed: int | bool | str | None = None


class PolicyReport(_Part, frozen=True, kw_only=True):
    """A declared policy beside the behaviour that its journey observed."""

    name: str
    title: Words
    text: tuple[Words, ...]
    journey: str
    standing: Standing
    expectations: tuple[Expectation, ...] = ()
    at: datetime | None = None


class CriterionReport(_Part, frozen=True, kw_only=True):
    """One criterion of the definition of done. Without an `id`: everything that belongs to no criterion."""

    id: str
    number: int
    title: Words
    item: Words
    standing: Standing
    keywords: tuple[str, ...] = ()
    checks: tuple[CheckReport, ...] = ()
    journeys: tuple[JourneyReport, ...] = ()
    policies: tuple[PolicyReport, ...] = ()
    at: datetime | None = None
    """When it was answered."""


class TriggerReport(_Part, frozen=True, kw_only=True):
    """One trigger: `FAILED` says that it fired, `OK` that it did not and that this could be seen."""

    name: str
    title: Words
    standing: Standing
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    at: datetime | None = None


class LiveReport(_Part, frozen=True, kw_only=True):
    """Does production serve the commit?"""

    awaited: str
    confirmation: Confirmation | None = None
    """None: still waiting."""
    live_since: datetime | None = None
    at: datetime | None = None
    """When the wait ended."""
    deployments: tuple[Deployment, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    """The last answers that differed from the ones before."""
    times: int = 0
    """How often in a row every address had to answer with it."""
    every_seconds: float = 0.0
    waited_minutes: float = 0.0
    told: Told | None = None
    """What the platform said of it last; None without a platform to ask."""


class BakeReport(_Part, frozen=True, kw_only=True):
    """How long was watched. Minutes are the plan's; `minute_seconds` says how long one is on the clock."""

    planned_minutes: float
    minute_seconds: float
    started: datetime | None = None
    ends: datetime | None = None
    ended: datetime | None = None
    watched_minutes: float = 0.0
    extended_minutes: float = 0.0
    looks: int = 0
    cut_short: bool = False
    """It ended before the planned time was over."""


class ProofReport(_Part, frozen=True, kw_only=True):
    """Was what failed seen to pass after the undo?"""

    at: datetime
    since: datetime
    cured: bool
    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """Of the checks that had failed."""
    journeys: tuple[JourneyRun, ...] = ()


class UndoReport(_Part, frozen=True, kw_only=True):
    """Whether the release had to be undone, who decided it, what was done and how that was proved."""

    mode: Mode
    needed: bool | None = None
    """None: it could not be judged, or not yet."""
    permission: Permission | None = None
    reasons: tuple[Reason, ...] = ()
    """Why it could not act at once."""
    fired_at: datetime | None = None
    asked_at: datetime | None = None
    asked_until: datetime | None = None
    answered_at: datetime | None = None
    approved: bool | None = None
    by: CleanText = CleanText("")
    why: CleanText = CleanText("")
    prospect: Prospect | None = None
    """What the rollback oracle said; None without a platform to ask."""
    back: Rollback | None = None
    """The platform's part: production serves an earlier deployment again."""
    back_live: Confirmation | None = None
    """Was that seen at every address?"""
    back_since: datetime | None = None
    unpin: Rollback | None = None
    """Production was let go on from the revert's deployment, or not."""
    attempts: int = 0
    done: Rollback | None = None
    refusal: Reason | None = None
    link: str = ""
    live: LiveReport | None = None
    """Is the undo live?"""
    proof: ProofReport | None = None
    commands: tuple[str, ...] = ()
    """What undoes this release by hand."""


class BrokenReport(_Part, frozen=True, kw_only=True):
    """How long production was broken: from the first bad event until the proved undo was live."""

    since: datetime
    until: datetime | None = None
    """None: it was not restored."""


class Finding(_Part, frozen=True, kw_only=True):
    """Something a person should see. It decides nothing."""

    reason: Reason
    at: datetime | None = None
    until: datetime | None = None


class Moment(_Part, frozen=True, kw_only=True):
    """One line of the timeline."""

    code: str
    tone: Tone
    at: datetime | None = None
    """None: never reached, or not yet."""
    about: tuple[str, ...] = ()
    """Codes or references such as `check:NAME`, `criterion:ID`."""
    detail: str = ""


class Report(_Part, frozen=True, kw_only=True):
    """Everything that a report says, in the order in which it says it."""

    version: int = 1
    bake_id: str
    attempt: int
    service: str
    author: str
    timezone: str
    stage: Stage
    ending: Ending | None = None
    reason: str = ""
    """Why it ended so, as a code."""
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()
    updated: datetime
    time_scale: float = 1.0
    generated_history: bool = False
    record_lost: bool = False
    plan_from: str = "parent"
    replayed: datetime | None = None
    """When the plan was last replayed over history."""
    release: Release
    live: LiveReport
    bake: BakeReport
    streams: dict[str, Words] = field(default_factory=dict)
    """What the streams are called."""
    criteria: tuple[CriterionReport, ...] = ()
    others: CriterionReport | None = None
    triggers: tuple[TriggerReport, ...] = ()
    undo: UndoReport
    broken: BrokenReport | None = None
    findings: tuple[Finding, ...] = ()
    moments: tuple[Moment, ...] = ()
