"""What an application says of itself in a log's attributes: codes, measures, names of its parts. These are kept.

A key alone makes nothing safe: a value is kept under a key of `SAFE` when it is one short word in which no mask finds
anything. Measures and codes are kept by their own shape, since a mask would take them for numbers of persons.
"""

import re

from bakewatch.privacy.scrub import clean
from bakewatch.privacy.states import is_code, is_state

_SAFE_WORDS = """
    status status_code method level severity error_severity sql_state_code state_code error_code sb_error_code
    x_sb_error_code
    command_tag backend_type database_name application_name grant_type component event_type action log_type
    provider region version protocol scheme host origin_time duration elapsed latency response_time bytes size
    content_length rows count attempt retries
"""
SAFE = frozenset(_SAFE_WORDS.split())
STATES = frozenset({"sql_state_code", "state_code", "sqlstate", "sql_state"})
CODES = frozenset({"code", "error_code", "sb_error_code", "x_sb_error_code"})
MEASURES = frozenset({"rows", "count", "attempt", "retries"})
LARGE_MEASURES = frozenset(
    {"origin_time", "duration", "elapsed", "latency", "response_time", "bytes", "size", "content_length"}
)
"""Nanoseconds and bytes: a quarter of an hour has twelve digits."""

ROLE = "parsed.user_name"
"""PostgreSQL's role, an operator's account; any other user name is a person's."""

TAG = "x_bakewatch"

AGENTS = frozenset({"user_agent", "x_client_info"})
"""What a program calls itself."""

_SAFE_VALUE = re.compile(r"[A-Za-z0-9_.:+-]{0,64}")
_MEASURE = re.compile(r"-?(?:0|[1-9]\d{0,9})(?:\.\d{1,9})?(?:[a-zµ]{1,2}|%)?")
_LARGE_MEASURE = re.compile(r"(?:0|[1-9]\d{0,11})(?:\.\d{1,9})?(?:[a-zµ]{1,2})?")
_OWN = re.compile(r"(?:bakewatch/)?bw-[0-9a-f]{12}-\d{1,4}")
_MARK = re.compile(r"(?<![\w/.-])bakewatch/bw-[0-9a-f]{12}-\d{1,4}(?![\w-])")
_TAG_VALUE = re.compile(r"[A-Za-z0-9-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_PERSONAL = re.compile(r"\[(?:email|phone|resident|card|ip)\]")


def last_part(key: str) -> str:
    """The last part of *key*, as all parts are written here."""
    return key.lower().replace("-", "_").rpartition(".")[2]


def is_operational(key: str, text: str) -> bool:
    """Is *text* under *key* a code, a measure or a name of the application, and nothing of a person?"""
    last = last_part(key)
    if last in STATES and is_state(text):
        return True
    if last in STATES | CODES and is_code(text):
        return True
    if (last in MEASURES and _MEASURE.fullmatch(text)) or (last in LARGE_MEASURES and _LARGE_MEASURE.fullmatch(text)):
        return True
    if last in (TAG, "application_name") and _OWN.fullmatch(text):
        return True
    if last == TAG:
        return bool(_TAG_VALUE.fullmatch(text)) and clean(text) == text
    safe = last in SAFE or key.lower() == ROLE
    return safe and bool(_SAFE_VALUE.fullmatch(text)) and clean(text) == text


def own_mark(key: str, text: str) -> str:
    """Our own mark in *text*, if *key* is one of `AGENTS`; empty when there is none."""
    found = _MARK.search(text) if last_part(key) in AGENTS else None
    return found[0] if found else ""


def is_opaque(text: str) -> bool:
    """Is *text* an identifier that tells nothing of a person: a UUID, or short and without the shape of a number?"""
    if _UUID.fullmatch(text):
        return True
    return bool(_NAME.fullmatch(text)) and not _PERSONAL.search(clean(text))
