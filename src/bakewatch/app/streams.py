"""What comes out of the sources: do canaries return, does every check see anything, and is that enough?"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_hex

from bakewatch import plugins
from bakewatch.app.lanes import finding
from bakewatch.config import Table
from bakewatch.errors import ConfigError, SourceError
from bakewatch.flow.look import ask, by_source
from bakewatch.flow.power import Survey, survey
from bakewatch.model.foresight import Foresight
from bakewatch.model.observation import Bucket, CanarySent, Observation, Question, Window, to_ms
from bakewatch.model.plan import Check, Plan, canary_name
from bakewatch.model.probe import Finding, Found, missing, ok, unknown
from bakewatch.ports import Context, World

PAUSES = (1.0, 4.0, 12.0, 20.0)
"""Seconds of the clock between two looks for canaries: few, because hosted logs are asked seldom."""


RECENT = "10m"
"""The last minutes, for who asks whether anything comes in at all."""


class Mute:
    """A source that could not be built: what it is asked stays unanswered."""

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        """Always `SourceError`."""
        raise SourceError("not_configured", permanent=True)

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        """Always `SourceError`."""
        raise SourceError("not_configured", permanent=True)


class Streams:
    """The streams of one plan. *world*: with all its sources, by name."""

    def __init__(
        self, world: Callable[[], World], context: Context, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._world, self._context, self._pause = world, context, pause
        self._plan = context.plan
        self._sent: list[CanarySent] = []

    def send(self, index: int, table: Table) -> list[Finding]:
        """Send the canaries of one table, if it can be built; a line only for what could not be sent."""
        about, sent = f"canaries[{index}]", list[CanarySent]()
        with suppress(ConfigError):  # which has its line already
            sent = plugins.build("canary", table, about, self._context).send(f"doctor-{token_hex(4)}")
        self._sent += [one for one in sent if not one.problem]
        problems = (one for one in sent if one.problem)
        return [finding(about, one.stream, missing(f"not sent: {one.problem}", _SENDING)) for one in problems]

    def checks(self, told: Callable[[Survey], None]) -> list[Finding]:
        """What every check has seen lately and before, and whether that is enough. *told* gets the numbers."""
        surveyed = survey(self._world(), self._plan)
        told(surveyed)
        foresights = {one.check: one for one in surveyed.foresights}
        return [
            finding("checks", name, _seen(self._plan, check, surveyed.past.get(name), foresights.get(name)))
            for name, check in ((check.name, check) for check in self._plan.checks)
        ]

    def returned(self) -> list[Finding]:
        """A line for each stream: its canary has come back, or not yet, or it has none."""
        awaited = {one.stream: one.at for one in reversed(self._sent)}
        back: dict[str, datetime] = {}
        for seconds in PAUSES if awaited else ():
            self._pause(seconds)
            back |= self._back({name: at for name, at in awaited.items() if name not in back})
            if awaited.keys() <= back.keys():
                break
        return [finding("canaries", name, found) for name, found in self._told(awaited, back)]

    def _back(self, awaited: Mapping[str, datetime]) -> dict[str, datetime]:
        """When those of the *awaited* were seen that are back now."""
        world = self._world()
        names = {canary_name(stream): stream for stream in awaited}
        grouped = by_source(self._plan, [one for one in self._plan.questions() if one.name in names])
        back: dict[str, datetime] = {}
        for source, questions in grouped.items():
            start = min(awaited[one.stream] for one in questions) - _SKEW
            window = Window(start, world.clock() + _SKEW)
            for answer in ask(world, source, questions, window, window.length):
                if any(bucket.count + bucket.own for bucket in answer.buckets):
                    back[names[answer.question]] = world.clock()
        return back

    def _told(self, awaited: Mapping[str, datetime], back: Mapping[str, datetime]) -> Iterator[tuple[str, Found]]:
        streams = {name: one for name, one in self._plan.streams.items() if not one.measured}
        unproven = [name for name, one in streams.items() if not one.canary and name not in awaited]
        for name in (one for one in streams if one not in unproven):
            if name in back:
                took = max(1, round((back[name] - awaited[name]).total_seconds()))
                yield name, ok(f"sent, and seen to come back within {took} s")
            elif name in awaited:
                right = f"streams.{name}.canary must match its line (or the logs come later than that)"
                yield name, missing(f"sent, and not back within {sum(PAUSES):g} s", right)
            elif not self._sent:
                yield name, unknown("no canary was sent", needed=False)
            else:
                yield name, missing("no canary is sent into it", f'a table of [[canaries]] for "{name}"')
        if unproven:
            right = "nothing, or a mark in `streams.NAME.canary` and a table of [[canaries]]"
            yield ", ".join(unproven), unknown("no canary: zeros there carry no pass", right, needed=False)


_SENDING = "an address that answers, and a key that it takes"
_SKEW = timedelta(seconds=10)
"""By so much the clock of a stream may differ from ours."""


def _seen(plan: Plan, check: Check, past: Observation | None, one: Foresight | None) -> Found:
    if past is None or past.gap:
        gap = past.gap if past else "not asked"
        return unknown(f"not answered: {gap}", "see its source", needed=plan.required(check))
    recent = to_ms(past.window.end - plan.span(RECENT))
    lately = _counted(bucket for bucket in past.buckets if bucket.at >= recent)
    words = f"{lately} in the last {RECENT}, {_counted(past.buckets)} in the hours before"
    if one is None:
        return unknown(f"{words}; what is usual takes days", "bakewatch check --power", needed=False)
    if not one.sharp:
        return unknown(f"{words}; too little to see its effect", "see below what it could find", needed=False)
    return ok(words)


def _counted(buckets: Iterable[Bucket]) -> str:
    some = list(buckets)
    count, of = sum(one.count + one.own for one in some), sum(one.of for one in some)
    return f"{count:,} of {of:,}" if of else f"{count:,}"
