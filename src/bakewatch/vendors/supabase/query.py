"""SQL that may be sent: one SELECT of one value, that computes and reads and does nothing else.

It is read with sqlglot and written again from what was understood, so that what the platform is sent is what was looked
at. That the database lets nothing be changed is the platform's part: it asks as a role that may only read.
"""

import re
from collections.abc import Set
from typing import TYPE_CHECKING

from bakewatch.errors import MISUSE, CounterError

if TYPE_CHECKING:
    from sqlglot import exp

MAX_LENGTH = 10_000
"""Characters in one query."""

_MARK = re.compile(r"%(.?)", re.DOTALL)


def prepared(query: str, parameters: int) -> str:
    """*query*, with so many *parameters* (`%s`), as the platform is sent it: it gives one row with one value.

    Tables are named with their schema: the role that reads has no search path. `CounterError` with the code `misuse`
    when it is anything else.
    """
    from sqlglot import parse_one, tokenize
    from sqlglot.errors import SqlglotError

    text = _numbered(query, parameters).rstrip().removesuffix(";")
    if len(text) > MAX_LENGTH or not re.match(r"\s*select\b", text, re.IGNORECASE):
        raise _misuse()
    try:
        if any(one.token_type.name == "SEMICOLON" for one in tokenize(text, dialect="postgres")):
            raise _misuse()
        tree = parse_one(text, dialect="postgres")
        if not _fits(tree):
            raise _misuse()
        return f"SELECT ({tree.sql(dialect='postgres', comments=False)}) AS count"
    except (SqlglotError, RecursionError):
        raise _misuse() from None


def _numbered(query: str, parameters: int) -> str:
    """*query* with `$1`, `$2`, … for each `%s`, and `%` for `%%`."""
    marks = iter(range(1, parameters + 1))

    def numbered(found: re.Match[str]) -> str:
        number = next(marks, None) if found[1] == "s" else None
        if found[1] == "%":
            return "%"
        if number is None:
            raise _misuse()
        return f"${number}"

    text = _MARK.sub(numbered, query) if parameters or "%" in query else query
    if next(marks, None) is not None:
        raise _misuse()
    return text


def _fits(tree: "exp.Expr") -> bool:
    """Is *tree* one SELECT of one value? No function is called that sqlglot does not know, lest it do something."""
    from sqlglot import exp

    refused = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Lock, exp.Anonymous, exp.Operator, exp.NextValueFor)
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or tree.is_star:
        return False
    named = {one.alias for one in tree.find_all(exp.CTE)}
    return not any(
        (isinstance(node, refused) and not isinstance(node, exp.Query))
        or (isinstance(node, exp.Table) and not _known(node, named))
        for node in tree.walk()
    )


def _known(table: "exp.Table", named: Set[str]) -> bool:
    """Is *table* one of a schema, or one of those *named* here, or made by a function, which is of no schema then?"""
    from sqlglot import exp

    computed = isinstance(table.this, exp.Func)
    return computed != bool(table.db) or (not computed and table.name in named)


def _misuse() -> CounterError:
    return CounterError(MISUSE, permanent=True)
