"""The expressions of a plan: read with sqlglot, checked against a list, and written again from what was understood.

A plan's `where`, `of`, `own`, `canary` and `healthy` are one boolean expression each, its `actor` one string. Nothing
of the given text reaches an engine: the SQL is written anew, node by node, and what has no writer here cannot be
asked for. So there is no sub-query, table function, lambda, alias, setting, parameter, cast or comment, and every
comparison compares like with like. sqlglot and re2 are imported only when the first expression is read.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bakewatch.errors import ConfigError
from bakewatch.vendors.clickhouse.dialect import COLUMNS, FUNCTIONS, is_moment
from bakewatch.vendors.clickhouse.regex import flaw

if TYPE_CHECKING:
    from sqlglot import exp

MAX_LENGTH = 4000
"""Characters in one expression."""

_BY_LOWER = {name.lower(): name for name in FUNCTIONS}
_COMPARISONS = {"EQ": "=", "NEQ": "!=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?")
_NUMERIC_HINT = "attributes are strings: toInt32OrZero(log_attributes['…']) is a number"

Written = tuple[str, str]
"""SQL and its type: `bool`, `string`, `number`, `time`, `map` or `array`."""


class _Refused(Exception):
    """*what* cannot be asked, and what could."""

    def __init__(self, what: str, right: str = "") -> None:
        super().__init__(what)
        self.what, self.right = what, right


def parse_where(text: str, where: str) -> str:
    """*text* as SQL that is one boolean expression; `ConfigError` at *where* when it is not one."""
    return _parse(text, "bool", where)


def parse_value(text: str, where: str) -> str:
    """*text* as SQL that is one string; `ConfigError` at *where* when it is not one."""
    return _parse(text, "string", where)


def parse_number(text: str, where: str) -> str:
    """*text* as SQL that is one number; `ConfigError` at *where* when it is not one."""
    return _parse(text, "number", where)


def _parse(text: str, wanted: str, where: str) -> str:
    try:
        sql, kind = _rewrite(text)
        _expect(kind, wanted, sql)
    except _Refused as refused:
        raise ConfigError(refused.what, where=where, right=refused.right) from None
    return sql


@lru_cache(maxsize=1024)
def _rewrite(text: str) -> Written:
    if not text.strip():
        raise _Refused("is empty", "one boolean expression")
    if len(text) > MAX_LENGTH:
        raise _Refused(f"is longer than {MAX_LENGTH} characters")
    try:
        return _write(_tree(text))
    except RecursionError:
        raise _Refused("is nested too deeply") from None


def _tree(text: str) -> "exp.Expression":
    """The syntax tree of *text*, with every call left as it was written."""
    from sqlglot.errors import SqlglotError

    stumbles = (AttributeError, LookupError, TypeError, ValueError)  # over some kinds of nonsense, the parser does
    dialect = _dialect()
    try:
        tokens = dialect.tokenize(text)
        if any(token.comments for token in tokens):
            raise _Refused("a comment is not allowed", "only the expression itself")
        if any(token.token_type.name == "SEMICOLON" for token in tokens):
            raise _Refused("a `;` is not allowed", "only one expression")
        trees = dialect.parse(text)
    except (SqlglotError, *stumbles) as error:
        at = next((f" (column {one['col']})" for one in getattr(error, "errors", ()) if one.get("col")), "")
        raise _Refused(f"is no expression{at}", "ClickHouse SQL, one boolean expression") from None
    if len(trees) != 1 or trees[0] is None:
        raise _Refused("is no expression", "ClickHouse SQL, one boolean expression")
    tree: exp.Expression = trees[0]
    return tree


@lru_cache(maxsize=1)
def _dialect() -> Any:
    """ClickHouse's dialect of sqlglot without any knowledge of functions: all calls are plain names."""
    from sqlglot.dialects.clickhouse import ClickHouse

    names = ("FUNCTIONS", "FUNCTION_PARSERS", "NO_PAREN_FUNCTION_PARSERS", "NO_PAREN_FUNCTIONS")
    parser = type("Parser", (ClickHouse.Parser,), {name: {} for name in names})
    return type("Calls", (ClickHouse,), {"Parser": parser})()


def _write(node: Any) -> Written:
    name = type(node).__name__
    writer = _WRITERS.get(name)
    if writer is None:
        raise _Refused(f"`{_shown(node)}` is not allowed", "comparisons, and/or/not, in, like, between and functions")
    return writer(node)


def _only(node: Any, *names: str) -> None:
    """Refuse *node* when it carries anything besides the parts *names*."""
    for name, value in node.args.items():
        if value and name not in names:
            raise _Refused(f"`{_shown(node)}` is not allowed: `{name}`")


def _as(node: Any, wanted: str) -> str:
    """*node* written, which must be of the type *wanted*."""
    sql, kind = _write(node)
    _expect(kind, wanted, _shown(node))
    return sql


def _expect(kind: str, wanted: str, shown: str) -> None:
    if kind != wanted:
        hint = _NUMERIC_HINT if (kind, wanted) == ("string", "number") else ""
        right = hint or ("a comparison, such as … > 0 or … != ''" if wanted == "bool" else "")
        raise _Refused(f"`{_short(shown)}` is a {kind} where a {wanted} is needed", right)


def _logical(word: str) -> Callable[[Any], Written]:
    def write(node: Any) -> Written:
        _only(node, "this", "expression")
        return f"({_as(node.this, 'bool')} {word} {_as(node.expression, 'bool')})", "bool"

    return write


def _not(node: Any) -> Written:
    _only(node, "this")
    return f"(NOT {_as(node.this, 'bool')})", "bool"


def _paren(node: Any) -> Written:
    _only(node, "this")
    return _write(node.this)


def _comparison(node: Any) -> Written:
    _only(node, "this", "expression")
    sign = _COMPARISONS[type(node).__name__]
    left, right = _alike(node.this, node.expression)
    return f"({left} {sign} {right})", "bool"


def _in(node: Any) -> Written:
    _only(node, "this", "expressions")
    if not node.expressions or any(type(one).__name__ not in ("Literal", "Neg") for one in node.expressions):
        raise _Refused(f"`{_shown(node)}` is not allowed", "`in` takes a list of literals")
    pairs = [_alike(node.this, one) for one in node.expressions]
    return f"({pairs[0][0]} IN ({', '.join(right for _, right in pairs)}))", "bool"


def _between(node: Any) -> Written:
    _only(node, "this", "low", "high")
    left, low = _alike(node.this, node.args["low"])
    _, high = _alike(node.this, node.args["high"])
    return f"({left} BETWEEN {low} AND {high})", "bool"


def _like(node: Any) -> Written:
    _only(node, "this", "expression", "negate")
    word = type(node).__name__.upper()
    if type(node.expression).__name__ != "Literal" or not node.expression.is_string:
        raise _Refused(f"`{_shown(node)}` is not allowed", f"`{word.lower()}` takes a literal pattern")
    pattern = node.expression.this
    if re.search(r"(?<!\\)(\\\\)*\\$", pattern):
        raise _Refused(f"the pattern `{_short(pattern)}` ends in a lone backslash", "write it twice")
    negated = "NOT " if node.args.get("negate") else ""
    return f"({_as(node.this, 'string')} {negated}{word} {_quoted(pattern)})", "bool"


def _alike(left: Any, right: Any) -> tuple[str, str]:
    """Both sides of a comparison, which must be of one type that can be compared."""
    (one, kind), (other, other_kind) = _write(left), _write(right)
    if "time" in (kind, other_kind) and "string" in (kind, other_kind):
        return _moment(left, one, kind), _moment(right, other, other_kind)
    if kind != other_kind:
        right_way = _NUMERIC_HINT if {kind, other_kind} == {"string", "number"} else ""
        raise _Refused(f"`{_shown(left)}` is a {kind}, `{_shown(right)}` is a {other_kind}", right_way)
    if kind not in ("string", "number", "bool", "time"):
        raise _Refused(f"`{_shown(left)}` is a {kind}, which cannot be compared", "log_attributes['…']")
    return one, other


def _moment(node: Any, sql: str, kind: str) -> str:
    if kind == "time":
        return sql
    if type(node).__name__ != "Literal" or not is_moment(node.this):
        raise _Refused(f"`{_shown(node)}` is no moment", "'2026-02-07 02:46:18' (UTC)")
    return f"toDateTime64({sql}, 6, 'UTC')"


def _column(node: Any) -> Written:
    _only(node, "this")
    name = node.name
    if name not in COLUMNS or node.this.args.get("quoted"):
        right = "a string stands in single quotes" if node.this.args.get("quoted") else f"columns: {', '.join(COLUMNS)}"
        raise _Refused(f"`{_shown(node)}` is no column", right)
    return name, COLUMNS[name]


def _attribute(node: Any) -> Written:
    _only(node, "this", "expressions")
    keys = node.expressions
    if _write(node.this)[1] != "map" or len(keys) != 1 or not getattr(keys[0], "is_string", False):
        raise _Refused(f"`{_shown(node)}` is not allowed", "log_attributes['…'] with a literal key")
    return f"log_attributes[{_quoted(keys[0].this)}]", "string"


def _literal(node: Any) -> Written:
    if node.is_string:
        return _quoted(node.this), "string"
    if not _NUMBER.fullmatch(node.this):
        raise _Refused(f"`{_short(node.this)}` is no number", "digits, and a decimal point")
    return node.this, "number"


def _negative(node: Any) -> Written:
    _only(node, "this")
    if type(node.this).__name__ != "Literal":
        raise _Refused(f"`{_shown(node)}` is not allowed", "only a number may be negative")
    return f"-{_as(node.this, 'number')}", "number"


def _boolean(node: Any) -> Written:
    return ("true" if node.this else "false"), "bool"


def _call(node: Any) -> Written:
    _only(node, "this", "expressions")
    name = _BY_LOWER.get(str(node.this).lower())
    if name is None:
        near = get_close_matches(str(node.this), FUNCTIONS) or FUNCTIONS
        raise _Refused(f"the function `{_short(str(node.this))}` is not allowed", f"one of: {', '.join(near)}")
    wanted, result = FUNCTIONS[name]
    kinds = wanted.split()
    if len(node.expressions) != len(kinds):
        raise _Refused(f"`{name}` takes {len(kinds)} arguments", f"{name}({', '.join(kinds)})")
    given = [_argument(one, kind) for one, kind in zip(node.expressions, kinds, strict=True)]
    return f"{name}({', '.join(given)})", result


def _argument(node: Any, kind: str) -> str:
    if kind != "regex":
        return _as(node, kind)
    if type(node).__name__ != "Literal" or not node.is_string:
        raise _Refused(f"`{_shown(node)}` is no regular expression", "a literal one")
    literal = _quoted(node.this)
    if why := flaw(node.this):
        right = "RE2: no look-around, no back-reference, no possessive repetition"
        raise _Refused(f"`{_short(node.this)}` is no regular expression: {_short(why)}", right)
    return literal


def _quoted(text: str) -> str:
    """*text* as a string literal of ClickHouse."""
    if any(ord(char) < 32 and char not in "\t\n\r" for char in text):
        raise _Refused("a string contains a control character")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise _Refused("a string contains half a character")
    for char, escaped in (("\\", "\\\\"), ("'", "\\'"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(char, escaped)
    return f"'{text}'"


def _shown(node: Any) -> str:
    """*node* as a person wrote it, shortened."""
    return _short(node.sql(dialect="clickhouse") if hasattr(node, "sql") else "nothing")


def _short(text: str) -> str:
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= 60 else f"{text[:57]}…"


_WRITERS: dict[str, Callable[[Any], Written]] = {
    "And": _logical("AND"),
    "Or": _logical("OR"),
    "Not": _not,
    "Paren": _paren,
    **dict.fromkeys(_COMPARISONS, _comparison),
    "In": _in,
    "Between": _between,
    "Like": _like,
    "ILike": _like,
    "Column": _column,
    "Bracket": _attribute,
    "Literal": _literal,
    "Neg": _negative,
    "Boolean": _boolean,
    "Anonymous": _call,
}
"""The name of a node of sqlglot -> who writes it. What is not here cannot be asked."""
