"""One plan, two engines: the same lines give the same numbers here, masked when loaded, and hosted, as they are."""

from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.errors import ConfigError
from bakewatch.model.observation import MOST_EVENTS, Question, Window
from bakewatch.model.plan import Check, Plan, Rule, Service, Stream, canary_name
from bakewatch.vendors.supabase.logs import KIND
from tests.contract.hosted_rig import HostedRig, Twins, edge, postgres, traffic
from tests.contract.pack_lines import OWN as PACK_OWN
from tests.contract.pack_lines import SAMPLES
from tests.contract.source_rigs import ACTOR, START, STATUS, LogRig
from tests.contract.test_packs_chdb import expanded, written
from tests.contract.test_signatures_chdb import MORE_ALIKE, MORE_APART
from tests.unit.privacy.test_signature import ALIKE, APART

pytestmark = pytest.mark.real

OWN = (
    "positionCaseInsensitive(log_attributes['request.headers.user_agent'], 'bakewatch/') > 0"
    " or startsWith(log_attributes['request.headers.x_client_info'], 'bakewatch/')"
)
STREAMS = {
    "edge_logs": Stream(
        source="logs",
        own=OWN,
        canary=f"({OWN}) and log_attributes['request.path'] = '/auth/v1/bakewatch'",
        actor=ACTOR,
        healthy=f"{ACTOR} != '' and {STATUS} between 200 and 299",
    ),
    "auth_logs": Stream(
        source="logs", own="log_attributes['path'] = '/bakewatch'", canary="log_attributes['path'] = '/bakewatch'"
    ),
    "postgres_logs": Stream(
        source="logs",
        own="startsWith(event_message, 'bakewatch canary')"
        " or startsWith(log_attributes['parsed.application_name'], 'bakewatch')",
        canary="startsWith(event_message, 'bakewatch canary')",
    ),
}
CALLS = "startsWith(log_attributes['request.path'], '/rest/v1/')"
CHECKS = (
    Check(
        name="zero",
        stream="postgres_logs",
        rule=Rule.ZERO,
        where="log_attributes['parsed.sql_state_code'] = '42703' and position(event_message, 'registrations.id') > 0",
        of=CALLS,
        of_stream="edge_logs",
    ),
    Check(name="proportion", stream="edge_logs", rule=Rule.PROPORTION, where=f"{CALLS} and {STATUS} = 409", of=CALLS),
    Check(
        name="reuse",
        stream="auth_logs",
        rule=Rule.PROPORTION,
        where="log_attributes['error_code'] = 'refresh_token_already_used'"
        " or positionCaseInsensitive(event_message, 'refresh_token_already_used') > 0",
        of="log_attributes['path'] = '/token'",
    ),
    Check(
        name="volume", stream="postgres_logs", rule=Rule.VOLUME, where="position(event_message, 'duplicate key') > 0"
    ),
    Check(name="floor", stream="edge_logs", rule=Rule.FLOOR, where=f"{CALLS} and {STATUS} < 300", of=CALLS),
    Check(
        name="slower",
        stream="edge_logs",
        rule=Rule.SLOWER,
        where=CALLS,
        value="toFloat64OrZero(log_attributes['response.origin_time'])",
    ),
    Check(name="amplification", stream="edge_logs", rule=Rule.AMPLIFICATION, where=CALLS),
    Check(name="distinct", stream="edge_logs", rule=Rule.PROPORTION, where=f"{STATUS} >= 500", of=CALLS, distinct=True),
    Check(name="new-errors", stream="postgres_logs", rule=Rule.NOVELTY),
)
PLAN = Plan(service=Service(name="live"), streams=STREAMS, checks=CHECKS)


@pytest.fixture
def twins(logs: LogRig, hosted: HostedRig) -> Twins:
    both = Twins(logs, hosted)
    both.write(*traffic(logs))
    return both


def questions() -> list[Question]:
    """Those of a look, with a level and no known signature."""
    asked = [structs.replace(one, above=400.0) if one.value else one for one in PLAN.questions()]
    return [structs.replace(one, known=()) if one.signatures else one for one in asked]


def test_every_rule_gets_the_same_answer(twins: Twins) -> None:
    found = {one.question: one for one in twins.ask(*questions())}
    assert twins.hosted.sent == 1
    for name, one in found.items():
        assert sum(bucket.count for bucket in one.buckets) > 0, f"{name} counts nothing"
    assert sum(bucket.own for bucket in found["distinct"].buckets) == 0
    assert sum(bucket.actors for bucket in found["proportion"].buckets) > 0
    assert any(bucket.spread[1] for bucket in found["amplification"].buckets if len(bucket.spread) == MOST_EVENTS)
    assert len({one.id for bucket in found["new-errors"].buckets for one in bucket.signatures}) == 4
    assert sum(bucket.count for bucket in found[canary_name("edge_logs")].buckets) == 10


@pytest.mark.parametrize("seconds", [1, 30, 60])
def test_buckets_of_any_width_get_it(twins: Twins, seconds: int) -> None:
    twins.ask(*questions(), seconds=seconds)


def test_a_window_that_cuts_minutes_and_seconds_gets_it(twins: Twins) -> None:
    window = Window(START + timedelta(seconds=47.3), START + timedelta(seconds=181.9))
    [answer] = twins.ask(questions()[1], window=window)
    assert answer.window == window and twins.hosted.server.asked[-1].query["iso_timestamp_start"].endswith(":47:00Z")


def test_levels_are_the_same(twins: Twins) -> None:
    asked = [one for one in questions() if one.value]
    assert twins.here.levels(*asked) == twins.hosted.levels(*asked)
    assert 400 < twins.hosted.levels(*asked)["slower"] < 900


def test_history_begins_with_the_first_line_in_both(twins: Twins) -> None:
    asked = [structs.replace(one, past=True) for one in questions()]
    window = Window(START - timedelta(hours=3), START + timedelta(minutes=5))
    found = twins.ask(*asked, window=window, seconds=300)
    assert {one.window.start for one in found} == {START - timedelta(seconds=80)}


def test_a_stream_without_a_line_has_an_answer_but_no_past(twins: Twins) -> None:
    asked = Question(name="none", stream="storage_logs", where="severity_text = 'ERROR'", past=True)
    [answer] = twins.ask(asked, window=Window(START - timedelta(hours=3), START), seconds=300)
    assert (answer.gap, answer.buckets, answer.window.length) == ("", (), timedelta(0))


def test_a_week_is_asked_in_parts_and_answered_as_one(twins: Twins) -> None:
    twins.write(*[edge(twins.here, -3600.0 * hour, 409) for hour in range(1, 160)])
    window = Window(START - timedelta(days=7), START)
    for seconds in (600, 48):
        [answer] = twins.ask(structs.replace(questions()[1], past=True), window=window, seconds=seconds)
        assert sum(bucket.count for bucket in answer.buckets) == 159
    assert twins.hosted.sent == 16
    ranges = [one.query for one in twins.hosted.server.asked]
    assert all(query["iso_timestamp_start"].endswith("00Z") for query in ranges)


def test_what_is_asked_for_can_lie_behind_a_mask_and_is_refused_for_both(twins: Twins) -> None:
    line = postgres(twins.here, 1, "no rows for lee@example.org", "P0001")
    twins.write(line)
    asked = Question(name="who", stream="postgres_logs", where="position(event_message, 'lee@example.org') > 0")
    here, hosted = twins.here.ask(asked), twins.hosted.ask(asked)
    assert (len(here[0].buckets), len(hosted[0].buckets)) == (0, 1)
    with pytest.raises(ConfigError, match="masked"):
        KIND.check(asked)


def test_every_check_of_the_pack_gets_the_same_answer(logs: LogRig, hosted: HostedRig) -> None:
    twins, plan = Twins(logs, hosted), expanded("supabase")
    lines = [line for one in SAMPLES["supabase"].values() for line in (*one.events, *one.besides)]
    lines += [line for stream, line in PACK_OWN.items() if stream in plan.streams]
    hosted.clock.wait(60 * len(lines))
    twins.write(*[written(logs, line, minute) for minute, line in enumerate(lines)])
    asked = [structs.replace(one, above=100.0) if one.value else one for one in plan.questions()]
    asked = [structs.replace(one, known=()) if one.signatures else one for one in asked]
    found = twins.ask(*asked, window=Window(START, START + timedelta(minutes=len(lines))))
    assert [one.question for one in found if not sum(bucket.count for bucket in one.buckets)] == []
    assert hosted.sent == 3, "refused by nobody, and too long for one address"


MORE = [
    'invalid input syntax for type uuid: "x"',
    'invalid input value for enum role: "Kim Lee"',
    'user "Kim Lee" not found',
    'new row violates row-level security policy "Only for members" for table "chat"',
    "duplicate key: Key (name)=(Kim) already exists.",
    '{"level":"error","msg":"no such user","actor_name":"Kim Lee","remote_addr":"203.0.113.7","path":"/user"}',
    '{"error":"Possible abuse attempt: 12123","error_code":"refresh_token_already_used","user":"kim"}',
    "Bearer sbp_0123456789abcdef0123456789abcdef01234567 was refused",
    "GET | 500 | 203.0.113.7 | 8f2a9b8c7d6e5f4a-ICN | https://x.supabase.co/rest/v1/a?select=id | node",
    "no answer of kim@example.com at +82 10-1234-5678",
]


def test_a_signature_is_the_same_for_a_line_that_was_masked_and_for_one_that_was_not(
    logs: LogRig, hosted: HostedRig
) -> None:
    lines = [*dict.fromkeys(one for pair in (*ALIKE, *APART, *MORE_ALIKE, *MORE_APART) for one in pair), *MORE]
    twins = Twins(logs, hosted)
    hosted.clock.wait(10 * len(lines))
    twins.write(*[postgres(logs, 10 * number + 1, line, "XX000") for number, line in enumerate(lines)])
    window = Window(START, START + timedelta(seconds=10 * len(lines)))
    [answer] = twins.ask(questions()[8], window=window)
    assert len(answer.buckets) == len(lines)
