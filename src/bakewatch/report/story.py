"""A timeline sorted into the parts of the story that the report tells."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bakewatch.model.hosting import Told
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.model.report import Stage
from bakewatch.model.rollback import Layer
from bakewatch.model.timeline import (
    Answered,
    Asked,
    Baselined,
    Closed,
    Concluded,
    Confirmation,
    Confirmed,
    Event,
    Extended,
    Fired,
    Foreseen,
    Interrupted,
    Looked,
    Notified,
    Opened,
    Proved,
    Published,
    Refused,
    RolledBack,
    Sighted,
    Studied,
    Timeline,
    Weighed,
    is_asking,
)
from bakewatch.model.verdict import Outcome


@dataclass
class Phase:
    """One watch: of the release, or of its undo."""

    baselined: Baselined | None = None
    """The history that was read last."""
    studied: Studied | None = None
    foreseen: Foreseen | None = None
    looks: list[Looked] = field(default_factory=list)
    weighed: Weighed | None = None
    """The last one."""
    sighted: Sighted | None = None
    """The last answer that differed from the one before, while we waited."""
    told: Told | None = None
    """What the platform said last."""
    confirmed: Confirmed | None = None

    @property
    def pinned(self) -> datetime | None:
        """Since when the platform says that production is held; not where that was over when it was seen live."""
        if self.told is None or not self.told.pinned:
            return None
        live = self.confirmed is not None and self.confirmed.confirmation is Confirmation.LIVE
        elsewhere = self.told.deployment is None or self.told.pinned != self.told.deployment.id
        return None if live and elsewhere else self.told.at


@dataclass
class Story:
    """Everything that happened, each kind in its place. What comes after `concluded` belongs to the undo."""

    opened: Opened
    timeline: Timeline
    now: datetime
    """The moment up to which the story is told."""
    bake: Phase = field(default_factory=Phase)
    proof: Phase = field(default_factory=Phase)
    fired: list[Fired] = field(default_factory=list)
    extended: list[Extended] = field(default_factory=list)
    interrupted: list[Interrupted] = field(default_factory=list)
    rolled_back: list[RolledBack] = field(default_factory=list)
    notified: list[Notified] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    back: Confirmed | None = None
    """Production was seen, or not, to serve the earlier deployment again."""
    asked: Asked | None = None
    answered: Answered | None = None
    refused: Refused | None = None
    concluded: Concluded | None = None
    proved: Proved | None = None
    closed: Closed | None = None

    @property
    def plan(self) -> Plan:
        """The recorded plan."""
        return self.opened.plan

    @property
    def release(self) -> Release:
        """The release under watch."""
        return self.opened.release

    @property
    def stage(self) -> Stage:
        """How far it has come."""
        if self.closed is not None:
            return Stage.FINAL
        if is_asking(self.timeline):
            return Stage.ASKING
        if self.concluded is not None:
            return Stage.UNDOING if self.concluded.verdict.outcome is Outcome.FAIL else Stage.BAKING
        return Stage.BAKING if self.live else Stage.CONFIRMING

    @property
    def final(self) -> bool:
        """Nothing more will happen."""
        return self.closed is not None

    @property
    def live(self) -> bool:
        """Production was seen to serve the release."""
        confirmed = self.bake.confirmed
        return confirmed is not None and confirmed.confirmation is Confirmation.LIVE

    @property
    def started(self) -> datetime | None:
        """When the planned minutes began."""
        return self.bake.confirmed.at if self.bake.confirmed is not None and self.live else None

    @property
    def ends(self) -> datetime | None:
        """When they end, extension included."""
        if self.started is None:
            return None
        return self.extended[-1].until if self.extended else self.started + self.plan.span(self.plan.bake.duration)

    @property
    def ended(self) -> datetime | None:
        """When the watch over the release ended."""
        if self.started is None:
            return None
        over = self.concluded or self.closed
        return over.at if over is not None else None

    @property
    def cut_short(self) -> bool:
        """It ended before the planned time was over."""
        return self.ended is not None and self.ends is not None and self.ended < self.ends

    @property
    def culprits(self) -> frozenset[str]:
        """What carried fired triggers: `check:NAME`, `journey:NAME`."""
        told = self.concluded.verdict.reasons if self.concluded is not None else ()
        fired = {culprit for event in self.fired for culprit in event.culprits}
        return frozenset(fired | {one.about for one in told if one.code == "fired"})

    @property
    def pinned(self) -> datetime | None:
        """Since when production is held at an earlier deployment, so that what is merged does not go live; None: it is
        not, as far as is known."""
        moves = [one.rollback for one in self.rolled_back if one.rollback.layer is not Layer.GIT]
        # Somebody else's move ends the hold as well as ours does.
        done = [one for one in moves if one.problem in ("", "moved_on")]
        if done and done[-1].layer is Layer.PLATFORM:
            return done[-1].at
        return (self.proof if self.proof.told is not None else self.bake).pinned

    def minutes(self, span: timedelta) -> float:
        """*span* on the clock in minutes of the plan."""
        return span / self.plan.minute


def read(timeline: Timeline, now: datetime | None = None) -> Story:
    """Sort *timeline*. `ValueError` when it does not begin with `Opened`."""
    if not timeline or not isinstance(timeline[0], Opened):
        raise ValueError("a timeline begins with Opened")
    last = max(event.at for event in timeline)
    over = any(isinstance(event, Closed) for event in timeline)
    story = Story(opened=timeline[0], timeline=timeline, now=last if over or now is None else max(now, last))
    for event in timeline[1:]:
        _sort(story, event)
    return story


def _sort(story: Story, event: Event) -> None:
    phase = story.bake if story.concluded is None else story.proof
    if isinstance(event, Looked):
        phase.looks.append(event)
    elif isinstance(event, Weighed):
        phase.weighed = event
    elif isinstance(event, Baselined):
        phase.baselined = event
    elif isinstance(event, Studied):
        phase.studied = event
    elif isinstance(event, Foreseen):
        phase.foreseen = event
    elif isinstance(event, Sighted):
        phase.sighted = event if event.sightings else phase.sighted
        phase.told = event.told or phase.told
    elif isinstance(event, Confirmed):
        if event.back:
            story.back = event
        else:
            (story.proof if event.undo else story.bake).confirmed = event
    else:
        _sort_rest(story, event)


_MANY = {
    Fired: "fired",
    Extended: "extended",
    Interrupted: "interrupted",
    RolledBack: "rolled_back",
    Notified: "notified",
    Published: "published",
}
_ONE = {
    Asked: "asked",
    Answered: "answered",
    Refused: "refused",
    Concluded: "concluded",
    Proved: "proved",
    Closed: "closed",
}


def _sort_rest(story: Story, event: Event) -> None:
    if type(event) in _MANY:
        getattr(story, _MANY[type(event)]).append(event)
    elif type(event) in _ONE:
        if isinstance(event, Asked):
            story.answered = None
        setattr(story, _ONE[type(event)], event)
