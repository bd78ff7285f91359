"""One case: a release, its plan, the world around it and the record of what happened."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from bakewatch.errors import PortError
from bakewatch.model.bake import latest_runs
from bakewatch.model.forge import COMMAND, Trace
from bakewatch.model.notice import Notice
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.model.rollback import Layer
from bakewatch.model.timeline import (
    Asked,
    Closed,
    Concluded,
    Event,
    Fired,
    Looked,
    Notified,
    Opened,
    RolledBack,
    Weighed,
)
from bakewatch.model.verdict import Ending
from bakewatch.ports import Runtime, World

E = TypeVar("E", bound=Event)

TELLINGS = 5
"""So often people are told when it cannot be delivered."""


class Delivered(Struct, frozen=True):
    """How a notification went."""

    problem: str = ""
    permanent: bool = False
    """Trying again cannot help."""


@dataclass
class Case:
    """Everything the story needs at hand. The timeline in memory is rebuilt by replay after a crash."""

    world: World
    run: Runtime
    release: Release
    plan: Plan
    attempt: int = 1
    plan_from: str = "parent"
    replayed: datetime | None = None
    """When the plan was last replayed over history."""
    left: Trace | None = None
    """What an earlier attempt has shown, whose record is not here."""
    timeline: list[Event] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The identity of this attempt."""
        return self.release.bake_id if self.attempt == 1 else f"{self.release.bake_id}~{self.attempt}"

    @property
    def tag(self) -> str:
        """What marks our own traffic and data."""
        return f"bw-{self.release.commit[:12]}-{self.attempt}"

    def next_look(self, due: datetime, now: datetime) -> datetime:
        """When to look again after the look that was *due*: on the beat, or at once when it is late.

        Never later than one beat from *now*: a clock that was set back must not stall the watch.
        """
        every = self.plan.span(self.plan.bake.look_every)
        return min(max(due + every, now), now + every)

    def note(self, event: Event) -> None:
        """Append *event* to the record."""
        self.run.publish(event)
        self.timeline.append(event)

    def open(self) -> None:
        """Begin the record."""
        self.note(
            Opened(
                at=self.run.now(),
                release=self.release,
                plan=self.plan,
                attempt=self.attempt,
                plan_from=self.plan_from,
                replayed=self.replayed,
                left=self.left,
            )
        )

    def close(self, ending: Ending, reason: str = "") -> Ending:
        """Clean up after our journeys, tell people, and end the case."""
        self.run.step("sweep", Delivered, self._sweep)
        for left in range(TELLINGS, 0, -1):
            if self.tell(ending.value) or left == 1:
                break
            self.run.wait_until(self.run.now() + self.plan.span(self.plan.undo.retry_every))
        self.note(Closed(at=self.run.now(), ending=ending, reason=reason))
        return ending

    def tell(self, transition: str) -> bool:
        """Notify about *transition*, and note whether that worked. Is there nothing left to try?"""
        notice = self._notice(transition)

        def deliver() -> Delivered:
            try:
                self.world.notifier.notify(notice)
            except PortError as error:
                return Delivered(problem=error.code, permanent=error.permanent)
            return Delivered()

        delivered = self.run.step(f"notify {transition}", Delivered, deliver)
        self.note(Notified(at=self.run.now(), transition=transition, problem=delivered.problem))
        return not delivered.problem or delivered.permanent

    def _sweep(self) -> Delivered:
        self.world.journeys.sweep(self.tag)
        return Delivered()

    def _notice(self, transition: str) -> Notice:
        fired, asked, concluded = self._last(Fired), self._last(Asked), self._last(Concluded)
        attempts = (event for event in reversed(self.timeline) if isinstance(event, RolledBack))
        undone = next((one for one in attempts if one.rollback.layer is Layer.GIT), None)
        link = undone.rollback.link if undone is not None and "://" in undone.rollback.link else ""
        questions = sum(isinstance(event, Asked) for event in self.timeline)
        key = f"{transition}-{questions}" if transition == "asked" and questions > 1 else transition
        culprits = fired.culprits if fired else ()
        weighed = self._last(Weighed)
        runs = latest_runs(event for event in self.timeline if isinstance(event, Looked))
        return Notice(
            key=f"{self.id}#{key}",
            transition=transition,
            bake_id=self.id,
            service=self.plan.service.name,
            commit=self.release.commit,
            at=self.run.now(),
            pulls=self.release.pulls,
            triggers=fired.triggers if fired else (),
            reasons=(fired.leave.reasons if fired else ()) + (concluded.verdict.reasons if concluded else ()),
            evidence=tuple(one for one in (weighed.evidence if weighed else ()) if f"check:{one.check}" in culprits),
            walks=tuple(run for name, run in runs.items() if f"journey:{name}" in culprits),
            revert=undone.rollback.commit if undone else "",
            link=link,
            approve=f"bakewatch approve {self.id}" if transition == "asked" else "",
            comment=f"{COMMAND} approve" if transition == "asked" and self.world.forge and self.release.pulls else "",
            until=asked.until if asked and transition == "asked" else None,
        )

    def _last(self, kind: type[E]) -> E | None:
        return next((event for event in reversed(self.timeline) if isinstance(event, kind)), None)
