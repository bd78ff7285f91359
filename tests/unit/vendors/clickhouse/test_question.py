"""One text for all questions, and answers that are either what was asked for or gaps."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Bucket, Question, Signature, Window, to_ms
from bakewatch.vendors.clickhouse import signatures
from bakewatch.vendors.clickhouse.question import MALFORMED, Fused, check, fuse, fuse_levels, merged, read_levels
from bakewatch.vendors.clickhouse.regex import flaw

START = datetime(2026, 2, 7, 2, 46, 20, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(seconds=30))
TEN = timedelta(seconds=10)
AT = to_ms(START)
OWN = "log_attributes['request.headers.x_bakewatch'] != ''"

BAD = Question(name="bad", stream="edge_logs", where="id = 'bad'", of="id != ''", own=OWN, of_own=OWN)
LOUD = Question(name="loud", stream="postgres_logs", where="id = 'loud'", of="id != ''", of_stream="edge_logs")
WHO = Question(
    name="who",
    stream="edge_logs",
    where="id = 'who'",
    own=OWN,
    actor="log_attributes['request.sb.auth_user']",
    healthy="id = 'fine'",
)


def ask(*questions: Question) -> Fused:
    return fuse(questions, WINDOW, TEN)


def row(stream: str, **buckets: list[int]) -> dict[str, Any]:
    """`s0=[…]`: the counts of the bucket that starts 0 seconds after START."""
    return {"stream": stream, "at": [AT + 1000 * int(key[1:]) for key in buckets], "n": list(buckets.values())}


def test_each_stream_is_read_once() -> None:
    sql = ask(BAD, LOUD, WHO, BAD).sql
    assert sql.count("FROM logs") == 2
    assert sql.count("source = 'edge_logs'") == sql.count("source = 'postgres_logs'") == 1


def test_the_text_is_within_what_a_hosted_endpoint_accepts() -> None:
    sql = ask(BAD, LOUD, WHO).sql.lower()
    assert "count(*)" not in sql and "select *" not in sql
    assert sql.rstrip().endswith("limit 2")
    assert "timestamp >= todatetime64('2026-02-07 02:46:20.000000', 6, 'utc')" in sql
    assert "timestamp < todatetime64('2026-02-07 02:46:50.000000', 6, 'utc')" in sql


def test_a_count_that_two_questions_share_is_counted_once() -> None:
    both = [Question(name=name, stream="s", where=f"id = '{name}'", of="id != ''") for name in "ab"]
    sql = fuse(both, WINDOW, TEN).sql
    assert sql.count("(id != '')") == sql.count("countIf(e1)") == 1
    assert named(sql) == {"e0": "(id = 'a')", "e1": "(id != '')", "e2": "(id = 'b')"}


def named(sql: str) -> dict[str, str]:
    """The expressions of the lines of one stream, by their names."""
    line = next(one for one in sql.splitlines() if " AS slot, " in one)
    return {name: text for text, name in re.findall(r", (.+?) AS (e\d+)", line.partition(" AS slot")[2])}


def test_own_traffic_is_left_out_and_counted_by_itself() -> None:
    sql = ask(BAD).sql
    assert named(sql) == {"e0": "(id = 'bad')", "e1": f"({OWN})", "e2": f"(id != '') AND NOT ({OWN})"}
    assert "countIf(e0 AND NOT e1)" in sql and "countIf(e0 AND e1)" in sql and "countIf(e2)" in sql


def test_an_actor_counts_when_it_also_has_a_healthy_call() -> None:
    sql = ask(WHO).sql
    assert named(sql) == {"e0": "(id = 'who')", "e1": f"({OWN})", "e2": WHO.actor, "e3": "(id = 'fine')"}
    matching = "groupUniqArrayIf(e2, e0 AND NOT e1 AND e2 != '')"
    assert f"length(arrayIntersect({matching}, groupUniqArrayIf(e2, e3 AND e2 != '')))" in sql


def test_rows_become_one_observation_per_question_in_their_order() -> None:
    edge = row("edge_logs", s0=[10, 1, 0, 2, 3, 0, 0], s20=[7, 0, 0, 0, 0, 0, 0])
    loud, bad, who = ask(LOUD, BAD, WHO).read([edge, row("postgres_logs", s10=[5])])
    assert [one.question for one in (loud, bad, who)] == ["loud", "bad", "who"]
    assert {(one.window, one.width, one.gap) for one in (loud, bad, who)} == {(WINDOW, 10.0, "")}
    assert loud.buckets == (Bucket(AT, 0, 10), Bucket(AT + 10_000, 5), Bucket(AT + 20_000, 0, 7))


def test_each_number_stands_where_it_belongs() -> None:
    bad, who = (one.buckets[0] for one in ask(BAD, WHO).read([row("edge_logs", s0=[1, 2, 3, 4, 5, 6])]))
    assert sorted([bad.count, bad.own, bad.of, who.count, who.own, who.actors]) == [1, 2, 3, 4, 5, 6]
    assert (bad.actors, who.of) == (0, 0)


def test_a_bucket_without_any_event_is_not_listed_and_an_answer_without_buckets_is_no_gap() -> None:
    [answer] = ask(BAD).read([row("edge_logs", s0=[0, 0, 0], s10=[0, 4, 0])])
    assert [bucket.at for bucket in answer.buckets] == [AT + 10_000]
    [answer] = ask(BAD).read([row("edge_logs")])
    assert (answer.buckets, answer.gap) == ((), "")


def test_large_numbers_may_come_as_strings() -> None:
    rows = [{"stream": "edge_logs", "at": [str(AT)], "n": [["3", "0", "1"]]}]
    [answer] = ask(BAD).read(rows)
    assert sum((answer.buckets[0].count, answer.buckets[0].of, answer.buckets[0].own)) == 4


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{}],
        [{"stream": "edge_logs"}],
        [{"stream": "other_logs", "at": [], "n": []}],
        [{"stream": "edge_logs", "at": [AT], "n": []}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1, 2, 3, 4]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1, 2, -3]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1, 2, 10**400]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [["9" * 5000, "0", "1"]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1, 2, None]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1, 2, True]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1, 2, 1.5]]}],
        [{"stream": "edge_logs", "at": [AT], "n": [[1, 2, "x"]]}],
        [{"stream": "edge_logs", "at": [AT], "n": "[[1,2,3]]"}],
        [{"stream": "edge_logs", "at": [AT + 1], "n": [[1, 2, 3]]}],
        [{"stream": "edge_logs", "at": [AT - 20_000], "n": [[1, 2, 3]]}],
        [{"stream": "edge_logs", "at": [AT + 60_000], "n": [[1, 2, 3]]}],
        [{"stream": "edge_logs", "at": [AT, AT], "n": [[1, 2, 3], [1, 2, 3]]}],
        [{"stream": "edge_logs", "at": [], "n": []}, {"stream": "edge_logs", "at": [], "n": []}],
    ],
)
def test_an_answer_that_was_not_asked_for_is_a_gap_and_never_a_zero(rows: list[dict[str, Any]]) -> None:
    [answer] = ask(BAD).read(rows)
    assert (answer.gap, answer.buckets) == (MALFORMED, ())


def test_a_gap_in_one_stream_concerns_only_who_needs_it() -> None:
    answers = ask(BAD, LOUD, Question(name="alone", stream="postgres_logs", where="true")).read(
        [row("postgres_logs", s0=[1, 2])]
    )
    assert [one.gap for one in answers] == [MALFORMED, MALFORMED, ""]


@pytest.mark.parametrize("width", [timedelta(milliseconds=100), timedelta(minutes=5), timedelta(days=1)])
def test_buckets_of_any_width_start_at_whole_multiples_of_it(width: timedelta) -> None:
    window = Window(START + timedelta(microseconds=1), START + timedelta(hours=4))
    fused = fuse([BAD], window, width)
    step = round(width.total_seconds() * 1000)
    first = to_ms(window.start) // step * step
    starts = list(range(first, to_ms(window.end), step))[:2]
    [answer] = fused.read([{"stream": "edge_logs", "at": starts, "n": [[1, 0, 1]] * len(starts)}])
    assert [bucket.at for bucket in answer.buckets] == starts
    assert answer.width == width.total_seconds()
    assert f"intDiv(toUnixTimestamp64Milli(timestamp), {step}) * {step}" in fused.sql


@pytest.mark.parametrize(
    ("key", "question"),
    [
        ("where", Question(name="q", stream="s", where="select 1")),
        ("of", Question(name="q", stream="s", where="true", of="1")),
        ("own", Question(name="q", stream="s", where="true", own="id")),
        ("of_own", Question(name="q", stream="s", where="true", of="true", of_own="sleep(1)")),
        ("actor", Question(name="q", stream="s", where="true", actor="true")),
        ("healthy", Question(name="q", stream="s", where="true", healthy="id")),
        ("stream", Question(name="q", stream="", where="true")),
    ],
)
def test_the_error_names_the_key_that_is_wrong(key: str, question: Question) -> None:
    with pytest.raises(ConfigError) as caught:
        check(question)
    assert caught.value.where == key
    with pytest.raises(ConfigError):
        fuse([question], WINDOW, TEN)


def test_the_name_of_a_stream_stays_a_literal() -> None:
    hostile = "x' OR 1=1 --\\"
    sql = fuse([Question(name="q", stream=hostile, where="true")], WINDOW, TEN).sql
    assert "source = 'x\\' OR 1=1 --\\\\'" in sql


@pytest.mark.parametrize(
    "where",
    [
        "event_message = 'call 010-1234-5678'",
        "'user 12345678 left' = event_message",
        "event_message in ('fine', 'from 203.0.113.7')",
        "event_message like '%kim@x.org%'",
        "event_message like '%a%from 203.0.113.7%'",
        "lower(event_message) like '%order 12345678%'",
        "position(event_message, 'Could not find the ''id'' column') > 0",
        "positionCaseInsensitive(event_message, '?select=') > 0 or position(event_message, '/x?select=id') > 0",
        "positionCaseInsensitiveUTF8(event_message, 'timeout after 30000 ms') > 0",
        "startsWith(event_message, 'ERROR:  42703')",
        "id != '' and not endsWith(event_message, 'user 550e8400-e29b-41d4-a716-446655440000')",
        "event_message like '%user \"Kim Lee\" not found%'",
    ],
)
def test_what_masking_never_leaves_cannot_be_asked_for(where: str) -> None:
    for key in ("where", "of", "own", "of_own", "healthy"):
        given: dict[str, Any] = {"where": "true", "of": "true", "actor": "id"} | {key: where}
        with pytest.raises(ConfigError) as caught:
            check(Question(name="q", stream="s", **given))
        assert caught.value.where == key
        assert "masking leaves" in caught.value.right
        fuse([Question(name="q", stream="s", **given)], WINDOW, TEN)


@pytest.mark.parametrize(
    "where",
    [
        "event_message like 'canary%'",
        "startsWith(event_message, 'bakewatch canary')",
        "positionCaseInsensitive(event_message, 'REGISTRATIONS.ID') > 0",
        "positionCaseInsensitive(event_message, 'refresh_token_already_used') > 0",
        "position(event_message, 'SQLSTATE 42703') > 0",
        "position(event_message, '42703') > 0",
        "event_message like '%(SQLSTATE 23505)'",
        "event_message like '%fk_rails_0a1b2c3d4e%'",
        "event_message like '%unique constraint \"registrations_event_id_user_id_1a2b3c4d_uniq\"%'",
        "event_message like '%policy \"Only for members\"%' or position(event_message, 'Only for members') > 0",
        "event_message like '%registrations\\\\_pkey%'",
        "event_message like '%20260207%'",
        "event_message = 'column registrations.id does not exist'",
        'position(event_message, \'"title":"a b"\') > 0',
        "positionUTF8(event_message, '등록이 이미') > 0",
        "event_message like ' | 409 | %/rest/v1/registrations%'",
        "match(event_message, '010-[0-9]{4}')",
        "log_attributes['x'] = '010-1234-5678'",
        "event_message != ''",
    ],
)
def test_what_a_message_can_contain_may_be_asked_for(where: str) -> None:
    check(Question(name="q", stream="s", where=where))


# The past


def past(*questions: Question) -> Fused:
    return ask(*[structs.replace(one, past=True) for one in questions])


def test_of_the_past_what_lies_before_the_first_line_is_not_known() -> None:
    [calls] = past(Question(name="calls", stream="edge_logs", where="true")).read([row("edge_logs", s10=[0], s20=[4])])
    assert (calls.gap, calls.window) == ("", Window(START + TEN, WINDOW.end))
    assert calls.buckets == (Bucket(AT + 20_000, 4),)
    edge, loud = row("edge_logs", s20=[7, 0, 0, 0, 0, 0, 0][:1]), row("postgres_logs", s0=[5])
    [share] = past(LOUD).read([edge, loud])
    assert share.window == Window(START + 2 * TEN, WINDOW.end) and share.buckets == (Bucket(AT + 20_000, 0, 7),)


def test_of_the_past_of_a_silent_stream_nothing_is_known() -> None:
    [calls] = past(Question(name="calls", stream="edge_logs", where="true")).read([row("edge_logs")])
    assert (calls.gap, calls.window, calls.buckets) == ("", Window(WINDOW.end, WINDOW.end), ())
    [gap] = past(BAD).read([])
    assert (gap.gap, gap.window) == (MALFORMED, WINDOW)


def test_the_past_is_known_from_the_moment_that_was_asked_for() -> None:
    fused = fuse([structs.replace(BAD, past=True)], Window(START + timedelta(seconds=3), WINDOW.end), TEN)
    [answer] = fused.read([row("edge_logs", s0=[1, 0, 1])])
    assert (answer.window.start, [one.at for one in answer.buckets]) == (START + timedelta(seconds=3), [AT])


def test_silence_after_the_deploy_is_left_to_canaries() -> None:
    [calls] = ask(Question(name="calls", stream="edge_logs", where="true")).read([row("edge_logs", s20=[4])])
    assert calls.window == WINDOW


# Windows in parts


def test_the_rows_of_parts_are_those_of_the_whole() -> None:
    parts = [[row("edge_logs", s0=[1, 2, 3])], [row("edge_logs")], [row("edge_logs", s20=[4, 5, 6])]]
    assert ask(BAD).read(merged(parts)) == ask(BAD).read([row("edge_logs", s0=[1, 2, 3], s20=[4, 5, 6])])


@pytest.mark.parametrize(
    "part",
    [[], [row("x")], [row("edge_logs"), row("edge_logs")], [{"stream": "edge_logs", "at": AT, "n": [[1, 2, 3]]}]],
)
def test_a_part_that_was_not_asked_for_is_a_gap(part: list[dict[str, Any]]) -> None:
    for parts in ([[row("edge_logs")], part], [part, [row("edge_logs")]]):
        assert [one.gap for one in ask(BAD).read(merged(parts))] == [MALFORMED]


# Levels


def test_a_level_needs_values() -> None:
    rows: list[dict[str, object]] = [
        {"question": "slow", "level": 12, "events": "100"},
        {"question": "few", "level": 1.5, "events": 99},
        {"question": "none", "level": None, "events": 1000},
        {"question": "odd", "level": 2.0, "events": "x"},
        {"question": "many", "level": 2.0, "events": "9" * 5000},
        {"question": "vast", "level": 10**400, "events": 100},
        {"question": "zero", "level": 0, "events": 100},
        {"question": "text", "level": "190", "events": 100},
        {"question": "words", "level": "fast", "events": 100},
        {},
    ]
    assert read_levels(rows) == {"slow": 12.0, "text": 190.0}


def test_an_event_that_does_not_tell_its_value_is_no_quick_one() -> None:
    """A value that is called something else reads as 0; of such events a check must not say that none was slow."""
    slow = Question(name="slow", stream="s", where="id != ''", of="id != ''", value="length(id)", above=3.0)
    assert "(id != '') AND length(id) > 0" in named(fuse([slow], WINDOW, TEN).sql).values()
    assert "countIf((id != '') AND length(id) > 0) AS events" in fuse_levels([slow], WINDOW)


# Signatures

NEW = Question(name="new", stream="edge_logs", where="", signatures=True, known=(7,), own=OWN)


def signed(**buckets: list[int]) -> dict[str, Any]:
    """The row of the signatures of `new`."""
    return row("signatures of new", **buckets)


def test_signatures_are_made_in_the_query_and_come_in_one_row() -> None:
    sql = ask(BAD, NEW).sql
    assert sql.endswith("LIMIT 2")
    assert "count(*)" not in sql and "select *" not in sql.lower()
    [select] = [part for part in sql.split(" UNION ALL ") if "signatures of new" in part]
    errors = (
        "(lower(severity_text) IN ('error', 'err', 'severe', 'critical', 'crit', 'alert', 'emergency', 'emerg',"
        f" 'fatal', 'panic')) AND NOT ({OWN})"
    )
    assert f"countIf({errors}) AS events" in select
    assert f"AND ({errors} OR false)\nGROUP BY slot, signature" in select
    assert "source = 'edge_logs' AND timestamp >=" in select
    assert f"groupArrayIf({signatures.MOST + 1})((signature, events, who), events > 0)" in select
    assert select.count("replaceRegexpAll(") == len(signatures._STEPS)
    assert "event_message" not in select.partition(") AS signature")[2]
    assert ask(NEW).sql.count("countIf(true)") == 1


def test_every_step_of_the_template_is_what_the_engine_takes() -> None:
    for pattern in (*(step[0] for step in signatures._STEPS), signatures._NAMES, signatures._STATES):
        assert flaw(pattern) == ""


def test_without_a_list_of_what_is_known_errors_are_only_counted() -> None:
    asked = structs.replace(NEW, known=None)
    assert "signature" not in ask(asked).sql
    [answer] = ask(asked).read([row("edge_logs", s0=[9, 2, 1])])
    assert answer.buckets == (Bucket(AT, 2, 9, 1),)


def test_known_signatures_are_left_out_of_list_and_count() -> None:
    lines = row("edge_logs", s0=[5], s10=[6])
    [answer] = ask(NEW).read([lines, signed(s0=[7, 3, 1, 8, 2, 0, 9, 1, 4], s20=[9, 1, 0])])
    assert answer.buckets == (
        Bucket(AT, 3, 5, actors=4, signatures=(Signature(8, 2, 0), Signature(9, 1, 4))),
        Bucket(AT + 10_000, 0, 6),
        Bucket(AT + 20_000, 1, 0, signatures=(Signature(9, 1, 0),)),
    )


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row("edge_logs", s0=[5])],
        [signed(s0=[8, 1, 0])],
        [row("edge_logs", s0=[5]), signed(s0=[8, 1])],
        [row("edge_logs", s0=[5]), signed(s0=[8, -1, 0])],
        [row("edge_logs", s0=[5, 6]), signed(s0=[8, 1, 0])],
    ],
)
def test_signatures_that_were_not_asked_for_are_a_gap(rows: list[dict[str, Any]]) -> None:
    [answer] = ask(NEW).read(rows)
    assert (answer.gap, answer.buckets) == (MALFORMED, ())


def test_more_signatures_than_one_can_tell_are_a_gap() -> None:
    many = [number for one in range(signatures.MOST + 1) for number in (one + 10, 1, 0)]
    [answer] = ask(NEW).read([row("edge_logs", s0=[9]), signed(s0=many)])
    assert (answer.gap, answer.buckets) == (signatures.TOO_MANY, ())


@pytest.mark.parametrize("rest", [{"of": "true"}, {"value": "1"}, {"distinct": True}, {"spread": True}])
def test_more_than_signatures_cannot_be_asked_of_them(rest: dict[str, Any]) -> None:
    check(NEW)
    with pytest.raises(ConfigError) as caught:
        check(structs.replace(NEW, **rest))
    assert caught.value.where in rest
