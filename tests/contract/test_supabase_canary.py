"""The canary of a hosted project: what it writes is found by the plan's own marks, and a refusal is told at once."""

import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bakewatch.errors import ConfigError
from bakewatch.testing.supabase import TOKEN, Asked, Grant
from bakewatch.testing.supabase.gotrue import AUTH
from bakewatch.testing.supabase.limits import LOGS
from bakewatch.testing.supabase.sql import READ_ONLY
from bakewatch.vendors.journeys.api import Api
from bakewatch.vendors.supabase.canary import SupabaseCanary
from tests.contract.supabase_rig import DAY, Scene, staged

TAG = "bw-a8719e7a02f8-1"
STREAMS = ["edge_logs", "auth_logs", "postgres_logs"]
OWN_EDGE = (
    "(positionCaseInsensitive(log_attributes['request.headers.user_agent'], 'bakewatch/') > 0"
    " or startsWith(log_attributes['request.headers.x_client_info'], 'bakewatch/'))"
)
MARKS = {
    "edge_logs": f"{OWN_EDGE} and log_attributes['request.path'] = '/auth/v1/bakewatch'",
    "auth_logs": "log_attributes['path'] = '/bakewatch'",
    "postgres_logs": "startsWith(event_message, 'bakewatch canary')",
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path / "data") as scene:
        yield scene


def built(scene: Scene, **table: Any) -> SupabaseCanary:
    canary: SupabaseCanary = scene.build("canary", "supabase", **{"url": scene.server.url, **table})
    return canary


def problems(canary: SupabaseCanary) -> dict[str, str]:
    sent = canary.send(TAG)
    assert {one.at for one in sent} == {DAY}
    told = msgspec.json.encode(sent)
    assert TOKEN.encode() not in told and b"sb_publishable" not in told
    return {one.stream: one.problem for one in sent}


def lines(scene: Scene, stream: str, where: str = "1") -> list[dict[str, Any]]:
    """What hosted logs have of *stream*."""
    scene.clock.on(120)
    sql = f"select event_message, log_attributes from logs where source = '{stream}' and ({where})"
    start, end = "2026-02-06T23:00:00Z", "2026-02-07T01:00:00Z"
    query = {"sql": sql, "iso_timestamp_start": start, "iso_timestamp_end": end}
    path = LOGS.removeprefix("GET ").replace("{}", scene.server.project.ref)
    reply = scene.server.answer(Asked("GET", path, query, headers={"authorization": f"Bearer {TOKEN}"}))
    assert "error" not in reply.body, reply.body
    found: list[dict[str, Any]] = reply.body["result"]
    return found


@pytest.mark.real
def test_each_stream_has_one_line_that_the_plans_mark_finds(scene: Scene) -> None:
    assert problems(built(scene)) == dict.fromkeys(STREAMS, "")
    assert scene.asked() == ["GET /auth/v1/bakewatch", READ_ONLY.replace("{}", scene.server.project.ref)]
    for stream in STREAMS:
        assert len(lines(scene, stream)) == len(lines(scene, stream, MARKS[stream])) == 1


@pytest.mark.real
def test_hosted_logs_keep_the_tag_and_no_key(scene: Scene) -> None:
    built(scene).send(TAG)
    [edge] = lines(scene, "edge_logs")
    assert edge["log_attributes"]["request.headers.x_client_info"] == f"bakewatch/{TAG}"
    assert edge["log_attributes"]["request.headers.user_agent"] == f"bakewatch/{TAG}"
    assert "sb_publishable" not in str(edge)
    [raised] = lines(scene, "postgres_logs")
    assert raised["event_message"] == f"bakewatch canary {TAG}"


@pytest.mark.real
def test_a_journeys_requests_are_known_for_our_own_by_what_hosted_logs_keep(scene: Scene) -> None:
    with Api(scene.server.url, TAG, []) as api:
        api.get("/auth/v1/user", headers={"apikey": "sb_publishable_live"})
    [edge] = lines(scene, "edge_logs", OWN_EDGE)
    assert "request.headers.x_bakewatch" not in edge["log_attributes"]


def test_only_the_streams_that_are_wanted_are_written_to(scene: Scene) -> None:
    del scene.environ["SUPABASE_ACCESS_TOKEN"]
    assert problems(built(scene, streams=["auth_logs"])) == {"auth_logs": ""}
    scene.environ = {"SUPABASE_ACCESS_TOKEN": TOKEN}
    assert problems(built(scene, streams=["postgres_logs"])) == {"postgres_logs": ""}
    assert len(scene.asked()) == 2


def test_a_key_that_is_refused_is_a_problem_of_the_request_alone(scene: Scene) -> None:
    scene.environ["SUPABASE_PUBLISHABLE_KEY"] = "another"
    assert problems(built(scene)) == {
        "edge_logs": "unauthorized",
        "auth_logs": "unauthorized",
        "postgres_logs": "",
    }


def test_a_token_that_may_not_is_a_problem_of_the_statement_alone(scene: Scene) -> None:
    scene.server.tokens[TOKEN] = Grant(permissions=frozenset({"analytics_logs_read"}))
    assert problems(built(scene)) == {"edge_logs": "", "auth_logs": "", "postgres_logs": "forbidden"}


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (200, ""),
        (400, ""),
        (404, ""),
        (307, "redirected"),
        (401, "unauthorized"),
        (402, "payment_required"),
        (403, "forbidden"),
        (429, "rate_limited"),
        (500, "status_500"),
        (540, "status_540"),
    ],
)
def test_what_stands_before_the_auth_service_is_told_from_the_service(scene: Scene, status: int, problem: str) -> None:
    scene.order(AUTH, status, {"message": "kim@example.com"})
    assert problems(built(scene)) == {"edge_logs": problem, "auth_logs": problem, "postgres_logs": ""}


@pytest.mark.parametrize(("status", "problem"), [(401, "unauthorized"), (429, "rate_limited"), (500, "status_500")])
def test_a_statement_that_is_refused_is_a_problem(scene: Scene, status: int, problem: str) -> None:
    scene.order(READ_ONLY, status, {"message": "kim@example.com"})
    assert problems(built(scene)) == {"edge_logs": "", "auth_logs": "", "postgres_logs": problem}


def test_nobody_there_is_a_problem(scene: Scene) -> None:
    away = built(scene, url="http://127.0.0.1:9", api="http://127.0.0.1:9")
    assert problems(away) == dict.fromkeys(STREAMS, "unreachable")


def test_a_tag_that_is_not_ours_reaches_neither_header_nor_sql(scene: Scene) -> None:
    with pytest.raises(ValueError, match="no tag"):
        built(scene).send("x'; drop table users; --")
    assert not scene.asked()


@pytest.mark.parametrize(
    ("table", "environ", "words"),
    [
        ({"streams": ["storage_logs"]}, {}, "storage_logs"),
        ({"url": "http://live.example"}, {}, "is not https"),
        ({}, {"SUPABASE_PUBLISHABLE_KEY": ""}, "SUPABASE_PUBLISHABLE_KEY is not set"),
        ({}, {"SUPABASE_ACCESS_TOKEN": ""}, "SUPABASE_ACCESS_TOKEN is not set"),
        ({}, {"SUPABASE_PUBLISHABLE_KEY": "sb_ü\n"}, "no header can carry"),
        ({}, {"SUPABASE_ACCESS_TOKEN": "sbp_ü\n"}, "no header can carry"),
    ],
)
def test_a_table_that_is_wrong_is_told_before_anything_is_asked(
    scene: Scene, table: dict[str, Any], environ: dict[str, str], words: str
) -> None:
    scene.environ |= environ
    with pytest.raises(ConfigError, match=words) as caught:
        built(scene, **table)
    assert "ü" not in "".join(traceback.format_exception(caught.value))
