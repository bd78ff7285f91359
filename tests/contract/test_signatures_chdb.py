"""Signatures on the real engine: lines that differ in values share one, lines that differ in words do not."""

from typing import Any

import pytest
from msgspec import structs

from bakewatch.model.observation import Bucket, Question, Signature, to_ms
from tests.contract.source_rigs import ACTOR, OWN, START, STATUS, LogRig
from tests.unit.privacy.test_signature import ALIKE, APART

pytestmark = pytest.mark.real

AT = to_ms(START)
NEW = Question(name="new", stream="edge_logs", where="", signatures=True, known=())

MORE_ALIKE = [
    ("duplicate key value for user 12345678", "duplicate key value for user 3"),
    ('{"level":"error","msg":"db down","id":123}', '{"level":"error","msg":"db down","id":45}'),
    ("request 3f2a9b failed", "request 77aa01 failed"),
    ("timeout after 3000 ms, retry 1, 2, 3", "timeout after 5 ms, retry 1"),
    ("no user kim@example.com", "no user lee@example.org"),
    ("job 2026-02-07T11:46:18Z ended", "job 2026-03-01T00:00:00Z ended"),
    ('invalid input syntax for type uuid: "x"', 'invalid input syntax for type uuid: "Kim Lee"'),
    ('no user "Kim Lee"', 'no user "Ann von Bob"'),
    ("Key (name)=(Kim) already exists.", "Key (name)=(Lee) already exists."),
    ('{"msg":"db down","user":"kim"}', '{"msg":"db down","user":"Lee Ann"}'),
]
MORE_APART = [
    ('{"level":"error","msg":"db down"}', '{"level":"error","msg":"cache down"}'),
    ("failed (SQLSTATE 42703)", "failed (SQLSTATE 23505)"),
    ('relation "events_2024" is gone', 'relation "events_2025" is gone'),
    ('violates policy "Only for members"', 'violates policy "Only for owners"'),
    ('{"error_code":"session_expired"}', '{"error_code":"user_banned"}'),
]


def error(logs: LogRig, message: str, **rest: Any) -> bytes:
    return logs.line(message=message, **rest).replace(b'"INFO"', b'"ERROR"')


def listed(logs: LogRig, question: Question = NEW) -> dict[int, int]:
    """How often each signature was there."""
    [answer] = logs.ask(question)
    assert answer.gap == ""
    found: dict[int, int] = {}
    for bucket in answer.buckets:
        for one in bucket.signatures:
            found[one.id] = found.get(one.id, 0) + one.count
        assert bucket.count == sum(one.count for one in bucket.signatures)
    return found


def by_second(logs: LogRig, pairs: list[tuple[str, str]]) -> dict[int, list[Signature]]:
    """The signatures of each pair, which is logged in a bucket of its own."""
    for second, pair in enumerate(pairs):
        logs.write(*[error(logs, message, at=10.0 * second + 1) for message in pair])
    [answer] = logs.ask(NEW)
    return {(bucket.at - AT) // 10_000: list(bucket.signatures) for bucket in answer.buckets}


def test_lines_that_differ_in_values_share_a_signature(logs: LogRig) -> None:
    pairs = [*ALIKE, *MORE_ALIKE]
    found = by_second(logs, pairs)
    assert [pairs[second] for second, some in found.items() if [one.count for one in some] != [2]] == []
    assert len(found) == len(pairs)


def test_lines_that_differ_in_words_do_not(logs: LogRig) -> None:
    pairs = [*APART, *MORE_APART]
    found = by_second(logs, pairs)
    assert [pairs[second] for second, some in found.items() if len(some) != 2] == []
    assert len(found) == len(pairs)


def test_errors_are_what_the_severity_says_unless_the_plan_does(logs: LogRig) -> None:
    logs.write(logs.line(message="fine"), error(logs, "bad"), logs.line(message="quiet", status="500"))
    logs.write(logs.line(message="worse").replace(b'"INFO"', b'"Fatal"'))
    assert len(listed(logs)) == 2
    assert len(listed(logs, structs.replace(NEW, where="log_attributes['status'] = '500'"))) == 1
    [answer] = logs.ask(structs.replace(NEW, known=None))
    assert [(one.count, one.of, one.signatures) for one in answer.buckets] == [(2, 4, ())]


def test_what_is_known_and_our_own_traffic_are_left_out(logs: LogRig) -> None:
    logs.write(error(logs, "usual 1"), error(logs, "usual 2"))
    usual = tuple(listed(logs))
    logs.write(error(logs, "usual 3"), error(logs, "new"), error(logs, "ours", request__headers__x_bakewatch="bw-1"))
    assert len(listed(logs)) == 3
    asked = structs.replace(NEW, known=usual, own=OWN)
    assert list(listed(logs, asked).values()) == [1]
    [answer] = logs.ask(asked)
    assert [(one.count, one.of, one.own) for one in answer.buckets] == [(1, 5, 0)]


def test_actors_count_when_their_other_calls_succeed(logs: LogRig) -> None:
    def call(message: str, actor: str, status: int) -> bytes:
        line = error if status >= 500 else lambda logs, message, **rest: logs.line(message=message, **rest)
        keys = {"request__sb__auth_user": actor, "response__status_code": str(status)}
        return line(logs, message, at=1, **keys)

    logs.write(*[call("boom", actor, 500) for actor in ("ann", "bob", "cid", "")])
    logs.write(*[call("fine", actor, 200) for actor in ("ann", "bob", "dan", "")], call("else", "ann", 500))
    asked = structs.replace(NEW, actor=ACTOR, healthy=f"{STATUS} between 200 and 299")
    [answer] = logs.ask(asked)
    [bucket] = answer.buckets
    assert sorted((one.count, one.actors) for one in bucket.signatures) == [(1, 1), (4, 2)]
    assert (bucket.count, bucket.of, bucket.actors) == (5, 9, 2)


def test_other_questions_of_the_look_are_answered_beside_it(logs: LogRig) -> None:
    logs.write(logs.line(at=1), error(logs, "bad", at=12))
    hit, new = logs.ask(logs.question("hit"), NEW)
    assert hit.buckets == (Bucket(AT, 1),)
    assert [(one.at, one.count, one.of) for one in new.buckets] == [(AT, 0, 1), (AT + 10_000, 1, 1)]
