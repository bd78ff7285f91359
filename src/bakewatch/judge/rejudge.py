"""A recorded bake judged again, look by look, with another plan."""

from msgspec import structs

from bakewatch.judge.rules import weigh
from bakewatch.judge.triggers import FiredTrigger, fired
from bakewatch.model.bake import Watch, begin
from bakewatch.model.observation import Observation, Question
from bakewatch.model.plan import Plan
from bakewatch.model.replay import BakeReplay
from bakewatch.model.timeline import (
    Baselined,
    Closed,
    Concluded,
    Confirmation,
    Confirmed,
    Extended,
    Fired,
    Looked,
    Opened,
    Prewalked,
    Studied,
    Timeline,
    Weighed,
)


def rejudge(case_id: str, plan: Plan, timeline: Timeline) -> BakeReplay:
    """What *plan* would have done with the bake of a closed case; it runs in the time scale of the recording.

    A check is answered by the recording when it was asked the same then. Journeys are as they were walked: one that
    was not walked through the previous deployment then is not now. `ValueError` when *timeline* is not a closed case.
    """
    opened, closed = timeline[0], timeline[-1]
    if not isinstance(opened, Opened) or not isinstance(closed, Closed):
        raise ValueError("a closed case begins with Opened and ends with Closed")
    again = _Again(structs.replace(plan, time_scale=opened.plan.time_scale), opened)
    for place, event in enumerate(timeline):
        if isinstance(event, Concluded):
            break
        again.take(timeline, place)
    again.judge()
    really = next((event for event in timeline if isinstance(event, Fired)), None)
    watch = again.watch
    return BakeReplay(
        bake_id=case_id,
        ending=closed.ending,
        fired=really.triggers if really is not None else (),
        fired_at=(really.at - watch.started) / again.plan.minute if really is not None and watch is not None else None,
        now=tuple(one.trigger for one in again.fired),
        now_at=again.fired_at,
        culprits=tuple(sorted({name for one in again.fired for name in one.culprits})),
        looks=len(watch.looks) if watch is not None else 0,
        unanswered=again.unanswered,
    )


class _Again:
    """The watch as it was, with the other plan."""

    def __init__(self, plan: Plan, opened: Opened) -> None:
        self.plan, self.opened = plan, opened
        self.watch: Watch | None = None
        self.fired: tuple[FiredTrigger, ...] = ()
        self.fired_at: float | None = None
        self.due: Weighed | None = None
        """What was weighed last, and is yet to be judged: a journey may be walked elsewhere before it is."""
        self.baselined: Baselined | None = None
        self.studied: Studied | None = None
        known = {one.name: opened.plan.question(one) for one in opened.plan.checks}
        asked = {one.name: plan.question(one) for one in plan.checks}
        self.alike = {name for name, one in asked.items() if name in known and _same(one, known[name])}

    @property
    def unanswered(self) -> tuple[str, ...]:
        """Checks of the plan to which no look has an answer."""
        looks = self.watch.looks if self.watch is not None else ()
        answered = {one.question for look in looks for one in look.observations if not one.gap}
        return tuple(check.name for check in self.plan.checks if check.name not in answered)

    def take(self, timeline: Timeline, place: int) -> None:
        """Go on with one event."""
        event, watch = timeline[place], self.watch
        if isinstance(event, Confirmed) and event.confirmation is Confirmation.LIVE and not event.undo:
            self.watch = begin(self.plan, self.opened.release, timeline[:place], event.at, event)
        elif isinstance(event, Baselined):
            self.baselined = event
        elif isinstance(event, Studied):
            self.studied = event
        elif watch is not None and isinstance(event, Prewalked):
            self.watch = structs.replace(watch, before=(*watch.before, event.run))
        elif watch is not None and isinstance(event, Extended):
            self.watch = structs.replace(watch, ends=max(watch.ends, event.until))
        elif watch is not None and isinstance(event, Looked):
            self.judge()
            look = structs.replace(event, observations=self._answers(event.observations))
            self.watch = structs.replace(watch, looks=(*watch.looks, look))
        elif isinstance(event, Weighed):
            self.due = event

    def judge(self) -> None:
        """Weigh what was due, unless something fired before or the plan's bake is over."""
        due, watch, self.due = self.due, self.watch, None
        if due is None or watch is None or self.fired or watch.looks[-1].at > watch.ends + self.plan.minute:
            return
        known = structs.replace(
            watch,
            baseline=self._answers(self.baselined.observations) if self.baselined is not None else (),
            levels=self.baselined.levels if self.baselined is not None else {},
            habits={name: one for name, one in self.studied.habits.items() if name in self.alike}
            if self.studied is not None
            else {},
        )
        self.fired = fired(known, weigh(known, due.at), known.latest_runs())
        self.fired_at = (due.at - watch.started) / self.plan.minute if self.fired else None

    def _answers(self, observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
        """Those that answer what the plan asks; canaries are no checks."""
        return tuple(one for one in observations if ":" in one.question or one.question in self.alike)


def _same(one: Question, other: Question) -> bool:
    """Is it the same question? How finely actions are told apart matters only where they are."""
    if not one.distinct and not one.spread:
        one, other = (structs.replace(each, grain=0.0) for each in (one, other))
    return one == other
