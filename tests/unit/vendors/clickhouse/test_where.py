"""What a plan may ask, and that nothing else gets through."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakewatch.errors import ConfigError
from bakewatch.vendors.clickhouse.where import MAX_LENGTH, parse_value, parse_where

STATUS = "toInt32OrZero(log_attributes['response.status_code'])"

ALLOWED = [
    ("event_message = 'x'", "(event_message = 'x')"),
    ("event_message == 'x'", "(event_message = 'x')"),
    ("event_message <> 'x'", "(event_message != 'x')"),
    (f"{STATUS} between 500 and 599", f"({STATUS} BETWEEN 500 AND 599)"),
    (f"{STATUS} in (400, 409)", f"({STATUS} IN (400, 409))"),
    (f"{STATUS} not in (400)", f"(NOT ({STATUS} IN (400)))"),
    (f"{STATUS} > -1", f"({STATUS} > -1)"),
    ("severity_text not like '%A_'", "(severity_text NOT LIKE '%A_')"),
    ("event_message ilike '%a\\\\%b%'", "(event_message ILIKE '%a\\\\%b%')"),
    ("match(event_message, '^a\\\\d+$')", "match(event_message, '^a\\\\d+$')"),
    ("match(event_message, '\\\\p{Han}')", "match(event_message, '\\\\p{Han}')"),
    ("match(event_message, '(?i)[[:alpha:]]')", "match(event_message, '(?i)[[:alpha:]]')"),
    ("timestamp < '2024-02-29 23:59:59.5'", "(timestamp < toDateTime64('2024-02-29 23:59:59.5', 6, 'UTC'))"),
    ("STARTSWITH(id, 'a') or endsWith(id, 'b')", "(startsWith(id, 'a') OR endsWith(id, 'b'))"),
    ("not id = 'a' and id != 'b' or true", "(((NOT (id = 'a')) AND (id != 'b')) OR true)"),
    ("has(mapKeys(log_attributes), 'x')", "has(mapKeys(log_attributes), 'x')"),
    ("mapContains(log_attributes, 'x')", "mapContains(log_attributes, 'x')"),
    (
        "positionCaseInsensitiveUTF8(event_message, '한글') > 0",
        "(positionCaseInsensitiveUTF8(event_message, '한글') > 0)",
    ),
    ("length(lower(upper(id))) >= 1", "(length(lower(upper(id))) >= 1)"),
    ("timestamp >= '2026-02-07 02:46:18'", "(timestamp >= toDateTime64('2026-02-07 02:46:18', 6, 'UTC'))"),
    ("JSONExtractString(event_message, 'error_code') = 'x'", "(JSONExtractString(event_message, 'error_code') = 'x')"),
    ("event_message = 'it''s \\\\ \\' \\n'", "(event_message = 'it\\'s \\\\ \\' \\n')"),
    ("\n  source = 'a'\n  and id = 'b'\n", "((source = 'a') AND (id = 'b'))"),
]

REFUSED = [
    # whole statements, and more than one of them
    "select 1",
    "1 = 1; drop table logs",
    "id = 'a';",
    "drop table logs",
    "id = 'a' settings max_execution_time = 0",
    "id = 'a' format JSON",
    "id = 'a' into outfile '/tmp/x'",
    "id = 'a' limit 1",
    "id = 'a' union all select 1",
    "id = 'a') or (1 = 1",
    # sub-queries and tables
    "id in (select id from logs)",
    "id in logs",
    "exists(select 1)",
    "(select count() from system.users) > 0",
    "id = any(select id from logs)",
    "id global in ('a')",
    "file('/etc/passwd') = 'x'",
    "url('http://192.0.2.1/') = 'x'",
    "dictGet('d', 'a', 1) = 1",
    "joinGet('t', 'a', 1) = 1",
    # functions that are not on the list
    "sleep(3) = 0",
    "sleepEachRow(3) = 0",
    "currentUser() = 'x'",
    "getSetting('x') = 'y'",
    "hostName() = 'x'",
    "throwIf(1) = 0",
    "count() > 1",
    "count(*) over () > 1",
    "quantile(0.5)(1) > 1",
    "arrayExists(x -> x = 'a', mapKeys(log_attributes))",
    "empty(arrayMap(x -> x, mapKeys(log_attributes)))",
    # forms that are not on the list
    "id as x",
    "(id = 'a') as x",
    "cast(id as UInt8) = 1",
    "id::UInt8 = 1",
    "id is null",
    "id = null",
    "id = {p:String}",
    "id = @@version",
    "case when id = 'a' then true else false end",
    "id = 'a' ? true : false",
    "id || 'a' = 'b'",
    f"{STATUS} % 2 = 1",
    f"{STATUS} + 1 = 2",
    "'a' 'b' = id",
    "id = $$a$$",
    "0x10 = 1",
    "1e5 > 1",
    "* = 1",
    "log_attributes.x = 'a'",
    "logs.id = 'a'",
    "system.one.dummy = 1",
    "`id` = 'a'",
    "\"id\" = 'a'",
    'id = "a"',
    "[1, 2] = [1, 2]",
    "(id, id) in (('a', 'b'))",
    "id between symmetric 'a' and 'b'",
    "id like 'x' escape 'y'",
    "id like id",
    "id like 'a\\\\'",
    "id in ()",
    "id in (id)",
    "interval 1 day > 1",
    # comments
    "id = 'a' -- so it goes on",
    "id = 'a' # so it goes on",
    "id = /* here */ 'a'",
    # columns and keys that are not there
    "message = 'a'",
    "log_attributes[1] = 'a'",
    "log_attributes[id] = 'a'",
    "log_attributes['a']['b'] = 'c'",
    "event_message['a'] = 'b'",
    # like with unlike
    "log_attributes['response.status_code'] = 400",
    "log_attributes = 'a'",
    f"{STATUS} = '400'",
    f"{STATUS} in ('400')",
    f"{STATUS} between 1 and '2'",
    "timestamp > 'yesterday'",
    "timestamp > 1",
    "startsWith(id, 1)",
    "startsWith(id)",
    "length(1) > 1",
    "not id",
    "id = 'a' and event_message",
    # not a truth
    "event_message",
    "1",
    "positionCaseInsensitive(event_message, 'x')",
    "mapKeys(log_attributes)",
    # regular expressions
    "match(event_message, '(')",
    "match(event_message, 'a(?=b)')",
    "match(event_message, '(?<!a)b')",
    "match(event_message, '(a)\\\\1')",
    "match(event_message, event_message)",
    "match(event_message, 'a{100000}')",
    "match(event_message, 'a*+')",
    "match(event_message, 'a++')",
    "match(event_message, '(?>a)')",
    "match(event_message, '\\\\Z')",
    "match(event_message, '\\\\u0041')",
    "match(event_message, '\\\\N{DIGIT ONE}')",
    "match(event_message, '(?#c)a')",
    "match(event_message, '(?a)x')",
    "match(event_message, '(?u)a')",
    "match(event_message, '(?x) a')",
    "extract(event_message, '(') = ''",
    # moments that never come
    "timestamp > '2026-02-30 00:00:00'",
    "timestamp > '2026-02-07 24:00:01'",
    "timestamp > '2026-13-01 00:00:00'",
    "timestamp > '0000-00-00 00:00:00'",
    "timestamp > '1899-12-31 00:00:00'",
    "id = '\ud800'",
    # nothing, and too much
    "",
    "  ",
    "-- nothing",
    "id = '\\0'",
    "(" * 900 + "id" + ")" * 900 + " = 'a'",
    "id = '" + "a" * MAX_LENGTH + "'",
    "id = 'a",
    "and",
]


@pytest.mark.parametrize(("text", "sql"), ALLOWED)
def test_an_allowed_expression_is_written_again(text: str, sql: str) -> None:
    assert parse_where(text, "here") == sql
    if "timestamp" not in sql:
        assert parse_where(sql, "here") == sql


@pytest.mark.parametrize("text", REFUSED, ids=[text[:40] for text in REFUSED])
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_where(text, "plan.toml: checks[3].where")
    assert str(caught.value).startswith("plan.toml: checks[3].where: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("log_attributes['response.status_code'] = 400", "toInt32OrZero(log_attributes['…'])"),
        ("toInt32Or0(id) = 1", "toInt32OrZero"),
        ('source = "edge_logs"', "single quotes"),
        ("message = 'x'", "event_message"),
        ("positionCaseInsensitive(event_message, 'x')", "> 0"),
        ("timestamp > 'now'", "2026-02-07 02:46:18"),
    ],
)
def test_the_error_says_what_would_be_right(text: str, right: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_where(text, "here")
    assert right in caught.value.right


def test_a_value_is_one_string() -> None:
    assert parse_value("log_attributes['request.sb.auth_user']", "here") == "log_attributes['request.sb.auth_user']"
    assert parse_value("if(source = 'a', lower(id), '')", "here") == "if((source = 'a'), lower(id), '')"
    for text in ("id = 'a'", STATUS, "log_attributes", "timestamp", "(select 1)"):
        with pytest.raises(ConfigError):
            parse_value(text, "here")


@given(st.text(st.sampled_from("aid'\"`\\;()[]{},=-/*#\n $@?:%_0x한"), max_size=40))
def test_whatever_is_written_either_is_refused_or_stays_inside_its_parentheses(text: str) -> None:
    try:
        sql = parse_where(text, "here")
    except ConfigError:
        return
    outside = _without_strings(sql)
    assert not set(outside) & set(";#{}$@?`\"\\'")
    assert "--" not in outside and "/*" not in outside
    depth = 0
    for char in outside:
        depth += {"(": 1, ")": -1}.get(char, 0)
        assert depth >= 0
    assert depth == 0


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40))
def test_a_literal_comes_out_as_it_went_in(value: str) -> None:
    written = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    assert parse_where(f"id = {written}", "here") == f"(id = {written})"


def test_the_parser_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, bakewatch.vendors.clickhouse.chdb; print({'sqlglot', 'chdb', 're2'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def _without_strings(sql: str) -> str:
    out, inside, position = "", False, 0
    while position < len(sql):
        char = sql[position]
        if inside and char == "\\":
            position += 1
        elif char == "'":
            inside = not inside
        elif not inside:
            out += char
        position += 1
    assert not inside
    return out
