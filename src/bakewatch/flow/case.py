"""One case: a release, its plan, the world around it and the record of what happened."""

from dataclasses import dataclass, field

from msgspec import Struct

from bakewatch.errors import PortError
from bakewatch.model.notice import Notice
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.model.timeline import Asked, Closed, Concluded, Event, Fired, Notified, Opened, RolledBack
from bakewatch.model.verdict import Ending
from bakewatch.ports import Runtime, World

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
    timeline: list[Event] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The identity of this attempt."""
        return self.release.bake_id if self.attempt == 1 else f"{self.release.bake_id}~{self.attempt}"

    @property
    def tag(self) -> str:
        """What marks our own traffic and data."""
        return f"bw-{self.release.commit[:12]}-{self.attempt}"

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
        fired = [event for event in self.timeline if isinstance(event, Fired)]
        asked = [event for event in self.timeline if isinstance(event, Asked)]
        verdicts = [event.verdict for event in self.timeline if isinstance(event, Concluded)]
        reverts = [event.rollback.commit for event in self.timeline if isinstance(event, RolledBack)]
        return Notice(
            key=f"{self.id}#{transition}",
            transition=transition,
            bake_id=self.id,
            service=self.plan.service.name,
            commit=self.release.commit,
            at=self.run.now(),
            pulls=self.release.pulls,
            triggers=fired[-1].triggers if fired else (),
            reasons=(fired[-1].leave.reasons if fired else ()) + (verdicts[-1].reasons if verdicts else ()),
            revert=reverts[-1] if reverts else "",
            approve=f"bakewatch approve {self.id}" if transition == "asked" else "",
            until=asked[-1].until if asked and transition == "asked" else None,
        )
