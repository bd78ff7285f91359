"""Signatures, made where the lines are: a message with everything that varies taken out, as a hash of 32 bits.

The steps are those of `privacy.signature.template`, as far as RE2 can take them, and never finer than it: every mask
is one `#`, so that a value counts as one whatever it looks like today, and whether it was masked before or not. Names
in double quotes and SQLSTATEs tell signatures apart, digits and all.
"""

from bakewatch.errors import ConfigError
from bakewatch.model.observation import Question, Signature
from bakewatch.vendors.clickhouse.where import parse_value, parse_where

MOST = 5000
"""So many different signatures of one bucket are told, known ones among them; of more, nothing is."""

TOO_MANY = "too_many_signatures"
"""The gap of an answer with more of them."""

ERRORS = (
    "lower(severity_text) in ('error', 'err', 'severe', 'critical', 'crit', 'alert', 'emergency', 'emerg', 'fatal',"
    " 'panic')"
)
"""What is taken for an error where the plan does not say."""

_MESSAGE = "substring(event_message, 1, 2000)"
_KEPT = 500
"""Characters of a template that tell it apart."""

_TEXT = r'"(?:[^"\\]|\\.)*"'
_TOLD = "message|msg|error|error_description|error_message|hint|reason|details?|level|severity|code|error_code"
_QUOTED = (
    rf'((?:policy|constraint|index|trigger) {_TEXT}|"(?:{_TOLD})"\s?:\s?{_TEXT})|"[^"\\]*"\s?:\s?{_TEXT}'
    rf'|([0-9A-Za-z]:)\s*{_TEXT}|("[^"\\\s#]*")|{_TEXT}'
)
"""What stands in double quotes. Kept are names that are written in words, what an error says of itself, and what has no
blank and may be a name; not the other texts of a structure, nor what stands after a colon, which is a value."""

_MASKS = "value|query|email|phone|resident|card|date|token|uuid|ip|mac|number|id"
_STEPS = (
    (rf"\[(?:{_MASKS})\]", "#"),
    (r"(?:#|[0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?", "#"),
    (r"(^|[^A-Za-z0-9])'(?:[^'\\]|\\.|'')*'", r"\1#"),
    (r"""[^\s@"'<>()\[\]{},;:/?&=|\\]+@[^\s@"'<>()\[\]{},;:/?&=|\\]+""", "#"),
    (_QUOTED, r"\1\2\3"),
    (r"\)=\([^)]*\)", ")=(#)"),
    (r"\?[^\s?\"'<>|=]+=[^\s\"'<>|]+", "?#"),
    (r"0x[0-9A-Fa-f]+", "#"),
    (r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b", "#"),
    (r"\b[\w-]*(?:[A-Za-z][0-9]+[A-Za-z]+[0-9]|[0-9][A-Za-z]+[0-9]+[A-Za-z])[\w-]*", "#"),
    (r"\b[0-9a-f]*(?:[0-9][a-f]|[a-f][0-9])[0-9a-f]*\b", "#"),
    (r"(^|[^A-Za-z0-9_.])[0-9]+(?:[.:,/-][0-9]+)*", r"\1#"),
    (r"([A-Za-z_.:-])[0-9]{3,}", r"\1#"),
    (r"\+?#(?:\s?[.:,/-]?\s?#)*", "#"),
    (r"\s+", " "),
)
"""(pattern, what takes its place), in this order: masks that are there already, moments, quoted values, e-mail, texts
in double quotes, values of a key, queries of addresses, memory addresses, UUIDs, words of mixed letters and digits,
hexadecimal words, numbers, long numbers at the end of words; then lists."""

_NAMES = r'(?:^|[^:\s])\s?"([A-Za-z_][A-Za-z0-9_$.-]*)"'
_STATES = r"(?i)sql_?state\W{0,4}([0-9A-Z]{5})\b"


def literal(text: str) -> str:
    """*text* as a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def matching(question: Question) -> str:
    """The condition for the events that *question* counts; by default errors."""
    return parse_where(question.where or ERRORS, "where")


def row_name(question: Question) -> str:
    """What the row of *question*'s signatures is called: no stream can have that name."""
    return f"signatures of {question.name}"


def select(question: Question, slot: str, within: str, table: str) -> str:
    """The sub-select that gives one row: starts of buckets and, for each, `id, count, actors` of every signature.

    *slot*: the expression of a bucket's start; *within*: the condition of stream and window.
    """
    found, healthy, actor = matching(question), "false", ""
    if question.own:
        found = f"{found} AND NOT {parse_where(question.own, 'own')}"
    if question.actor and question.healthy:
        actor, healthy = parse_value(question.actor, "actor"), parse_where(question.healthy, "healthy")
    who, well = (
        f"groupUniqArrayIf({actor}, {one} AND {actor} != '')" if actor else "emptyArrayString()"
        for one in (found, healthy)
    )
    return (
        f"SELECT {literal(row_name(question))} AS stream, groupArray(slot) AS at, groupArray(counts) AS n FROM (\n"
        "SELECT slot, arrayFlatten(arrayMap(one -> [one.1, one.2, length(arrayIntersect(one.3, fine))], found)) AS"
        f" counts FROM (\nSELECT slot, groupArrayIf({MOST + 1})((signature, events, who), events > 0) AS found,"
        " groupUniqArrayArray(well) AS fine FROM (\n"
        f"SELECT {slot} AS slot, if({found}, {_hash()}, 0) AS signature, countIf({found}) AS events,\n"
        f"{who} AS who, {well} AS well\n"
        f"FROM {table} WHERE {within} AND ({found} OR {healthy})\nGROUP BY slot, signature) GROUP BY slot))"
    )


def read(numbers: list[int]) -> tuple[Signature, ...]:
    """The signatures of one bucket."""
    triples = zip(*[iter(numbers)] * 3, strict=True)
    return tuple(Signature(id=one, count=count, actors=actors) for one, count, actors in triples)


def check(question: Question) -> None:
    """`ConfigError` when *question*, which asks for signatures, asks for more than them."""
    for name in ("of", "value", "distinct", "spread"):
        if getattr(question, name):
            raise ConfigError("cannot be asked of signatures", where=name, right="leave it out")


def _hash() -> str:
    """The expression of a message's signature: never 0."""
    template = _MESSAGE
    for pattern, instead in _STEPS:
        template = f"replaceRegexpAll({template}, {literal(pattern)}, {literal(instead)})"
    names = ", ".join(f"extractAll({_MESSAGE}, {literal(pattern)})" for pattern in (_NAMES, _STATES))
    return f"1 + cityHash64(substring({template}, 1, {_KEPT}), {names}) % 4294967295"
