"""One observation period over one deployment, as far as it has come."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field, structs

from bakewatch.model.habit import UNKNOWN, UNMEASURED, Habit, Novelty, Trust
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.observation import Observation, Question
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.model.release import Release
from bakewatch.model.timeline import Looked


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

    def latest_runs(self) -> dict[str, JourneyRun]:
        """The walk of each journey that counts now."""
        return latest_runs(self.looks)

    def runs(self, journey: str) -> list[JourneyRun]:
        """All walks of *journey*, in order."""
        return [run for look in self.looks for run in look.journeys if run.journey == journey]


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
