"""Everything that is decided before looking. Parsed once, recorded with the bake; a resume uses the recorded one."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from bakewatch.model.observation import Question
from bakewatch.model.text import Words

Duration = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(s|m|h|d)(?!\s)$", examples=["30m", "10s"])]
"""A number and its unit: `s`, `m`, `h` or `d`."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?!\s)$")]
"""The end of the pattern refuses a newline, before which `$` would match too."""

_UNIT = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: Duration) -> float:
    """*duration* in seconds; no `time_scale` is applied."""
    return float(duration[:-1]) * _UNIT[duration[-1]]


class Mode(StrEnum):
    """What happens when a trigger fires: undo at once, ask a person, or only say so."""

    AUTO = "auto"
    ASK = "ask"
    OFF = "off"


class Rule(StrEnum):
    """How a check's numbers become evidence."""

    ZERO = "zero"
    PROPORTION = "proportion"
    VOLUME = "volume"
    FLOOR = "floor"
    SLOWER = "slower"
    AMPLIFICATION = "amplification"
    NOVELTY = "novelty"


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the plan: unknown keys are errors."""


class Service(_Table, frozen=True, kw_only=True):
    """Who is watched, for whom."""

    name: str
    timezone: str = "UTC"
    author: str = "bakewatch"
    language: Literal["en", "ko"] = "en"
    """Of what is published at pull requests."""


class Confirm(_Table, frozen=True, kw_only=True):
    """When a commit counts as live."""

    times: Annotated[int, Meta(ge=1, le=20)] = 3
    every: Duration = "5s"
    within: Duration = "20m"


class Bake(_Table, frozen=True, kw_only=True):
    """How long, and how often."""

    duration: Duration = "30m"
    look_every: Duration = "30s"
    journeys_every: Duration = "10m"
    extension: Duration = "15m"
    """By how much blindness may lengthen the bake, at most."""
    bucket: Duration = "10s"
    settle: Duration = "60s"
    """Until a stream's lateness is known, only buckets older than this are judged."""
    lateness: Duration = "2m"
    """How far back each look reads again, for lines that arrive late."""
    warm_up: Duration = "90s"
    """Comparative rules leave out the first moments after a deploy."""
    false_alarm_rate: Annotated[float, Meta(gt=0, le=0.2)] = 0.01
    """The chance of a false alarm per release, over all checks and all looks."""
    minimum_seen: Annotated[float, Meta(gt=0, le=1)] = 0.8
    """The share of planned minutes that a required check must have seen."""


class Undo(_Table, frozen=True, kw_only=True):
    """Whether and how a harmful release is undone."""

    mode: Mode = Mode.ASK
    answer_within: Duration = "30m"
    """How long a question to a person stays open."""
    retry_every: Duration = "30s"
    retry_within: Duration = "10m"
    """How long an undo that met trouble is tried again."""
    live_within: Duration = "20m"
    proof: Duration = "5m"
    migrations: tuple[str, ...] = ("supabase/migrations/", "migrations/", "prisma/migrations/", "alembic/versions/")
    """A release that touches a path with one of these prefixes is never undone without asking."""


class Stream(_Table, frozen=True, kw_only=True):
    """One stream of a source (a value of the `source` column) and how bakewatch proves that it flows."""

    source: Name
    title: Words = ""
    looked: Words = ""
    """Where a person would look, for the report."""
    own: str = ""
    """Marks our own traffic."""
    canary: str = ""
    """Marks our canary lines. Without one the stream is *unproven*."""
    actor: str = ""
    """The signed-in user of a line; only distinct counts leave the source."""
    healthy: str = ""
    """Marks a signed-in user's calls that succeed."""
    measured: bool = False
    """The source measures by itself (database statistics): an answer is a sighting, no canary is needed."""


class Check(_Table, frozen=True, kw_only=True):
    """A named question with the rule that weighs its answer."""

    name: Name
    stream: Name
    rule: Rule
    title: Words = ""
    criterion: str = ""
    where: str = ""
    """What is counted: one boolean expression (or, for a source without SQL, the name of a measure). Of rule `novelty`
    by default: what the source takes for an error."""
    of: str = ""
    """What it is a share of; without it, of time."""
    of_stream: str = ""
    value: str = ""
    """For `slower`: how long a request took, a number."""
    distinct: bool = False
    """Count each signed-in actor once per bucket: somebody who tries again and again is one who is hurt."""
    required: bool | None = None
    """Must it have seen enough for a pass? Default: yes, when a trigger names it."""
    sees: float | None = None
    """The share (or rate per minute) that it must be able to find. Default: 1 % of what `of` counts."""
    minimum_ratio: Annotated[float, Meta(ge=1)] = 2.0
    minimum_extra: Annotated[int, Meta(ge=0)] = 5
    public: bool = True
    """Can someone who is not signed in provoke the event? Then it may only ask, until a journey confirms it."""
    amplification: str = ""
    """The name of a volume check whose growth the report tells as traffic amplification."""


class Criterion(_Table, frozen=True, kw_only=True):
    """One criterion of the definition of done, as the report tells it."""

    id: Name
    title: Words
    item: Words = ""
    """What is to be made sure of."""
    keywords: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    journeys: tuple[str, ...] = ()


class Persona(_Table, frozen=True, kw_only=True):
    """An identity that journeys are walked with. Secrets are names of environment variables."""

    email: str = ""
    password_env: str = ""


class Journey(_Table, frozen=True, kw_only=True):
    """A pytest module beside the plan that walks one persona through the live application."""

    name: Name
    persona: Name
    file: str
    """Relative to the plan."""
    title: Words = ""
    scenario: Words = ""
    required: bool = True
    timeout: Duration = "60s"


class Policy(_Table, frozen=True, kw_only=True):
    """A declared policy, to be set beside the behaviour that a journey observed."""

    name: Name
    title: Words
    text: tuple[Words, ...] = ()
    journey: Name
    expects: dict[str, int | bool | str] = field(default_factory=dict)
    asks: dict[str, Words] = field(default_factory=dict)
    """What each expected fact asks, in words, for the report."""


class Trigger(_Table, frozen=True, kw_only=True):
    """Demands a rollback when all of `all` and one of `any` hold. Items: `check:NAME` or `journey:NAME`."""

    name: Name
    title: Words = ""
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that the trigger looks at."""
        return self.all + self.any


class Plan(_Table, frozen=True, kw_only=True):
    """Everything that is decided before looking."""

    service: Service
    confirm: Confirm = Confirm()
    bake: Bake = Bake()
    undo: Undo = Undo()
    streams: dict[Name, Stream] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    personas: dict[str, Persona] = field(default_factory=dict)
    journeys: tuple[Journey, ...] = ()
    policies: tuple[Policy, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    time_scale: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """Multiplies every duration, for demonstrations; every output says so."""
    generated_history: bool = False
    """The history before the deploy was made by a load generator; every output says so."""

    def span(self, duration: Duration) -> timedelta:
        """*duration* as time on the clock, `time_scale` applied."""
        return timedelta(seconds=seconds(duration) * self.time_scale)

    @property
    def minute(self) -> timedelta:
        """One minute of the plan on the clock."""
        return self.span("1m")

    def check(self, name: str) -> Check:
        """The check called *name*; `KeyError` when there is none."""
        return next(check for check in self.checks if check.name == name)

    def required(self, check: Check) -> bool:
        """Must *check* have seen enough for a pass?"""
        if check.required is not None:
            return check.required
        return any(f"check:{check.name}" in trigger.names for trigger in self.triggers)

    def source_of(self, question: Question) -> str:
        """The name of the source that answers *question*."""
        return self.streams[question.stream].source

    def questions(self) -> tuple[Question, ...]:
        """What the sources are asked at every look: each check, and each stream's canary."""
        asked = [self.question(check) for check in self.checks]
        asked += [
            Question(name=canary_name(name), stream=name, where=stream.canary)
            for name, stream in self.streams.items()
            if stream.canary
        ]
        return tuple(asked)

    def question(self, check: Check) -> Question:
        """What a source needs to know of *check*."""
        stream, other = self.streams[check.stream], check.of_stream or check.stream
        return Question(
            name=check.name,
            stream=check.stream,
            where=check.where,
            of=check.where if check.rule is Rule.SLOWER else check.of,
            of_stream=other,
            own=stream.own,
            of_own=self.streams[other].own,
            actor=stream.actor,
            of_actor=self.streams[other].actor,
            healthy=stream.healthy,
            value=check.value,
            distinct=check.distinct,
            spread=check.rule is Rule.AMPLIFICATION,
            signatures=check.rule is Rule.NOVELTY,
            grain=self.span(self.bake.bucket).total_seconds(),
        )


def canary_name(stream: str) -> str:
    """The name of the question that counts *stream*'s canaries."""
    return f"canary:{stream}"
