"""Can what a plan looks for in messages be in the table at all? Messages are masked when they are loaded.

A check for `'user 12345678'` would never find anything, and its zeros would look like health. Only what is certain is
refused: a text that masking changes wherever it stands, be it after a word that keeps a code or within a quoted name.
"""

import re
from collections.abc import Iterator

from bakewatch.errors import ConfigError
from bakewatch.privacy.scrub import clean

_LITERAL = r"'((?:[^'\\]|\\.)*+)'"
_LIST = r"\(('(?:[^'\\]|\\.)*+'(?:, '(?:[^'\\]|\\.)*+')*+)\)"
_MESSAGE = r"(?:(?:lower|upper|lowerUTF8|upperUTF8|trimBoth)\()?event_message\)?"
_WHOLE = re.compile(rf"\({_MESSAGE} (?:= {_LITERAL}|IN {_LIST})")
_TURNED = re.compile(rf"\({_LITERAL} = {_MESSAGE}\)")
_PATTERN = re.compile(rf"\({_MESSAGE} I?LIKE {_LITERAL}")
_PART = re.compile(rf"\b(?:position\w*|startsWith|endsWith)\({_MESSAGE}, {_LITERAL}\)")
_ONE = re.compile(_LITERAL)
_ESCAPED = re.compile(r"\\(.)", re.S)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r"}
_AROUND = ("{}", '"{}"', '"{}', '{}"', '"a_{}"', "SQLSTATE {}", "ERROR: {}", 'code":"{}', "policy {}", '"message":{}')
"""Where a part of a message may stand that is kept only there."""


def refuse_masked(sql: str, where: str) -> None:
    """`ConfigError` at *where* when *sql*, as `parse_where` writes it, looks for what no message can contain."""
    for text in _looked_for(sql):
        if text.strip() and '":' not in text and not _survives(text):
            what = f"`{clean(text, 60)}` is never found: a part of that text is masked in messages"
            raise ConfigError(what, where=where, right=f"what masking leaves of it, or an attribute: '{clean(text)}'")


def _looked_for(sql: str) -> Iterator[str]:
    """The parts of messages that *sql* asks for."""
    for found in _WHOLE.finditer(sql):
        literals = [found[1]] if found[1] is not None else [one[1] for one in _ONE.finditer(found[2])]
        yield from map(_plain, literals)
    for pattern in (_TURNED, _PART):
        yield from (_plain(found[1]) for found in pattern.finditer(sql))
    for found in _PATTERN.finditer(sql):
        yield from _parts(_plain(found[1]))


def _parts(pattern: str) -> Iterator[str]:
    """What stands between the `%` of a pattern of LIKE; a `_` is taken for itself."""
    part = ""
    for token in re.findall(r"\\.|.", pattern, re.S):
        if token == "%":
            yield part
            part = ""
        else:
            part += token[-1]
    yield part


def _plain(literal: str) -> str:
    """The text of a literal of ClickHouse."""
    return _ESCAPED.sub(lambda found: _CONTROL.get(found[1], found[1]), literal)


def _survives(text: str) -> bool:
    """Is there a message that contains *text* after masking?"""
    return any(text.strip() in clean(around.format(text)) for around in _AROUND)
