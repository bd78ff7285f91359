"""The source `chdb`: files that grow, end, break and move, and what is counted in them."""

import gzip
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Bucket, Question, Window, to_ms
from bakewatch.vendors.clickhouse.chdb import KIND
from tests.contract.source_rigs import ACTOR, OWN, START, STATUS, LogRig, Worker

pytestmark = pytest.mark.real

AT = to_ms(START)


def edge(where: str, **rest: Any) -> Question:
    return Question(name="q", stream="edge_logs", where=where, **rest)


def only(logs: LogRig, question: Question, **rest: Any) -> tuple[Bucket, ...]:
    [answer] = logs.ask(question, **rest)
    assert answer.gap == ""
    return answer.buckets


# What is counted


def test_own_traffic_is_left_out_and_counted_apart(logs: LogRig) -> None:
    logs.write(*[logs.line(at=1) for _ in range(2)], logs.line(at=1, request__headers__x_bakewatch="bw-1"))
    question = edge("event_message = 'hit'", of="id != ''", own=OWN, of_own=OWN)
    assert only(logs, question) == (Bucket(AT, count=2, of=2, own=1),)


def test_what_it_is_a_share_of_may_be_in_another_stream(logs: LogRig) -> None:
    logs.write(logs.line(at=1), *[logs.line(at=12, source="auth_logs", path="/token") for _ in range(3)])
    question = edge("event_message = 'hit'", of="log_attributes['path'] = '/token'", of_stream="auth_logs")
    assert only(logs, question) == (Bucket(AT, count=1), Bucket(AT + 10_000, of=3))


def test_an_actor_counts_once_and_only_when_it_also_succeeds(logs: LogRig) -> None:
    def call(at: float, actor: str, status: int, **rest: str) -> bytes:
        return logs.line(at=at, request__sb__auth_user=actor, response__status_code=str(status), **rest)

    logs.write(
        *[call(1, "ann", 400) for _ in range(3)],
        call(2, "ann", 200),
        call(3, "bob", 400),
        call(4, "cid", 400),
        call(5, "cid", 201),
        call(6, "", 400),
        call(6, "", 200),
        call(7, "own", 400, request__headers__x_bakewatch="bw-1"),
        call(7, "own", 200),
        call(11, "bob", 200),
    )
    question = edge(f"{STATUS} = 400", own=OWN, actor=ACTOR, healthy=f"{STATUS} between 200 and 299")
    assert only(logs, question) == (Bucket(AT, count=6, own=1, actors=2),)


def test_a_window_is_half_open_and_sharper_than_a_bucket(logs: LogRig) -> None:
    logs.write(*[logs.line(at=at) for at in (0.999999, 1, 2.5, 2.999999, 3)])
    window = Window(START + timedelta(seconds=1), START + timedelta(seconds=3))
    assert only(logs, logs.question(), window=window) == (Bucket(AT, count=3),)
    assert only(logs, logs.question(), window=window, seconds=0.5) == (Bucket(AT + 1000, 1), Bucket(AT + 2500, 2))


def test_the_expressions_of_a_plan_mean_what_they_say(logs: LogRig) -> None:
    logs.write(
        logs.line(message="column registrations.id does not exist", parsed__sql_state_code="42703"),
        logs.line(message='duplicate key value violates unique constraint "registrations_pkey"', status="409"),
        logs.line(message="100% of a\\b_c (한글)", status="x"),
    )
    for where, count in {
        "positionCaseInsensitive(event_message, 'REGISTRATIONS.ID') > 0": 1,
        "log_attributes['parsed.sql_state_code'] = '42703'": 1,
        "log_attributes['nowhere'] = ''": 3,
        "event_message like '%\"registrations\\\\_pkey\"'": 1,
        "event_message ilike '%REGISTRATIONS%'": 2,
        "event_message like '100\\\\%%'": 1,
        "event_message like '%a\\\\\\\\b%'": 1,
        "match(event_message, 'registrations\\\\.(id|name)')": 1,
        "match(event_message, 'a\\\\\\\\b')": 1,
        "positionCaseInsensitiveUTF8(event_message, '한글') > 0": 1,
        "toInt32OrZero(log_attributes['status']) between 400 and 499": 1,
        "toInt32OrZero(log_attributes['status']) in (0, 409)": 3,
        "mapContains(log_attributes, 'status')": 2,
        "has(mapKeys(log_attributes), 'parsed.sql_state_code')": 1,
        "not startsWith(event_message, 'column') and source = 'edge_logs'": 2,
        "timestamp < '2026-02-07 02:46:20.015'": 1,
        "length(log_attributes['status']) = 1 or empty(log_attributes['status'])": 2,
        "JSONExtractString(event_message, 'a') = ''": 3,
    }.items():
        assert sum(bucket.count for bucket in only(logs, edge(where))) == count, where


# Files


def test_a_growing_file_is_followed_line_by_whole_line(logs: LogRig) -> None:
    half = logs.line()
    logs.write(logs.line(), half[:40])
    assert logs.count() == 1
    logs.write(half[40:-1])
    assert logs.count() == 1
    logs.write(half[-1:])
    assert logs.count() == 2
    assert logs.count() == 2


def test_a_line_that_arrives_late_is_in_the_answer_when_it_is_asked_again(logs: LogRig) -> None:
    logs.write(logs.line(at=1), logs.line(at=50))
    assert only(logs, logs.question()) == (Bucket(AT, 1), Bucket(AT + 50_000, 1))
    logs.write(logs.line(at=2))
    assert only(logs, logs.question()) == (Bucket(AT, 2), Bucket(AT + 50_000, 1))


def test_a_compressed_file_counts_like_a_plain_one(logs: LogRig) -> None:
    logs.settings = {"files": ["logs/*"]}
    packed = gzip.compress(b"".join(logs.line() for _ in range(500)))
    path = logs.path.with_name("old.ndjson.gz")
    path.write_bytes(packed[: len(packed) // 2])
    part = logs.count()
    assert 0 < part < 500
    path.write_bytes(packed)
    assert logs.count() == 500


def test_a_file_that_appears_later_is_found(logs: LogRig) -> None:
    assert logs.count() == 0
    logs.write(logs.line(), path=logs.path.with_name("auth.ndjson"))
    assert logs.count() == 1


def test_a_missing_file_is_a_gap_until_it_is_there(logs: LogRig) -> None:
    logs.settings = {"files": ["logs/edge.ndjson", "logs/later*.ndjson"]}
    logs.happen(1)
    assert logs.gap() == "missing"
    logs.write(path=logs.path.with_name("later1.ndjson"))
    assert logs.count() == 1


def test_a_file_that_was_moved_away_is_read_to_its_end(logs: LogRig) -> None:
    logs.happen(2)
    assert logs.count() == 2
    logs.happen(3)
    logs.path.rename(logs.path.with_name("edge.1"))
    logs.happen(4)
    assert logs.count() == 9


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("killed", [False, True])
def test_a_rotated_file_that_the_pattern_still_finds_is_not_counted_twice(
    logs: LogRig, compressed: bool, killed: bool
) -> None:
    logs.settings = {"files": ["logs/edge*"]}
    logs.happen(2)
    assert logs.count() == 2
    logs.happen(3)
    old = logs.path.rename(logs.path.with_name("edge.1"))
    if compressed:
        old.with_name("edge.1.gz").write_bytes(gzip.compress(old.read_bytes()))
        old.unlink()
    logs.happen(4)
    if killed:
        logs.worker.kill()
    assert logs.count() == 9
    assert logs.count() == 9


def test_a_file_that_was_emptied_and_written_again_is_a_new_file(logs: LogRig) -> None:
    logs.happen(5)
    assert logs.count() == 5
    with logs.path.open("wb"):
        pass
    assert logs.count() == 5
    logs.happen(2)
    assert logs.count() == 7


@pytest.mark.parametrize("banner", [b"", b"-- log opened\n"])
@pytest.mark.parametrize("killed", [False, True])
def test_a_rotated_file_whose_lines_have_no_id_is_not_counted_twice(logs: LogRig, banner: bytes, killed: bool) -> None:
    def nameless(at: float) -> bytes:
        return json.dumps(json.loads(logs.line(at=at)) | {"id": ""}).encode() + b"\n"

    logs.settings = {"files": ["logs/edge*"]}
    logs.write(banner, nameless(1), nameless(2), nameless(2))
    assert logs.count() == 3
    old = logs.path.rename(logs.path.with_name("edge.1"))
    logs.write(banner, nameless(4))
    if killed:
        logs.worker.kill()
    assert logs.count() == 4
    old.with_name("edge.1.gz").write_bytes(gzip.compress(old.read_bytes()))
    assert logs.count() == 4
    old.unlink()
    if killed:
        logs.worker.kill()
    assert logs.count() == 4


def test_files_that_begin_alike_are_told_apart_when_they_go_on_differently(logs: LogRig) -> None:
    first = json.dumps(json.loads(logs.line(at=1, message="opened")) | {"id": ""}).encode() + b"\n"
    other = logs.path.with_name("other.ndjson")
    logs.write(first, logs.line(at=2), logs.line(at=3))
    assert logs.count() == 2
    logs.write(first, logs.line(at=4), path=other)
    assert logs.count() == 3
    logs.worker.kill()
    logs.write(logs.line(at=5))
    logs.write(logs.line(at=6), path=other)
    assert logs.count() == 5
    with other.open("wb"):
        pass
    logs.write(first, logs.line(at=7), path=other)
    assert logs.count() == 6


def test_a_line_that_stands_in_several_places_counts_once(logs: LogRig) -> None:
    logs.settings = {"files": ["logs/edge*"]}
    lines = [logs.line(at=at) for at in (1, 2, 3, 64)]
    shared = [logs.line(at=2, message=message).replace(b'"id": "', b'"id": "same') for message in ("hit", "miss")]
    logs.write(*lines[:2], lines[1])
    assert logs.count() == 2
    logs.write(*lines[1:], path=logs.path.with_name("edge.copy"))
    assert logs.count() == 4
    logs.worker.kill()
    assert logs.count() == 4
    logs.write(*[json.dumps(json.loads(one) | {"id": "request"}).encode() + b"\n" for one in shared])
    assert logs.count(edge("id = 'request'")) == 2


def test_a_compressed_file_whose_end_does_not_come_is_a_gap(logs: LogRig) -> None:
    logs.settings = {"files": ["logs/*"]}
    packed = gzip.compress(b"".join(logs.line() for _ in range(500)))
    path = logs.path.with_name("old.ndjson.gz")
    path.write_bytes(packed[:-20])
    long_ago = path.stat().st_mtime - 60
    os.utime(path, (long_ago, long_ago))
    assert logs.gap() == "unreadable"
    path.write_bytes(packed)
    assert logs.count() == 500


# Lines that cannot be read


def test_a_few_malformed_lines_hide_nothing_that_was_counted(logs: LogRig) -> None:
    logs.write(b"not json\n", logs.line(), b'{"source":"edge_logs"}\n', b"\n", logs.line())
    assert logs.count() == 2


def test_a_zero_amid_malformed_lines_is_no_zero(logs: LogRig) -> None:
    signature = edge("event_message = 'registrations.id'")
    broken = logs.line(at=31, message="registrations.id")[:-20] + b"\n"
    logs.write(logs.line(at=5), logs.line(at=30), broken, logs.line(at=32), logs.line(at=65))
    [answer] = logs.ask(signature)
    assert (answer.gap, answer.buckets) == ("", ())
    assert answer.window == Window(START + timedelta(seconds=40), logs.window().end)
    assert logs.count() == 4
    until = Window(START, START + timedelta(seconds=40))
    assert [one.gap for one in logs.ask(signature, logs.question(), window=until)] == ["malformed", ""]
    [answer] = logs.ask(signature, window=Window(START, START + timedelta(seconds=30)))
    assert (answer.gap, answer.window.end) == ("", START + timedelta(seconds=30))


def test_one_malformed_line_in_a_busy_file_is_tolerated(logs: LogRig) -> None:
    logs.write(*[logs.line(at=1 + number / 100) for number in range(200)], b"not json\n", logs.line(at=4))
    [answer] = logs.ask(edge("event_message = 'registrations.id'"))
    assert (answer.gap, answer.window) == ("", logs.window())


def test_new_lines_that_are_all_malformed_are_a_gap_until_one_is_not(logs: LogRig) -> None:
    logs.happen(1)
    assert logs.gap() == ""
    logs.write(b"not json\n" * 5)
    assert logs.gap() == "malformed"
    assert logs.gap() == "malformed"
    logs.write(logs.line(at=25))
    [answer] = logs.ask(logs.question(), seconds=86_400)
    assert (answer.gap, answer.window.start) == ("", START + timedelta(seconds=30))
    logs.write(logs.line(at=35))
    [answer] = logs.ask(logs.question(), seconds=86_400)
    assert [bucket.count for bucket in answer.buckets] == [1]


def test_a_broken_file_is_a_gap_for_the_streams_that_are_known_to_be_in_it(logs: LogRig) -> None:
    auth = Question(name="q", stream="auth_logs", where="id != ''")
    both = edge("event_message = 'hit'", of="id != ''", of_stream="auth_logs")
    path = logs.path.with_name("auth.ndjson")
    logs.happen(1)
    logs.write(logs.line(source="auth_logs"), path=path)
    assert [logs.gap(one) for one in (logs.question(), auth, both)] == ["", "", ""]
    logs.write(b"not json\n", path=path)
    assert [logs.gap(one) for one in (logs.question(), auth, both)] == ["", "malformed", "malformed"]
    logs.worker.kill()
    assert [logs.gap(one) for one in (logs.question(), auth, both)] == ["", "malformed", "malformed"]


def test_a_file_that_cannot_be_read_is_a_gap(logs: LogRig) -> None:
    logs.settings = {"files": ["logs/*"]}
    data = bytearray(gzip.compress(b"".join(logs.line() for _ in range(300))))
    data[2000:2100] = bytes(100)
    logs.path.with_name("x.gz").write_bytes(bytes(data))
    assert logs.gap() == "unreadable"


# Dying


def test_killed_at_any_moment_of_loading_it_loses_and_doubles_no_line(logs: LogRig) -> None:
    choice = random.Random(7)
    lines = 15_000
    day = timedelta(days=1).total_seconds()
    logs.write(*[logs.line(at=choice.choice([0, day, 2 * day]) + number % 250) for number in range(lines)])
    month = Window(START, START + timedelta(days=30))
    request = logs.request([logs.question()], month, 86_400)
    request.chunk = 100_000
    for _ in range(6):
        logs.worker.send(request)
        time.sleep(0.7 + choice.random() * 1.5)  # until it is somewhere in the middle of its work
        logs.worker.kill()
    answers = logs.worker.reply(request).answers
    assert sum(bucket.count for bucket in answers[0].buckets) == lines
    rows = logs.table()
    assert len(rows) == len({(row["file"], row["offset"]) for row in rows}) == lines


def test_another_process_on_the_same_data_is_refused(logs: LogRig) -> None:
    assert logs.count() == 0
    other = Worker()
    try:
        request = logs.request([logs.question()], logs.window(), 10)
        assert other.reply(request).error == "engine_locked"
    finally:
        other.kill()
    assert logs.count() == 0


def test_sources_of_one_process_share_the_engine(logs: LogRig) -> None:
    logs.happen(2)
    assert logs.count() == 2
    one = replace(logs, settings={})
    one.settings = {"files": ["logs/auth.ndjson"]}
    logs.write(logs.line(source="auth_logs"), path=logs.path.with_name("auth.ndjson"))
    assert one.count(Question(name="q", stream="auth_logs", where="id != ''")) == 1


# Limits


@pytest.mark.parametrize(("limits", "code"), [({"max_seconds": 0.001}, "timeout"), ({"max_memory": 200_000}, "memory")])
def test_a_question_that_takes_too_much_is_a_gap(logs: LogRig, limits: dict[str, Any], code: str) -> None:
    logs.write(*[logs.line(message=f"some words, number {number}") for number in range(20_000)])
    assert logs.count(edge("id != ''")) == 20_000
    logs.settings |= limits
    questions = [
        edge(f"match(event_message, '(a|b|c|o|n)+.*{number}$')", actor="id", healthy="true") for number in range(40)
    ]
    answers = logs.ask(*questions)
    assert {one.gap for one in answers} == {code}


def test_a_question_that_the_engine_refuses_is_a_gap_for_itself_alone(logs: LogRig) -> None:
    logs.happen(3)
    refused = structs.replace(edge("substring(event_message, 0, 5) = ''"), name="refused")
    one, other, last = logs.ask(logs.question("a"), refused, logs.question("b"))
    assert (refused.name, other.gap, other.buckets) == ("refused", "refused", ())
    assert [bucket.count for bucket in one.buckets] == [bucket.count for bucket in last.buckets] == [3]


@pytest.mark.parametrize("where", ["1 = 1) or sleep(3", "true; drop table logs", "id in (select id from logs)"])
def test_sql_that_is_not_allowed_does_not_get_through(logs: LogRig, where: str) -> None:
    logs.happen(1)
    with pytest.raises(ConfigError):
        KIND.check(edge(where))
    assert logs.gap(edge(where)) == "bad_question"
    assert logs.count() == 1


@pytest.mark.parametrize(
    "stream", ["a' OR 1 = 1 --", "a\\", "a\\' OR 1 = 1 --", "a\nb", "edge_logs\n", "a\0b", "{x:String}"]
)
def test_a_stream_of_any_name_is_no_more_than_a_name(logs: LogRig, stream: str) -> None:
    logs.happen(2)
    hostile = Question(name="q", stream=stream, where="true", of="true", of_stream=f"{stream}'")
    one, other = logs.ask(hostile, logs.question())
    assert (one.gap, one.buckets) == ("", ())
    assert sum(bucket.count for bucket in other.buckets) == 2


# Personal data


def test_personal_data_is_not_in_the_table(logs: LogRig) -> None:
    secrets = [
        "kim@example.com",
        "010-1234-5678",
        "900101-1234567",
        "203.0.113.7",
        "김철수",
        "hunter2",
        "ann-the-actor",
    ]
    logs.write(
        logs.line(
            message=f"GET | 400 | 203.0.113.7 | https://x.example/a?email=kim@example.com | '{secrets[4]}'",
            request__search="?email=kim@example.com",
            request__path="/users/김철수",
            request__sb__auth_user="ann-the-actor",
            request__body={"password": "hunter2", "phone": "010-1234-5678"},
            note="주민번호 900101-1234567",
        ),
        logs.line(message=json.dumps({"remote_addr": "203.0.113.7", "auth_user": "ann-the-actor", "status": 200})),
        b'{"timestamp":"x","source":"edge_logs","event_message":"kim@example.com"}\n',
    )
    assert logs.count(edge("id != ''")) == 2
    text = json.dumps(logs.table(), ensure_ascii=False)
    assert not [secret for secret in secrets if secret in text]
    logs.worker.kill()
    stored = b"".join(path.read_bytes() for path in (logs.data / "data").rglob("*") if path.is_file())
    assert not [secret for secret in secrets if secret.encode() in stored]


def test_only_its_owner_reads_the_key_of_the_actors(logs: LogRig) -> None:
    assert logs.count() == 0
    key = logs.data / "data" / "actor.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.stat().st_size == 32


def test_an_actor_is_the_same_after_a_restart(logs: LogRig) -> None:
    question = edge("event_message = 'hit'", actor=ACTOR, healthy=f"{STATUS} = 200")
    logs.write(logs.line(at=1, request__sb__auth_user="ann"))
    assert [bucket.actors for bucket in only(logs, question)] == [0]
    logs.worker.kill()
    logs.write(logs.line(at=2, request__sb__auth_user="ann", response__status_code="200", message="fine"))
    assert [bucket.actors for bucket in only(logs, question)] == [1]


# Cost


def test_loading_takes_time_in_proportion_to_what_is_new(logs: LogRig) -> None:
    took = []
    for _ in range(6):
        logs.write(*[logs.line() for _ in range(3000)])
        started = time.perf_counter()
        logs.count()
        took.append(time.perf_counter() - started)
    assert min(took[3:]) < 2 * max(took[1:3]) + 0.5


def test_a_package_without_the_engine_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['chdb'] = None\n"
        "from bakewatch.vendors.clickhouse.engine import installed\n"
        "from bakewatch.errors import ConfigError\n"
        "try: installed()\n"
        "except ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert "pip install 'bakewatch[local]'" in done.stdout
