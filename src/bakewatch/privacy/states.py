"""SQLSTATEs and other machine codes: what tells them apart from numbers that may belong to a person."""

import re
from collections.abc import Callable

_CLASS = r"(?:0[0-389ABFLPZ]|2[0-8BDF]|3[489BDF]|4[024]|5[3-578]|72|F0|HV|P0|XX)"
"""The classes of SQLSTATE that PostgreSQL has (its manual, appendix A)."""

_STATE = re.compile(r"[0-9A-Z]{5}")
_KNOWN = re.compile(rf"{_CLASS}[0-9A-Z]{{3}}")
_WORDS = re.compile(r"[a-z]+(?:_[a-z0-9]+)*")
_API = re.compile(r"PGRST\d{3}")
_BESIDE = r"""["'\\)\]]{0,4}\s?[:=(\[]?\s?["'\\]{0,4}"""
_NO_MORE = r"(?![A-Za-z0-9_-]|[-./~+ ]{1,3}\d{3})"
_NOT_OURS = (
    *("zip", "postal", "post", "area", "country", "city", "verification", "confirmation", "auth", "access", "invite"),
    *("invitation", "entry", "otp", "pin", "sms", "pass", "security", "login", "door", "coupon", "promo", "reset"),
)
"""Codes that people have."""

_BEFORE = "".join(f"(?<!{word}[ _-])" for word in _NOT_OURS)
_WORD = rf"(?:(?P<state>sql_?state)|{_BEFORE}(?:code|error|fatal|panic))(?![a-z0-9])"
_IN_TEXT = re.compile(
    rf"(?i:(?<![a-z]){_WORD}{_BESIDE})(?P<code>(?(state)[0-9A-Z]{{5}}|{_CLASS}[0-9A-Z]{{3}})){_NO_MORE}"
)
"""An SQLSTATE in running text, after a word that says so."""

_SAYING = ("state", "code", "error", "fatal", "panic")


def each_state(text: str, stand_in: Callable[[str], str]) -> str:
    """*text* with each SQLSTATE that a word announces replaced by what *stand_in* gives for it."""
    lower = text.lower()
    if not any(map(lower.__contains__, _SAYING)):  # far quicker than the expression, and true of most lines
        return text
    return _IN_TEXT.sub(lambda found: found[0][: -len(found["code"])] + stand_in(found["code"]), text)


def is_state(text: str, *, known: bool = False) -> bool:
    """Is *text* an SQLSTATE, if so wished one of PostgreSQL's *known* classes?"""
    return bool((_KNOWN if known else _STATE).fullmatch(text))


def is_code(text: str) -> bool:
    """Is *text* a machine code: an SQLSTATE, PostgREST's own, or words such as `refresh_token_already_used`?"""
    return is_state(text, known=True) or bool(_API.fullmatch(text) or _WORDS.fullmatch(text))
