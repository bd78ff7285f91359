"""SQL that may be sent to be counted, and all that may not."""

import pytest

from bakewatch.errors import CounterError
from bakewatch.vendors.supabase.query import prepared

GOOD = "select count(*) from public.registrations"


@pytest.mark.parametrize(
    ("query", "parameters", "sent"),
    [
        (GOOD, 0, "SELECT (SELECT COUNT(*) FROM public.registrations) AS count"),
        (f"  {GOOD} ; ", 0, "SELECT (SELECT COUNT(*) FROM public.registrations) AS count"),
        (f"{GOOD} where tag = %s", 1, "SELECT (SELECT COUNT(*) FROM public.registrations WHERE tag = $1) AS count"),
        (
            f"{GOOD} where tag = %s and name like 'a%%' and note = %s",
            2,
            "SELECT (SELECT COUNT(*) FROM public.registrations"
            " WHERE tag = $1 AND name LIKE 'a%' AND note = $2) AS count",
        ),
        ("select 1", 0, "SELECT (SELECT 1) AS count"),
        (
            "select (select count(*) from public.a) - (select count(*) from public.b)",
            0,
            "SELECT (SELECT (SELECT COUNT(*) FROM public.a) - (SELECT COUNT(*) FROM public.b)) AS count",
        ),
        (
            "select count(*) from generate_series(1, 3)",
            0,
            "SELECT (SELECT COUNT(*) FROM GENERATE_SERIES(1, 3)) AS count",
        ),
        (
            "select (with b as (select 1) select count(*) from b)",
            0,
            "SELECT (SELECT (WITH b AS (SELECT 1) SELECT COUNT(*) FROM b)) AS count",
        ),
        ("select count(*) /* a; b */ from public.t -- c", 0, "SELECT (SELECT COUNT(*) FROM public.t) AS count"),
    ],
)
def test_one_select_of_one_value_is_written_again_and_gives_one_row(query: str, parameters: int, sent: str) -> None:
    assert prepared(query, parameters) == sent


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "delete from public.registrations",
        "select count(*) from public.a; delete from public.a",
        "select count(*) from public.a; DO $$BEGIN RAISE LOG 'x'; END$$",
        "DO $$BEGIN RAISE LOG 'x'; END$$",
        "with gone as (delete from public.a returning 1) select count(*) from gone",
        "select count(*) from (with gone as (delete from public.a returning 1) select * from gone) x",
        "select count(*) into public.b from public.a",
        "select count(*) from public.a for update",
        "select * from public.a",
        "select a.* from public.a",
        "select 1, 2",
        "select count(*) from registrations",
        "select count(*) from public.a join b on true",
        "select count(*) from public.a where exists (select 1 from b)",
        "select 1 union select 2",
        "select pg_sleep(60)",
        'select "pg_sleep"(60)',
        "select pg_catalog.pg_sleep(60)",
        "select nextval('public.s')",
        "select set_config('role', 'postgres', false)",
        "select pg_terminate_backend(1)",
        "select public.count(1)",
        "select count(*) from public.evil(1)",
        "select count(*) from public.generate_series(1, 3)",
        "select count(*) from public.upper('x')",
        "select (with upper as (select 1) select count(*) from public.upper('x'))",
        "select count(*) from rows from (public.evil(1))",
        "select query_to_xml('select 1', true, true, '')",
        "select 1 operator(public.+) 2",
        "explain select 1",
        "table public.a",
        "values (1)",
        "select count(*) from public.a where name = 'x",
        "select (" * 2000 + "1" + ")" * 2000,
        "select '" + "x" * 20_000 + "'",
    ],
)
def test_anything_else_is_refused_without_being_repeated(query: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CounterError) as caught:
        prepared(query, 0)
    assert (str(caught.value), caught.value.permanent) == ("misuse", True)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (f"{GOOD} where tag = %s", 0),
        (f"{GOOD} where tag = %s", 2),
        (GOOD, 1),
        (f"{GOOD} where tag = %(tag)s", 1),
        (f"{GOOD} where tag = %b", 1),
        (f"{GOOD} where share > 5 %", 0),
    ],
)
def test_parameters_and_their_marks_must_match(query: str, parameters: int) -> None:
    with pytest.raises(CounterError, match="misuse"):
        prepared(query, parameters)
