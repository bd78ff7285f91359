"""The source `chdb`: values of single events, and what each actor did. No actor leaves it."""

import pytest
from msgspec import structs

from bakewatch.model.observation import MOST_EVENTS, Bucket, Question, to_ms
from tests.contract.source_rigs import ACTOR, OWN, START, LogRig

pytestmark = pytest.mark.real

AT = to_ms(START)
TIME = "toFloat64OrZero(log_attributes['response.origin_time'])"
SLOW = Question(
    name="slow", stream="edge_logs", where="event_message = 'hit'", of="event_message = 'hit'", own=OWN, value=TIME
)


def call(logs: LogRig, at: float, actor: str, **rest: str) -> bytes:
    return logs.line(at=at, request__sb__auth_user=actor, **rest)


def test_the_level_is_what_95_percent_stay_below_and_our_own_traffic_is_left_out(logs: LogRig) -> None:
    logs.write(*[logs.line(at=1, response__origin_time=str(ms)) for ms in range(1, 201)])
    logs.write(*[logs.line(at=1, response__origin_time="9999", request__headers__x_bakewatch="bw-1")] * 50)
    levels = logs.levels(structs.replace(SLOW, of_own=OWN))
    assert levels["slow"] == pytest.approx(190, abs=1)


def test_of_few_values_nobody_knows_the_level(logs: LogRig) -> None:
    logs.write(*[logs.line(at=1, response__origin_time="5") for _ in range(30)])
    assert logs.levels(SLOW) == {}


def test_only_what_is_above_the_level_counts(logs: LogRig) -> None:
    logs.write(*[logs.line(at=1, response__origin_time=str(ms)) for ms in (10, 50, 51, 80)])
    (answer,) = logs.ask(structs.replace(SLOW, above=50.0))
    assert answer.buckets == (Bucket(AT, count=2, of=4),)


def test_an_actor_counts_once_in_each_grain_and_the_nameless_each_time(logs: LogRig) -> None:
    logs.write(*[call(logs, 1, "ann") for _ in range(5)], call(logs, 11, "ann"), call(logs, 2, "bob"))
    logs.write(*[call(logs, 3, "") for _ in range(2)])
    question = Question(
        name="q",
        stream="edge_logs",
        where="event_message = 'hit'",
        of="event_message = 'hit'",
        actor=ACTOR,
        of_actor=ACTOR,
        distinct=True,
    )
    (fine,) = logs.ask(question)
    assert fine.buckets == (Bucket(AT, count=4, of=4), Bucket(AT + 10_000, count=1, of=1))
    (coarse,) = logs.ask(question, seconds=300)
    assert sum(bucket.count for bucket in coarse.buckets) == 5


def test_how_many_events_each_action_has_is_told_without_saying_whose(logs: LogRig) -> None:
    logs.write(call(logs, 1, "ann"), call(logs, 2, "ann"), call(logs, 3, "bob"), call(logs, 4, ""))
    logs.write(*[call(logs, 12, "ann") for _ in range(MOST_EVENTS + 5)])
    question = Question(name="q", stream="edge_logs", where="event_message = 'hit'", actor=ACTOR, spread=True)
    (answer,) = logs.ask(question)
    first, second = answer.buckets
    assert (first.count, first.spread) == (4, (1, 1, 0, 0, 0, 0, 0, 0, 0, 0))
    assert (second.count, second.spread) == (MOST_EVENTS + 5, (0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
    (coarse,) = logs.ask(question, seconds=300)
    assert [sum(sizes) for sizes in zip(*(bucket.spread for bucket in coarse.buckets), strict=True)] == [
        1, 1, 0, 0, 0, 0, 0, 0, 0, 1
    ]  # fmt: skip
