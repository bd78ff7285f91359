"""Every check of every pack on the real engine: it counts what it is there for, and nothing that only looks like it."""

import json
from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.config import load_plan
from bakewatch.model.observation import Observation, Question, Window, to_ms
from bakewatch.model.plan import Plan
from bakewatch.packs import names
from bakewatch.web.drain import Drain
from tests.contract.pack_lines import OWN, SAMPLES, Line
from tests.contract.source_rigs import START, LogRig

pytestmark = pytest.mark.real

ABOVE = 100.0
"""The level of what rule `slower` compares."""


def expanded(name: str) -> Plan:
    """A plan of nothing but the pack *name*."""
    text = f'[service]\nname = "shop"\n[[packs]]\npack = "{name}"\n'
    return load_plan(text.encode(), "bakewatch.toml", {"logs": {"kind": "chdb"}})


def written(logs: LogRig, line: Line, minute: int) -> bytes:
    """*line* as it stands in a file, in a minute of its own."""
    return json.dumps({**json.loads(logs.line(at=60 * minute + 1)), **line}).encode() + b"\n"


def asked(logs: LogRig, questions: list[Question], minutes: int) -> dict[str, Observation]:
    known = [structs.replace(one, above=ABOVE) if one.value else one for one in questions]
    window = Window(START, START + timedelta(minutes=minutes))
    answers = logs.ask(*known, window=window, seconds=20)
    assert [one.gap for one in answers if one.gap] == []
    return {one.question: one for one in answers}


@pytest.mark.parametrize("name", names())
def test_no_check_is_without_its_sample(name: str) -> None:
    assert sorted(SAMPLES[name]) == sorted(check.name for check in expanded(name).checks)


@pytest.mark.parametrize("name", names())
def test_a_check_counts_the_one_event_of_its_kind_and_nothing_else(logs: LogRig, name: str) -> None:
    plan, samples = expanded(name), SAMPLES[name]
    cases = [(check, sample, event) for check, sample in samples.items() for event in sample.events]
    for minute, (_, sample, event) in enumerate(cases):
        own = [OWN[stream] for stream in {event["source"], "edge_logs"} if stream in OWN and stream in plan.streams]
        logs.write(*[written(logs, line, minute) for line in (event, *sample.besides, *own)])
    answers = asked(logs, [plan.question(check) for check in plan.checks], len(cases))
    found = {}
    for minute, (check, *_) in enumerate(cases):
        at = to_ms(START + timedelta(minutes=minute))
        found[check, minute] = next(((one.count, one.of) for one in answers[check].buckets if one.at == at), (0, 0))
    assert found == {(check, minute): (1, sample.of) for minute, (check, sample, _) in enumerate(cases)}


@pytest.mark.parametrize("name", names())
def test_our_own_traffic_and_canaries_are_known_in_every_stream_that_has_marks(logs: LogRig, name: str) -> None:
    plan = expanded(name)
    marked = [stream for stream, one in plan.streams.items() if one.canary]
    logs.write(*[written(logs, OWN[stream], 0) for stream in marked])
    canaries = [question for question in plan.questions() if question.name.startswith("canary:")]
    everything = [Question(name=stream, stream=stream, where="true", own=plan.streams[stream].own) for stream in marked]
    answers = asked(logs, [*canaries, *everything], 1)
    for stream in marked:
        assert [bucket.count for bucket in answers[f"canary:{stream}"].buckets] == [1]
        assert [(bucket.count, bucket.own) for bucket in answers[stream].buckets] == [(0, 1)]


READ = {
    "edge_logs": ("request.path", "response.status_code"),
    "postgres_logs": ("parsed.error_severity", "parsed.sql_state_code", "parsed.user_name"),
    "auth_logs": ("path", "status"),
}
"""The attributes without which the checks of a stream count nothing, whatever happens."""


def test_a_stream_that_calls_what_the_checks_read_something_else_is_blind(logs: LogRig) -> None:
    """Otherwise its canaries would vouch for zeros that could be nothing else."""
    renamed = [(stream, key) for stream, keys in READ.items() for key in keys]
    for minute, (stream, key) in enumerate([*renamed, *((stream, "") for stream in READ)]):
        told = {f"{one}_v2" if one == key else one: value for one, value in OWN[stream]["log_attributes"].items()}
        logs.write(written(logs, {**OWN[stream], "log_attributes": told}, minute))
    canaries = [one for one in expanded("supabase").questions() if one.name.startswith("canary:")]
    answers = asked(logs, canaries, len(renamed) + len(READ))
    whole = to_ms(START + timedelta(minutes=len(renamed)))
    for stream in READ:
        assert [one.at >= whole for one in answers[f"canary:{stream}"].buckets] == [True]


def test_what_the_drain_keeps_is_what_the_pack_counts(logs: LogRig) -> None:
    """Two lines of one request that crashed, one of another that did not, and our canary, as they are delivered."""
    entry = {"source": "lambda", "level": "info", "environment": "production", "timestamp": to_ms(START) + 1000}
    crashed = {"requestId": "643af4e3-975a-4cc7-9e7a-1eda11539d90", "statusCode": -1, "proxy": {"statusCode": 500}}
    ours = {"path": "/bakewatch", "statusCode": 404, "userAgent": ["bakewatch"]}
    delivered = [
        {**entry, **crashed, "id": "1", "level": "error", "message": "TypeError: no order of kim@example.com"},
        {**entry, **crashed, "id": "2"},
        {**entry, "id": "3", "requestId": "6f1d1c1e-0000-4000-8000-000000000001", "proxy": {"statusCode": 200}},
        {**entry, "id": "4", "requestId": "6f1d1c1e-0000-4000-8000-000000000002", "proxy": ours},
    ]
    Drain("secret", logs.data / "logs", b"k" * 32, lambda: START).keep(json.dumps(delivered).encode())
    logs.write(written(logs, OWN["vercel_logs"], 0))  # each file has its line
    answers = asked(logs, list(expanded("vercel").questions()), 1)
    counts = {name: [(one.count, one.of) for one in answer.buckets] for name, answer in answers.items()}
    assert counts["vercel-crashes"] == counts["vercel-server-errors"] == [(1, 2)]
    assert counts["vercel-new-errors"] == [(1, 5)]
    assert counts["canary:vercel_logs"] == [(2, 0)]
