"""The source `postgres`: a real server's counters, its resets, and what it does not let us see."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec import structs

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Observation, Window
from bakewatch.model.plan import Plan, Service
from bakewatch.ports import Context, Remote
from bakewatch.vendors.postgres import KIND
from bakewatch.vendors.postgres.counters import Server, Unavailable
from bakewatch.vendors.postgres.source import MEASURES
from tests.contract.source_rigs import DatabaseRig

pytestmark = pytest.mark.real


def look(database: DatabaseRig, *measures: str) -> dict[str, Observation]:
    answers = database.ask(*[database.measure(one) for one in measures])
    return {one.question: one for one in answers}


def count(answer: Observation) -> int:
    assert answer.gap == ""
    return sum(bucket.count for bucket in answer.buckets)


def run(database: DatabaseRig, *statements: str) -> None:
    """Run *statements* in a session of their own; their counts are there when it is over."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_every_measure_is_answered_by_a_real_server(database: DatabaseRig) -> None:
    run(database, "create extension pg_stat_statements")
    look(database, *MEASURES)
    run(database, "begin", "select 1", "rollback", "select pg_sleep(0.15)", "select 1")
    answers = look(database, *MEASURES)
    assert {one.gap for one in answers.values()} == {""}
    assert count(answers["rollbacks"]) == 1
    assert count(answers["deadlocks"]) == 0
    assert 3 <= count(answers["transactions"]) < 20
    assert count(answers["slow_statements"]) == 1
    assert count(answers["statements"]) >= 3


def test_active_counts_seconds_of_backends_and_of_the_milliseconds_covered(database: DatabaseRig) -> None:
    started = datetime.now(UTC)
    look(database, "active")
    run(database, "select pg_sleep(2.1)")
    answer = look(database, "active")["active"]
    assert count(answer) == 2
    covered, passed = (
        sum(bucket.of for bucket in answer.buckets),
        (datetime.now(UTC) - started) / timedelta(milliseconds=1),
    )
    assert 2100 <= covered <= passed


def test_a_reset_between_two_looks_is_a_hole_and_not_a_zero(database: DatabaseRig) -> None:
    look(database, "transactions")
    database.happen(50)
    run(database, "select pg_stat_reset()")
    answer = look(database, "transactions")["transactions"]
    assert (answer.gap, answer.buckets) == ("no_samples", ())
    database.happen(5)
    assert 5 <= count(look(database, "transactions")["transactions"]) < 20


def test_the_past_is_told_since_the_last_reset_when_history_is_asked_for(database: DatabaseRig) -> None:
    run(database, "select pg_stat_reset()")
    database.happen(40)
    merged = datetime.now(UTC)
    past = Window(merged - timedelta(hours=4), merged + timedelta(minutes=1))
    asked = structs.replace(database.question(), past=True)
    [answer] = database.ask(asked, window=past, seconds=300)
    bucket = answer.buckets[-1]
    assert 40 <= bucket.count < 60
    assert 0 < bucket.of < 60_000
    database.started = merged
    database.happen(3)
    assert 3 <= count(look(database, "transactions")["transactions"]) < 15


def test_the_past_before_the_merge_is_never_counted_as_present(database: DatabaseRig) -> None:
    look(database, "transactions")
    database.happen(100)
    database.started = datetime.now(UTC)
    assert look(database, "transactions")["transactions"].gap == "no_samples"
    database.happen(3)
    assert 3 <= count(look(database, "transactions")["transactions"]) < 15


def test_a_server_that_is_not_there_is_unreachable(database: DatabaseRig) -> None:
    database.unplug()
    assert look(database, "active")["active"].gap == "unreachable"


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        (lambda url: url.replace("postgres:@", "nobody:@"), "forbidden"),
        (lambda url: url.replace("/db_", "/no_db_"), "forbidden"),
        (lambda url: "not a url at all", "bad_url"),
    ],
)
def test_a_server_that_does_not_let_us_in_says_so(
    database: DatabaseRig, change: Callable[[str], str], gap: str
) -> None:
    database.url = change(database.url)
    assert look(database, "active")["active"].gap == gap


def test_statements_need_their_extension_and_nothing_else_does(database: DatabaseRig) -> None:
    look(database, "active", "statements")
    answers = look(database, "active", "statements")
    assert (answers["active"].gap, answers["statements"].gap) == ("", "no_extension")


def test_a_user_without_any_rights_is_enough(database: DatabaseRig) -> None:
    run(database, "create role reader login", "create extension pg_stat_statements")
    database.url = database.url.replace("postgres:@", "reader:@")
    look(database, *MEASURES)
    assert {one.gap for one in look(database, *MEASURES).values()} == {""}


def test_an_extension_that_is_forbidden_is_a_gap(database: DatabaseRig) -> None:
    run(
        database,
        "create role stranger login",
        "create schema hidden",
        "create extension pg_stat_statements schema hidden",
        "revoke all on schema hidden from public",
    )
    database.url = database.url.replace("postgres:@", "stranger:@")
    answers = look(database, "active", "statements")
    assert answers["statements"].gap == "forbidden"


def test_the_session_is_read_only_and_says_who_it_is(database: DatabaseRig) -> None:
    server = Server(database.url, 5)
    try:
        [row] = server.rows(
            "select current_setting('transaction_read_only') as r, current_setting('application_name') as a"
        )
        assert (row["r"], row["a"]) == ("on", "bakewatch")
        [limit] = server.rows("select current_setting('statement_timeout') as t")
        assert limit["t"] == "5s"
    finally:
        server.close()


def test_a_server_that_does_not_answer_in_time_is_a_gap(database: DatabaseRig) -> None:
    server = Server(database.url, 0.2)
    try:
        with pytest.raises(Unavailable) as caught:
            server.rows("select pg_sleep(5)")
        assert caught.value.code == "timeout"
    finally:
        server.close()


def test_a_missing_variable_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    context = Context(
        data=tmp_path,
        environ={},
        clock=lambda: datetime.now(UTC),
        remote=Remote(url="r", branch="main"),
        plan=Plan(service=Service(name="x")),
    )
    with pytest.raises(ConfigError, match="LOAD_URL"):
        KIND.build(KIND.settings(url_env="LOAD_URL"), context)
