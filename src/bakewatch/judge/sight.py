"""What was seen, stream by stream and minute by minute, and how late lines come."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bakewatch.judge.canaries import Canaries, delays_of
from bakewatch.judge.series import Series, appearing, emptied, first_seen, fold
from bakewatch.model.bake import Watch
from bakewatch.model.habit import Trust
from bakewatch.model.observation import Window, to_ms
from bakewatch.model.plan import Check, Duration, Plan, Rule, canary_name
from bakewatch.model.verdict import Reason

ERRORS_IN_A_ROW = 5
ERROR_SHARE = 0.2
"""So many unanswered looks at the end, or such a share of all planned looks, are the same as blind."""
KNOWN_DELAYS = 3
"""So many canaries must have come back before a stream's lateness counts as known."""

Minutes = frozenset[int]
"""Numbers of minutes. Minute k runs from `started + k` minutes of the plan, and is cut off at the end of the watch."""


@dataclass(frozen=True)
class View:
    """What one check saw."""

    covered: Minutes
    """It was answered."""
    seen: Minutes
    """It was answered, and all its streams were proved to flow."""
    complete: Minutes
    """It was seen, and what came later was seen to have come: nothing of these minutes is still on its way."""
    blind: Minutes
    """It did not see them although their lines are overdue."""
    share: float
    """The share of the planned minutes that it saw; minutes of an extension make up for blind ones."""
    settle: int
    """How old a bucket must be before it is complete, in milliseconds."""
    unanswered: bool
    """Its source failed so often, or so lastingly, that the check is blind whatever it saw."""
    obstacles: tuple[Reason, ...]
    """Why it does not see (`provider_errors`, `unproven` or `blind`); nothing while it sees enough."""


class Sight:
    """A watch as of one moment. Only whole minutes count: the one that is still running was not seen yet."""

    def __init__(self, watch: Watch, now: datetime) -> None:
        self.watch, self.plan, self.now = watch, watch.plan, to_ms(now)
        self.started, self.ends = to_ms(watch.started), to_ms(watch.ends)
        self.minute = max(1, round(self.plan.minute.total_seconds() * 1000))
        starts = range(self.started, self.ends, self.minute)
        spans = ((start, min(start + self.minute, self.ends)) for start in starts)
        self.minutes = tuple(span for span in spans if span[1] <= self.now)
        self.gaps: dict[str, list[bool]] = defaultdict(list)
        """Of every question, look by look: was it not answered?"""
        for look in watch.looks:
            for one in look.observations:
                self.gaps[one.question].append(bool(one.gap))
        self.series: dict[str, Series] = fold(one for look in watch.looks for one in look.observations)
        self._leave_out(watch.away())
        self.past = fold(watch.baseline)
        for check in self.plan.checks:
            if check.rule is Rule.NOVELTY:
                self._tell_new(check)
        self.canaries = {stream: Canaries.of(self.watch, stream, self.series) for stream in self.plan.streams}
        self.seen = {stream: self._seen(stream) for stream in self.plan.streams}
        self.complete = {stream: self._complete(stream) for stream in self.plan.streams}
        self.settle = {stream: self._settle(stream) for stream in self.plan.streams}

    def _leave_out(self, spans: Iterable[Window]) -> None:
        """Forget what the checks counted in *spans*: these minutes were not seen."""
        for start, end in ((to_ms(span.start), to_ms(span.end)) for span in spans):
            for check in self.plan.checks:
                cells = self.series.get(check.name, ())
                self.series[check.name] = tuple(one for one in cells if one.end <= start or one.start >= end)

    def _tell_new(self, check: Check) -> None:
        """What *check* counts: events of new signatures, or where only their number counts, the signatures.

        One that came during the warm-up counts where it is seen again: what only a restart says is not the release's.
        """
        trust, name = self.watch.novelty(check).trust, check.name
        here, past = self.series.get(name, ()), self.past.get(name, ())
        if trust is Trust.ACTS:
            self.past[name] = emptied(past)
        elif trust is Trust.COUNTS:
            judged_from = self.started + self.span(self.plan.bake.warm_up)
            self.series[name] = appearing(here, judged_from)
            self.past[name] = first_seen(past, self.watch.habit(check).firsts)

    @property
    def planned(self) -> int:
        """How many minutes were planned: the plan's duration, or the whole watch when that is shorter."""
        return max(1, -(-min(self.span(self.plan.bake.duration), self.ends - self.started) // self.minute))

    def span(self, duration: Duration) -> int:
        """*duration* of the plan, in milliseconds on the clock."""
        return round(self.plan.span(duration).total_seconds() * 1000)

    def minute_of(self, at: int) -> int:
        """The number of the minute in which *at* lies; negative before the watch."""
        return (at - self.started) // self.minute

    def view(self, check: Check) -> View:
        """What *check* saw."""
        streams = streams_of(check)
        covered = self._covered(check.name)
        seen = covered.intersection(*(self.seen[stream] for stream in streams))
        complete = seen.intersection(*(self.complete[stream] for stream in streams))
        settle = max(self.settle[stream] for stream in streams)
        due = (number for number, (_, end) in enumerate(self.minutes) if end + settle <= self.now)
        blind = frozenset(due) - seen
        share = min(1.0, len(seen) / self.planned)
        unanswered = self._unanswered(check.name)
        obstacles: tuple[Reason, ...] = ()
        code = self._obstacle(streams, len(seen), len(blind), share)
        if unanswered or code:
            numbers = {"seen": float(len(seen)), "blind": float(len(blind))}
            code = "provider_errors" if unanswered else code
            obstacles = (Reason(code=code, about=f"check:{check.name}", numbers=numbers),)
        return View(covered, seen, complete, blind, share, settle, unanswered, obstacles)

    def _obstacle(self, streams: tuple[str, ...], seen: int, blind: int, share: float) -> str:
        if not all(provable(self.plan, stream) for stream in streams):
            return "unproven"
        least = self.plan.bake.minimum_seen
        return "blind" if share < least and seen < least * (seen + blind) else ""

    def _covered(self, question: str) -> Minutes:
        """The minutes that answers to *question* cover wholly."""
        left = [end - start for start, end in self.minutes]
        for cell in self.series.get(question, ()):
            for number in range(max(0, self.minute_of(cell.start)), self.minute_of(cell.end - 1) + 1):
                if number < len(left):
                    start, end = self.minutes[number]
                    left[number] -= max(0, min(cell.end, end) - max(cell.start, start))
        return frozenset(number for number, missing in enumerate(left) if missing <= 0)

    def _seen(self, stream: str) -> Minutes:
        """The minutes in which *stream* was answered and proved to flow.

        The proof is that every canary that was sent in that minute came back, and at least one was; or that the source
        measures by itself. Without either a stream is unproven and never seen.
        """
        if self.plan.streams[stream].measured:
            asked = [check.name for check in self.plan.checks if stream in streams_of(check)]
            return frozenset().union(*(self._covered(name) for name in asked))
        canaries = self.canaries[stream]
        back, lost = (
            {self.minute_of(at) for at in some if at < self.ends} for some in (canaries.returned, canaries.missing)
        )
        return self._covered(canary_name(stream)) & (back - lost)

    def _complete(self, stream: str) -> Minutes:
        """The seen minutes of *stream* after which a canary was sent that came back too: what was sent before it came
        before it."""
        if self.plan.streams[stream].measured:
            return self.seen[stream]
        canaries = self.canaries[stream]
        return frozenset(
            number for number in self.seen[stream] if canaries.first_from(self.minutes[number][1]) in canaries.returned
        )

    def _settle(self, stream: str) -> int:
        """The longest delay of a canary and one bucket more; the plan's `settle` until three delays are known."""
        delays = tuple(delays_of(self.watch, stream))
        if len(delays) < KNOWN_DELAYS:
            return self.span(self.plan.bake.settle)
        return max(delays) + self.span(self.plan.bake.bucket)

    def _unanswered(self, question: str) -> bool:
        gaps = self.gaps.get(question, [])
        planned = self.planned * self.minute / max(1, self.span(self.plan.bake.look_every))
        often = any(gaps) and sum(gaps) >= ERROR_SHARE * max(len(gaps), planned)
        return often or (len(gaps) >= ERRORS_IN_A_ROW and all(gaps[-ERRORS_IN_A_ROW:]))


def streams_of(check: Check) -> tuple[str, ...]:
    """The streams that *check* needs: its own, and the one that its `of` is counted in."""
    other = check.of_stream
    return (check.stream, other) if other and other != check.stream else (check.stream,)


def provable(plan: Plan, stream: str) -> bool:
    """Can *stream* be proved to flow?"""
    return plan.streams[stream].measured or bool(plan.streams[stream].canary)
