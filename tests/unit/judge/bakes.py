"""A plan, and watches made from rates: what every test of the judge begins with."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from bakewatch.model.bake import Watch
from bakewatch.model.journey import JourneyRun, Walked
from bakewatch.model.observation import Bucket, CanarySent, Observation, Window, to_ms
from bakewatch.model.plan import Bake, Check, Journey, Mode, Plan, Rule, Service, Stream, Trigger, Undo, canary_name
from bakewatch.model.release import MergeKind, Relation, Release, Sighting
from bakewatch.model.timeline import Looked

START = datetime(2026, 2, 7, 3, 0, tzinfo=UTC)
WIDTH = timedelta(seconds=10)
RELEASE = Release(
    repository="team/live", branch="main", commit="b" * 40, parent="a" * 40, merged_at=START, kind=MergeKind.SQUASH
)

ZERO = Check(name="column", stream="postgres", rule=Rule.ZERO, where="42703", of="calls", public=False)
ERRORS = Check(name="errors", stream="edge", rule=Rule.PROPORTION, where="5xx", of="calls", public=False)
CALLS = Check(name="calls", stream="edge", rule=Rule.VOLUME, where="user", public=False)
ORDERS = Check(name="orders", stream="edge", rule=Rule.FLOOR, where="2xx", of="visits", public=False)

Counts = tuple[int, int]
"""Events and `of` in one bucket of ten seconds."""
Rate = Callable[[datetime], Counts]


def plan(*checks: Check, journeys: tuple[Journey, ...] = (), **changes: Any) -> Plan:
    """A plan with *checks*, each named by a trigger of its own."""
    names = [f"check:{check.name}" for check in checks] + [f"journey:{journey.name}" for journey in journeys]
    base = Plan(
        service=Service(name="live"),
        undo=Undo(mode=Mode.AUTO),
        bake=Bake(),
        streams={
            "edge": Stream(source="logs", canary="c"),
            "postgres": Stream(source="logs", canary="c"),
            "auth": Stream(source="logs"),
            "database": Stream(source="database", measured=True),
        },
        checks=checks,
        journeys=journeys,
        triggers=tuple(Trigger(name=f"t-{name.partition(':')[2]}", any=(name,)) for name in names),
    )
    return structs.replace(base, **changes)


def steady(count: int, of: int = 100) -> Rate:
    """The same in every bucket."""
    return lambda moment: (count, of)


def since(minute: float, harm: int, before: int = 0, of: int = 100) -> Rate:
    """*harm* events in every bucket from *minute* of the bake on."""
    return lambda moment: (harm if moment >= START + timedelta(minutes=minute) else before, of)


def answer(
    question: str, rate: Rate, start: datetime, end: datetime, width: timedelta = WIDTH, gap: str = ""
) -> Observation:
    """What a source says about one window."""
    buckets = []
    step = round(width.total_seconds() * 1000)
    for at in range(to_ms(start) // step * step, to_ms(end), step):
        moment = datetime.fromtimestamp(at / 1000, UTC)
        count, of = rate(moment)
        scale = round(width / WIDTH)
        buckets.append(Bucket(at, count * scale, of * scale))
    rows = () if gap else tuple(buckets)
    return Observation(question=question, window=Window(start, end), width=width.total_seconds(), buckets=rows, gap=gap)


def history(rates: dict[str, Rate], hours: float = 4.0) -> tuple[Observation, ...]:
    """Coarse answers about the time before the deploy."""
    start = START - timedelta(hours=hours)
    return tuple(answer(name, rate, start, START, timedelta(minutes=5)) for name, rate in rates.items())


def watch(
    of: Plan,
    rates: dict[str, Rate],
    *,
    past: dict[str, Rate] | None = None,
    minutes: float = 30,
    late: timedelta = timedelta(0),
    mute: Iterable[str] = (),
    gap: Callable[[int, str], str] = lambda number, question: "",
    runs: Iterable[JourneyRun] = (),
    **changes: Any,
) -> Watch:
    """A watch that looked every half minute for *minutes*; *past*: the rates before the deploy, by default none.

    *late*: lines come so much later; *mute*: streams that swallow every line; *gap*: a code where a look's question
    (by the look's number and name) was not answered. In the last look the *runs* were walked.
    """
    looks: list[Looked] = []
    sent: list[datetime] = []
    answered: dict[str, datetime] = {}
    silent = set(mute)
    for number in range(round(minutes * 2) + 1):
        at = START + timedelta(seconds=30 * number)
        canaries = tuple(CanarySent(stream=name, at=at) for name, one in of.streams.items() if one.canary)
        sent.append(at)
        end = at + timedelta(seconds=1)

        def seen(rate: Rate, stream: str, end: datetime = end) -> Rate:
            return lambda moment: rate(moment) if stream not in silent and moment + WIDTH <= end - late else (0, 0)

        observations = []
        for question in of.questions():
            name = question.name
            rate = _canary(sent) if name == canary_name(question.stream) else rates.get(name, steady(0))
            start = max(START, answered.get(name, START) - timedelta(minutes=2))
            code = gap(number, name)
            observations.append(answer(name, seen(rate, question.stream), start, end, gap=code))
            if not code:
                answered[name] = _floor(end)
        looks.append(
            Looked(
                at=at,
                number=number + 1,
                observations=tuple(observations),
                canaries=canaries,
                sightings=(Sighting(address="https://live.example", at=at, relation=Relation.SAME),),
            )
        )
    looks[-1] = structs.replace(looks[-1], journeys=tuple(structs.replace(one, at=looks[-1].at) for one in runs))
    whole = Watch(
        plan=of,
        release=RELEASE,
        live_since=START,
        started=START,
        ends=START + of.span(of.bake.duration),
        past_until=START,
        baseline=history(past) if past is not None else (),
        looks=tuple(looks),
    )
    return structs.replace(whole, **changes)


def now(of: Watch) -> datetime:
    """A moment after the last look."""
    return of.looks[-1].at + timedelta(seconds=2)


def run(name: str, walked: Walked, *, repeated: bool = True) -> JourneyRun:
    """One walk."""
    return JourneyRun(journey=name, persona="p", at=START, walked=walked, repeated=repeated)


def _canary(sent: list[datetime]) -> Rate:
    moments = tuple(sent)
    return lambda moment: (sum(moment <= one < moment + WIDTH for one in moments), 0)


def _floor(moment: datetime) -> datetime:
    step = round(WIDTH.total_seconds() * 1000)
    return datetime.fromtimestamp(to_ms(moment) // step * step / 1000, UTC)
