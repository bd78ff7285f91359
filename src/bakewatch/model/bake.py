"""One observation period over one deployment, as far as it has come."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct, field, structs

from bakewatch.model.habit import UNKNOWN, UNMEASURED, Habit, Novelty, Trust
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.observation import Observation, Question, Window
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.model.precedent import Precedent
from bakewatch.model.release import Relation, Release
from bakewatch.model.timeline import Confirmed, Event, Looked, Prewalked, Sighted

AWAY = frozenset({"unreachable", "restarted"})
"""The gaps of a measured stream that tell that what it measures, the database, was not there."""


class Watch(Struct, frozen=True, kw_only=True):
    """Everything a judge may look at."""

    plan: Plan
    release: Release
    live_since: datetime
    """t0: production first served the commit. Until `started` it is transition: only declared signatures count."""
    started: datetime
    """The commit was confirmed; the bake's planned minutes begin."""
    ends: datetime
    """The end, extension included."""
    past_until: datetime
    """The history ends here: before the release, or one that it inherits, can have been live."""
    baseline: tuple[Observation, ...] = ()
    """History before the deploy, in coarse buckets."""
    jumped: bool = False
    """Production came from another commit than the release's parent: more than the release was deployed with it."""
    levels: dict[str, float] = field(default_factory=dict)
    """What 95 % of the values stayed below before the deploy, by question."""
    habits: dict[str, Habit] = field(default_factory=dict)
    """How the counts of a check behave by themselves, by check; as far as that was studied."""
    precedents: tuple[Precedent, ...] = ()
    """Other times that were like this one."""
    before: tuple[JourneyRun, ...] = ()
    """Journeys walked while production did not serve the release yet."""
    looks: tuple[Looked, ...] = ()

    def questions(self) -> tuple[Question, ...]:
        """What the sources are asked at every look."""
        return tuple(self._learnt(one) for one in self.plan.questions())

    def question(self, check: Check) -> Question:
        """What a source needs to know of *check*."""
        return self._learnt(self.plan.question(check))

    def _learnt(self, question: Question) -> Question:
        """*question* with what was learnt before the deploy."""
        habit = self.habits.get(question.name, UNKNOWN)
        listed = question.signatures and habit.novelty is not None and habit.novelty.trust is not Trust.REFUSED
        known = habit.known if listed else None
        return structs.replace(question, above=self.levels.get(question.name), known=known)

    def habit(self, check: Check) -> Habit:
        """How the counts of *check* behave by themselves."""
        return self.habits.get(check.name, UNKNOWN)

    def novelty(self, check: Check) -> Novelty:
        """How often *check*, of rule `novelty`, would have fired by itself; refused while that was not measured."""
        return self.habit(check).novelty or UNMEASURED

    def zero_tolerance(self, check: Check) -> bool:
        """Does what *check* counts fail it without any comparison?"""
        return check.rule is Rule.ZERO or (check.rule is Rule.NOVELTY and self.novelty(check).trust is Trust.ACTS)

    def failed_before(self, run: JourneyRun) -> bool:
        """Did *run*'s journey fail at the same step, in the same way, without the release? Then it is not to blame."""
        return any(one.walked is Walked.FAILED and _alike(one, run) for one in self.before)

    def away(self) -> tuple[Window, ...]:
        """While what a measured stream counts was not there: from its last answer before to its first one after.

        Only what had answered can be missed; what was never reached says nothing.
        """
        names = [one.name for one in self.plan.checks if self.plan.streams[one.stream].measured]
        return tuple(span for name in names for span in self._away(name))

    def was_away(self, moment: datetime) -> bool:
        """Was what the release stands on missing then? What failed at that time says nothing about the release."""
        return any(span.start <= moment < span.end for span in self.away())

    def _away(self, name: str) -> Iterator[Window]:
        answered = self.started if any(one.question == name and not one.gap for one in self.baseline) else None
        missed: datetime | None = None
        for one in (one for look in self.looks for one in look.observations if one.question == name):
            if one.gap in AWAY:
                missed = missed or answered
            elif not one.gap:
                answered = one.window.end
                if missed is not None:
                    yield Window(missed, answered)
                missed = None
        if missed is not None:
            yield Window(missed, datetime.max.replace(tzinfo=missed.tzinfo))

    def latest_runs(self) -> dict[str, JourneyRun]:
        """The walk of each journey that counts now."""
        return latest_runs(self.looks)

    def runs(self, journey: str) -> list[JourneyRun]:
        """All walks of *journey*, in order."""
        return [run for look in self.looks for run in look.journeys if run.journey == journey]


def begin(plan: Plan, release: Release, timeline: Iterable[Event], at: datetime, live: Confirmed | None) -> Watch:
    """The watch over what *live* has just confirmed; without it, over what is to come *at* this moment.

    *timeline*: what happened before. History ends between the last answer without the release (or the merge) and the
    first one with it, lest the release's harm be taken for the normal state of things.
    """
    happened = tuple(timeline)
    since = at if live is None else live.live_since or at
    not_before = (live.not_before if live is not None else None) or release.merged_at
    return Watch(
        plan=plan,
        release=release,
        live_since=since,
        started=at,
        ends=at + plan.span(plan.bake.duration),
        past_until=min([since, not_before, *(one.merged_at for one in release.suspects)]),
        jumped=_jumped(release, happened),
        before=tuple(event.run for event in happened if isinstance(event, Prewalked)),
    )


def _jumped(release: Release, happened: Iterable[Event]) -> bool:
    """Was the last thing that production was seen to serve before the release something else than its parent?"""
    seen = [one for event in happened if isinstance(event, Sighted) for one in event.sightings]
    before = [one.commit for one in seen if one.relation is Relation.OLDER and one.commit]
    return bool(before) and not release.parent.startswith(before[-1])


def _alike(one: JourneyRun, other: JourneyRun) -> bool:
    """The same journey, the same step, the same answer."""
    return _end(one) == _end(other)


def _end(run: JourneyRun) -> tuple[str, str, int, str]:
    last = run.steps[-1] if run.steps else None
    return run.journey, run.failed_step, last.status if last else 0, last.code if last else ""


def latest_runs(looks: Iterable[Looked]) -> dict[str, JourneyRun]:
    """The last walk of each journey that could be walked; an unwalked one only when there is no other."""
    latest: dict[str, JourneyRun] = {}
    for look in looks:
        for run in look.journeys:
            if run.problem and run.journey in latest:
                continue
            latest[run.journey] = run
    return latest
