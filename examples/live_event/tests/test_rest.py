"""How errors of the database become answers: PostgREST's own table."""

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from live_event.rest import as_rest_error, status_of

DOCUMENTED = {
    "08006": 503,
    "09000": 500,
    "0L000": 403,
    "0P000": 403,
    "21000": 500,
    "22012": 400,
    "22P02": 400,
    "23502": 400,
    "23503": 409,
    "23505": 409,
    "23514": 400,
    "25006": 405,
    "25P02": 500,
    "28000": 403,
    "28P01": 403,
    "2D000": 500,
    "38000": 500,
    "39000": 500,
    "3B000": 500,
    "40001": 500,
    "40P01": 500,
    "42501": 403,
    "42601": 400,
    "42703": 400,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "53300": 503,
    "53400": 500,
    "54001": 500,
    "55P03": 500,
    "57014": 500,
    "57P01": 503,
    "58030": 500,
    "F0000": 500,
    "HV000": 500,
    "P0001": 400,
    "P0002": 500,
    "XX000": 500,
}
"""SQLSTATE -> HTTP status, for somebody who is signed in."""


@pytest.mark.parametrize(("sqlstate", "status"), DOCUMENTED.items())
def test_an_sqlstate_has_the_status_that_postgrest_documents(sqlstate: str, status: int) -> None:
    assert status_of(sqlstate) == status


@pytest.mark.parametrize("sqlstate", ["00000", "ZZ999", "", "4", "42"])
def test_an_sqlstate_that_nobody_knows_is_a_bad_request(sqlstate: str) -> None:
    assert status_of(sqlstate) == 400


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (errors.UndefinedColumn("column registrations.id does not exist"), 400),
        (errors.UniqueViolation("duplicate key value violates unique constraint"), 409),
        (errors.UndefinedTable('relation "nothing" does not exist'), 404),
        (errors.InsufficientPrivilege("permission denied for table users"), 403),
        (errors.QueryCanceled("canceling statement due to statement timeout"), 500),
        (errors.AdminShutdown("terminating connection due to administrator command"), 503),
    ],
)
def test_an_error_is_told_in_the_body_of_postgrest(problem: psycopg.Error, status: int) -> None:
    told = as_rest_error(problem)
    assert told.status == status
    assert told.body == {"code": problem.sqlstate, "message": str(problem), "details": None, "hint": None}


def test_waiting_too_long_for_a_connection_is_a_gateway_timeout() -> None:
    told = as_rest_error(PoolTimeout("couldn't get a connection after 5.00 sec"))
    assert (told.status, told.body["code"]) == (504, "PGRST003")


def test_a_lost_connection_is_an_unavailable_service_and_gives_nothing_away() -> None:
    told = as_rest_error(psycopg.OperationalError("connection to server at 10.0.0.1 failed: refused"))
    assert (told.status, told.body["code"]) == (503, "PGRST001")
    assert "10.0.0.1" not in str(told.body)


def test_text_that_the_database_cannot_hold_is_a_bad_request_and_no_outage() -> None:
    told = as_rest_error(psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"))
    assert (told.status, told.body["code"]) == (400, "22021")
