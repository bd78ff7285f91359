"""Hosted logs in all their moods: numbers that are right, or a gap with its reason; and a budget that is kept."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from msgspec import structs

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Bucket, Observation, Question, Window, to_ms
from bakewatch.model.plan import Plan, Service
from bakewatch.ports import Context, Remote
from bakewatch.testing.supabase import TOKEN, Grant, Reply
from bakewatch.testing.supabase.limits import LOGS
from bakewatch.vendors.supabase import logs as module
from bakewatch.vendors.supabase.budget import budget_of
from bakewatch.vendors.supabase.logs import KIND, LogsSettings, parts
from tests.contract.hosted_rig import PEOPLE, HostedRig, edge, traffic
from tests.contract.source_rigs import ACTOR, START, STATUS

pytestmark = pytest.mark.real

WEEK = Window(START - timedelta(days=7), START)
TEN = timedelta(minutes=10)


def past(rig: HostedRig, window: Window = WEEK) -> list[Observation]:
    """What a history is like, in blocks of ten minutes."""
    return rig.source.observe([structs.replace(rig.question(), past=True)], window, TEN)


def told(rig: HostedRig, body: Any, status: int = 200) -> str:
    """The gap when the platform answers so."""
    rig.server.limits.order(LOGS, Reply(status, body))
    return rig.gap()


# Answers


def test_a_look_is_one_query_over_whole_minutes(hosted: HostedRig) -> None:
    hosted.happen(3)
    window = Window(START + timedelta(seconds=1.5), START + timedelta(seconds=61))
    hosted.ask(hosted.question(), hosted.question("b"), window=window)
    [asked] = hosted.server.asked
    assert asked.query["iso_timestamp_start"] == "2026-02-07T02:46:00Z"
    assert asked.query["iso_timestamp_end"] == "2026-02-07T02:48:00Z"
    hosted.ask(
        hosted.question(), window=Window(START.replace(second=0), START.replace(second=0) + timedelta(minutes=1))
    )
    assert hosted.server.asked[-1].query["iso_timestamp_end"] == "2026-02-07T02:47:00Z"


def test_nothing_but_counts_leaves_the_platform(hosted: HostedRig) -> None:
    hosted.write(*traffic(hosted, 60))
    asked = Question(
        name="who",
        stream="edge_logs",
        where=f"{STATUS} >= 400",
        actor=ACTOR,
        healthy=f"{STATUS} < 300",
        distinct=True,
        spread=True,
    )
    new = Question(name="new", stream="postgres_logs", where="", signatures=True, known=())
    one, other = hosted.ask(asked, new)
    assert sum(bucket.actors for bucket in one.buckets) > 0 and other.buckets
    [reply] = hosted.server.answered
    said = json.dumps(reply.body)
    assert not [who for who in (*PEOPLE, "203.0.113.7", "registrations_email_key") if who and who in said]


def test_lines_that_come_late_are_counted_when_they_are_there(hosted: HostedRig) -> None:
    hosted.server.logs.late["edge_logs"] = 120
    hosted.write(hosted.line(at=590))
    window = Window(START + timedelta(minutes=9), START + timedelta(minutes=10))
    counts = []
    for _ in range(3):
        [answer] = hosted.ask(hosted.question(), window=window)
        counts.append(sum(bucket.count for bucket in answer.buckets))
        hosted.clock.wait(60)
    assert counts == [0, 0, 1]


def test_lost_lines_and_another_format_are_seen_as_nothing_which_only_canaries_can_tell(hosted: HostedRig) -> None:
    asked = Question(name="q", stream="edge_logs", where=f"{STATUS} = 200", of=f"{STATUS} > 0")
    hosted.write(edge(hosted, 1, 200))
    hosted.server.logs.becomes = lambda row: {**row, "log_attributes": {"response.status": "200"}}
    hosted.write(edge(hosted, 12, 200))
    hosted.server.logs.becomes = lambda row: None
    hosted.write(edge(hosted, 22, 200))
    [answer] = hosted.ask(asked)
    assert answer.buckets == (Bucket(to_ms(START), 1, 1),)


# Gaps


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": "Invalid query"}, "refused"),
        ({"error": {"code": 400, "errors": [], "message": "x", "status": "INVALID_ARGUMENT"}, "result": []}, "refused"),
        ({"error": "Unknown function f: in scope SELECT position(event_message, 'statement timeout')"}, "refused"),
        ({"error": "Query timed out", "result": None}, "query_failed"),
        ({"error": "Timeout exceeded: while executing SELECT 1"}, "query_failed"),
        ({"error": {"code": 500, "errors": [], "message": "Internal error", "status": "INTERNAL"}}, "query_failed"),
        ({"result": None, "error": None}, "malformed"),
        ({}, "malformed"),
        ([], "malformed"),
        (None, "malformed"),
        ({"result": []}, "malformed"),
        ({"result": [1]}, "malformed"),
        ({"result": {"stream": "edge_logs"}}, "malformed"),
        ({"result": [{"stream": "edge_logs", "at": [to_ms(START)], "n": [["x"]]}]}, "malformed"),
        ({"result": [{"stream": "edge_logs"}] * 1000}, "too_many_rows"),
        (b"<html>", "malformed"),
        (b"", "malformed"),
    ],
)
def test_an_answer_that_is_none_is_a_gap_and_never_a_zero(hosted: HostedRig, body: Any, code: str) -> None:
    hosted.happen(5)
    assert told(hosted, body if isinstance(body, bytes) else json.dumps(body).encode()) == code
    assert hosted.count() == 5


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "unauthorized"), (402, "payment_required"), (403, "forbidden"), (429, "rate_limited"), (503, "status_503")],
)
def test_a_status_that_means_trouble_is_a_gap_for_every_question(hosted: HostedRig, status: int, code: str) -> None:
    hosted.server.limits.fail(LOGS, status)
    answers = hosted.ask(hosted.question("a"), hosted.question("b"))
    assert [(one.gap, one.buckets, one.window) for one in answers] == [(code, (), hosted.window())] * 2
    assert hosted.sent == 1


def test_a_limit_is_obeyed_until_it_is_over(hosted: HostedRig) -> None:
    hosted.server.limits.order(LOGS, Reply(429, {"message": "x"}, {"retry-after": "30"}))
    assert [hosted.gap(), hosted.gap(), hosted.sent] == ["rate_limited", "rate_limited", 1]
    hosted.clock.wait(30)
    assert hosted.gap() == "" and hosted.sent == 2


def test_a_token_that_expires_in_the_middle_is_a_gap_from_then_on(hosted: HostedRig) -> None:
    hosted.server.tokens[TOKEN] = Grant(until=hosted.clock.now + timedelta(minutes=3))
    gaps = []
    for _ in range(4):
        gaps.append(hosted.gap())
        hosted.clock.wait(60)
    assert gaps == ["", "", "", "unauthorized"]


def test_a_history_whose_token_expires_in_the_middle_is_no_history(hosted: HostedRig) -> None:
    hosted.server.tokens[TOKEN] = Grant(until=hosted.clock.now + timedelta(seconds=70))
    hosted.source = hosted.fresh(queries_per_minute=4)
    hosted.write(hosted.line(at=-3600 * 24 * 6.0))
    assert [(one.gap, one.buckets) for one in past(hosted)] == [("unauthorized", ())]
    assert hosted.sent == 7


def test_a_token_that_may_not_read_logs_is_told(hosted: HostedRig) -> None:
    hosted.server.tokens[TOKEN] = Grant(frozenset({"projects_read"}))
    assert hosted.gap() == "forbidden"
    hosted.server.tokens[TOKEN] = Grant(frozenset({"analytics_logs_read"}))
    assert hosted.gap() == ""


@pytest.mark.parametrize(("seconds", "code"), [(0, ""), (3, ""), (-4, ""), (8, "clock_skew"), (-120, "clock_skew")])
def test_clocks_that_differ_would_count_the_release_before(hosted: HostedRig, seconds: int, code: str) -> None:
    hosted.server.project.skew = timedelta(seconds=seconds)
    assert hosted.gap() == code


# Refusals


def ninety(rig: HostedRig) -> Question:
    """One that only the engine finds out to be none."""
    return Question(name="ninety", stream="edge_logs", where="substring(event_message, 0, 5) = ''")


def test_a_refused_question_costs_the_others_a_few_queries_once_and_then_one(hosted: HostedRig) -> None:
    hosted.happen(2)
    good = [hosted.question(f"q{number}") for number in range(17)]
    asked = [*good[:9], ninety(hosted), *good[9:]]
    answers = hosted.ask(*asked)
    assert [one.question for one in answers] == [one.name for one in asked]
    assert [one.question for one in answers if one.gap] == ["ninety"]
    assert all(sum(bucket.count for bucket in one.buckets) == 2 for one in answers if not one.gap)
    first = hosted.sent
    assert first <= 11
    assert [one.gap for one in hosted.ask(*asked)].count("refused") == 1
    assert hosted.sent == first + 2
    hosted.server.limits.order(LOGS, hosted.server.answered[-2])
    assert [one.gap for one in hosted.ask(*good[:1], structs.replace(good[1], name="ninety"))] == ["", ""]
    hosted.ask(*asked[:3])
    assert hosted.sent == first + 5, "who was answered is asked with the others again"


def test_when_everything_is_refused_asking_ends_and_no_question_is_blamed(hosted: HostedRig) -> None:
    asked = [hosted.question(f"q{number}") for number in range(64)]
    hosted.server.limits.order(LOGS, Reply(200, {"error": "Invalid query"}), 100)
    assert {one.gap for one in hosted.ask(*asked)} == {"refused"}
    assert hosted.sent <= 2 * module.REFUSALS + 1
    hosted.server.limits.orders.clear()
    sent = hosted.sent
    assert {one.gap for one in hosted.ask(*asked)} == {""} and hosted.sent == sent + 1


def test_a_text_that_no_address_can_carry_is_asked_in_two(hosted: HostedRig) -> None:
    hosted.happen(1)
    words = [" or ".join(f"event_message = '{number}-{word}'" for word in range(40)) for number in range(20)]
    asked = [
        Question(name=f"q{number}", stream="edge_logs", where=f"{one} or true") for number, one in enumerate(words)
    ]
    assert {(one.gap, len(one.buckets)) for one in hosted.ask(*asked)} == {("", 1)}
    assert 2 < hosted.sent <= 10
    assert all(len(urlencode({"sql": one.query["sql"]})) <= module.LONGEST for one in hosted.server.asked)


def test_a_question_that_no_address_can_carry_is_not_asked(hosted: HostedRig) -> None:
    where, own = (f"event_message = '{sign * 3900}'" for sign in '"%')
    monstrous = Question(name="monstrous", stream="edge_logs", where=where, own=own)
    assert [one.gap for one in hosted.ask(hosted.question(), monstrous)] == ["", "too_long"]
    assert hosted.sent == 1


# Levels


def test_levels_need_an_answer(hosted: HostedRig) -> None:
    hosted.write(*[edge(hosted, number / 100, 200, took=number) for number in range(200)])
    value = "toFloat64OrZero(log_attributes['response.origin_time'])"
    asked = [Question(name=name, stream="edge_logs", where="true", of="true", value=value) for name in "ab"]
    assert hosted.levels(*asked) == {"a": 190.0, "b": 190.0}
    long = [structs.replace(one, of=" or ".join([f"id = '{one.name}{n}'" for n in range(200)])) for one in asked * 2]
    assert hosted.levels(*long) == {}
    assert hosted.levels(structs.replace(asked[0], value="sleep(1)")) == {}
    hosted.server.limits.fail(LOGS, 500)
    assert hosted.levels(*asked) == {}


def test_the_level_of_a_long_window_is_that_of_its_last_day(hosted: HostedRig) -> None:
    value = "toFloat64OrZero(log_attributes['response.origin_time'])"
    hosted.write(*[edge(hosted, -3600.0 * 30, 200, took=900) for _ in range(500)])
    hosted.write(*[edge(hosted, -3600.0 - number, 200, took=10) for number in range(200)])
    asked = Question(name="q", stream="edge_logs", where="true", of="true", value=value)
    assert hosted.source.levels([asked], WEEK) == {"q": 10.0} and hosted.sent == 1


# The budget


def test_a_whole_bake_never_meets_the_limit_of_ten_queries_a_minute(hosted: HostedRig) -> None:
    for _ in range(3):
        assert past(hosted)[0].gap == ""
    assert (hosted.sent, round(sum(hosted.clock.waited))) == (24, 126)
    for _ in range(60):
        assert hosted.gap() == ""
        hosted.clock.wait(30)
    assert hosted.sent == 24 + 60
    assert {one.status for one in hosted.server.answered} == {200}


def test_sources_of_one_project_share_a_budget_and_a_look_waits_for_no_history(hosted: HostedRig) -> None:
    other = hosted.fresh()
    assert past(hosted)[0].gap == ""
    assert (hosted.sent, hosted.clock.waited) == (8, [])
    for source in (other, hosted.source):
        assert source.observe([hosted.question()], hosted.window(), TEN)[0].gap == ""
    assert (hosted.sent, hosted.clock.waited) == (10, [])
    other.observe([hosted.question()], hosted.window(), TEN)
    assert hosted.clock.waited == [pytest.approx(63)]


def test_a_clock_that_is_set_back_stops_no_look(hosted: HostedRig) -> None:
    for _ in range(10):
        hosted.gap()
    hosted.clock.now -= timedelta(hours=1)
    hosted.server.limits.totals[LOGS] = 120
    assert (hosted.gap(), hosted.clock.waited) == ("", [])


def test_an_address_is_the_same_with_a_stroke_behind_it() -> None:
    assert budget_of("https://api.example/", "p") is budget_of("https://api.example", "p")


def context(rig: HostedRig, time_scale: float = 1.0) -> Context:
    """What a source is built with."""
    plan = Plan(service=Service(name="live"), time_scale=time_scale)
    environ, remote = {"SUPABASE_ACCESS_TOKEN": TOKEN}, Remote(url="x", branch="main")
    return Context(data=rig.data, environ=environ, clock=rig.clock, remote=remote, plan=plan)


def test_a_minute_of_the_plan_is_shorter_in_quick_motion(hosted: HostedRig) -> None:
    settings = LogsSettings(project=hosted.server.project.ref, api=hosted.server.url, queries_per_minute=2)
    source = KIND.build(settings, context(hosted, 0.1))
    source._pause = hosted.clock.wait
    for _ in range(3):
        source.observe([hosted.question()], hosted.window(), TEN)
    assert hosted.clock.waited == [pytest.approx(6.3)]


# Doctor


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"status": "INACTIVE"}, "INACTIVE"),
        ({"status": "kim@example.com\x1b[2J"}, "malformed"),
        ({"status": 1}, "malformed"),
        ([], "malformed"),
    ],
)
def test_of_what_the_platform_says_of_a_project_only_a_word_is_printed(hosted: HostedRig, body: Any, word: str) -> None:
    hosted.server.limits.order("GET /v1/projects/{}", Reply(200, json.dumps(body).encode()))
    settings = LogsSettings(project=hosted.server.project.ref, api=hosted.server.url)
    probe, _ = KIND.probe(settings, context(hosted))
    assert probe.ask().what == f"{settings.project}: {word}"


# Windows and settings


@pytest.mark.parametrize("width", [timedelta(seconds=0.8), timedelta(seconds=48), TEN, timedelta(days=1)])
@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=59.9), timedelta(hours=23, minutes=59, seconds=1)])
def test_parts_touch_each_other_at_buckets_and_are_never_too_long(width: timedelta, late: timedelta) -> None:
    window = Window(WEEK.start + late, WEEK.end + late / 3)
    found = list(parts(window, width))
    assert (found[0].start, found[-1].end) == (window.start, window.end)
    for one, following in zip(found, found[1:], strict=False):
        assert one.end == following.start and to_ms(one.end) % round(width.total_seconds() * 1000) == 0
    for one in found:
        whole = module._outward(one)
        assert whole.start <= one.start < one.end <= whole.end and whole.length <= timedelta(hours=24)
    assert len(found) <= 9


@pytest.mark.parametrize(
    "table",
    [
        {"project": "ABCDEFGHIJKLMNOPQRST"},
        {"project": "abc"},
        {"project": "abcdefghijklmnopqrst\n"},
        {"queries_per_minute": 1},
        {"sql": "x"},
    ],
)
def test_settings_that_cannot_be_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"project": "abcdefghijklmnopqrst", **table}, LogsSettings)


def test_an_address_that_is_not_safe_is_refused(hosted: HostedRig) -> None:
    with pytest.raises(ConfigError, match="not https"):
        module.SupabaseLogs(LogsSettings(project="a" * 20, api="http://live.example"), TOKEN, hosted.clock)
