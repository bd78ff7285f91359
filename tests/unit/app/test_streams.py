"""What comes out of the sources, told one stream and one check at a time."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from bakewatch.app.streams import PAUSES, Mute, Streams
from bakewatch.flow.power import Survey
from bakewatch.model.observation import Bucket, CanarySent, Observation, Question, Window, to_ms
from bakewatch.model.plan import Check, Plan, Rule, Service, Stream, Trigger
from bakewatch.model.probe import Finding, Grade
from bakewatch.ports import Context, Remote, Source, World
from bakewatch.vendors.no_archive import NoArchive

NOW = datetime(2026, 2, 7, 12, tzinfo=UTC)
PLAN = Plan(
    service=Service(name="live"),
    streams={
        "edge": Stream(source="logs", canary="mark"),
        "auth": Stream(source="logs", canary="mark"),
        "jobs": Stream(source="logs"),
        "load": Stream(source="database", measured=True),
    },
    checks=(
        Check(name="errors", stream="edge", rule=Rule.PROPORTION, where="bad", of="call", sees=0.05),
        Check(name="column", stream="auth", rule=Rule.ZERO, where="never", of="call"),
    ),
    triggers=(Trigger(name="broken", any=("check:errors",)),),
)


class _Logs:
    """Calls at a steady rate, a third of the `errors`; canaries of the named streams come back after so many asks."""

    def __init__(self, per_bucket: int, back: dict[str, int]) -> None:
        self._per_bucket, self._back, self.asked = per_bucket, back, list[list[str]]()

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        self.asked.append([one.name for one in questions])
        return [self._answer(one, window, width) for one in questions]

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        return {}

    def _answer(self, one: Question, window: Window, width: timedelta) -> Observation:
        step, start = round(width.total_seconds() * 1000), to_ms(window.start)
        if one.name.startswith("canary:"):
            asks = sum(one.name in names and len(names) < 3 for names in self.asked)
            count = 1 if asks >= self._back.get(one.stream, 99) else 0
            return Observation(
                question=one.name, window=window, width=width.total_seconds(), buckets=(Bucket(start, count),)
            )
        bad = self._per_bucket // 300 if one.name == "errors" else 0
        buckets = tuple(Bucket(at, bad, self._per_bucket) for at in range(start, to_ms(window.end), step))
        return Observation(question=one.name, window=window, width=width.total_seconds(), buckets=buckets)


class _Canaries:
    def send(self, tag: str) -> list[CanarySent]:
        return [CanarySent(stream="edge", at=NOW), CanarySent(stream="auth", at=NOW)]


def _streams(logs: Source) -> tuple[Streams, list[float]]:
    waited: list[float] = []
    nobody: Any = None

    def clock() -> datetime:
        return NOW + timedelta(seconds=sum(waited))

    context = Context(data=Path(), environ={}, clock=clock, remote=Remote(url="", branch="main"), plan=PLAN)
    world = World(
        platform=nobody,
        repository=nobody,
        sources={"logs": logs, "database": Mute()},
        canaries=nobody,
        journeys=nobody,
        method=nobody,
        notifier=nobody,
        archive=NoArchive(),
        addresses=(),
        clock=clock,
    )
    return Streams(lambda: world, context, waited.append), waited


def _told(ask: Callable[[], list[Finding]]) -> dict[str, tuple[Grade, str]]:
    return {one.name: (one.grade, one.what) for one in ask()}


def test_a_check_is_told_with_what_it_saw_lately_and_before() -> None:
    surveys: list[Survey] = []
    streams, _ = _streams(cast(Source, _Logs(3000, {})))
    told = _told(lambda: streams.checks(surveys.append))
    assert told["errors"] == (Grade.OK, "20 of 6,000 in the last 10m, 480 of 144,000 in the hours before")
    assert told["column"] == (Grade.OK, "0 of 6,000 in the last 10m, 0 of 144,000 in the hours before")
    assert [one.check for one in surveys[0].foresights] == ["errors", "column"]


def test_too_little_traffic_is_unknown_and_not_in_the_way() -> None:
    streams, _ = _streams(cast(Source, _Logs(2, {})))
    found = {one.name: one for one in streams.checks(lambda survey: None)}
    assert found["errors"].grade is Grade.UNKNOWN and not found["errors"].in_the_way
    assert found["errors"].what.endswith("too little to see its effect")


def test_a_source_that_is_mute_is_in_the_way_of_what_is_required() -> None:
    streams, _ = _streams(cast(Source, Mute()))
    found = {one.name: one for one in streams.checks(lambda survey: None)}
    assert found["errors"].what == "not answered: not_configured"
    assert (found["errors"].in_the_way, found["column"].in_the_way) == (True, False)


def test_canaries_that_come_back_are_told_with_their_time_and_the_others_are_missing(monkeypatch: Any) -> None:
    monkeypatch.setattr("bakewatch.plugins.build", lambda *words: _Canaries())
    logs = _Logs(3000, {"edge": 2})
    streams, waited = _streams(cast(Source, logs))
    assert streams.send(0, {"kind": "any"}) == []
    told = _told(streams.returned)
    assert told["edge"] == (Grade.OK, f"sent, and seen to come back within {sum(PAUSES[:2]):g} s")
    assert told["auth"] == (Grade.MISSING, f"sent, and not back within {sum(PAUSES):g} s")
    assert told["jobs"][0] is Grade.UNKNOWN and "load" not in told
    assert waited == list(PAUSES) and len(logs.asked) == len(PAUSES)
    assert logs.asked[-1] == ["canary:auth"]


def test_without_canaries_nothing_is_waited_for() -> None:
    streams, waited = _streams(cast(Source, _Logs(3000, {})))
    told = _told(streams.returned)
    assert told["edge"] == (Grade.UNKNOWN, "no canary was sent")
    assert waited == []
