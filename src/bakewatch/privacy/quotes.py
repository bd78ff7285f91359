"""What stands in double quotes, and codes: names are put aside while numbers are masked, what people wrote goes.

Kept in double quotes: identifiers, machine codes, requests, words without blanks (their shape decides), the keys of a
structure, and what an error says of itself under a key such as `message`. All else is masked.
"""

import re

from bakewatch.privacy.inert import FIRST_MARK, MARK, MARKS
from bakewatch.privacy.shapes import mask_tokens
from bakewatch.privacy.states import each_state

_STRING = re.compile(
    r"((?<=[A-Za-z0-9가-힣]):\s{0,4}\\{0,3}+)?"
    r'(?:(?<!\\)"((?:[^"\\]|\\.)*+)"|(?<=\\)"((?:[^"\\]|\\++(?!"))*+)(\\*+)")',
    re.S,
)
"""Text in quotes, or in quotes that are escaped."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*+(?:[.-][A-Za-z0-9_$]++)*+")
_FOREIGN_LETTER = re.compile(r"[^\W\d_\x00-\x7f]")
_LETTER = re.compile(r"[A-Za-z]")
_HEX = re.compile(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{6,10}")
_MOST_DIGITS = 8
"""An identifier may contain a day (`events_20260207`), not a phone number."""

_MASKED = re.compile(r"\[[a-z]+\]")
_BLANKLESS = re.compile(r"[A-Za-z0-9_./:;=+*@%?-]+")
_REQUEST = re.compile(r"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S+(?: HTTP/\d(?:\.\d)?)?")
_TOLD = re.compile(
    r'"(?:message|msg|error|error_description|error_message|hint|reason|details?|level|severity)\\*"'
    r"\s?[:=]\s?\\*$"
)
_NAMED = re.compile(r"(?:policy|constraint|index|trigger|^Revert|^Reapply) \\*$")
"""Before names that are written in words: of a policy, of a commit."""

_JSON_VALUE = re.compile(r'\\*\s?:\s?(?:\\*"|[\[{\d-]|true|false|null)')
_BESIDE = 40
"""Characters before a text that are looked at."""


class Aside:
    """Names and codes of a text that are put aside while it is masked, so that no mask touches them.

    Each is one private character meanwhile, which no text has that is inert.
    """

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def take(self, text: str) -> str:
        """*text* with its names and codes put aside, and with other texts in double quotes masked."""
        text = each_state(text, self._keep)
        return _STRING.sub(self._string, text) if '"' in text else text

    def restore(self, text: str) -> str:
        """*text* with everything back in its place."""
        kept = list(self._marks)
        return MARK.sub(lambda found: kept[ord(found[0]) - ord(FIRST_MARK)], text) if kept else text

    def _keep(self, name: str) -> str:
        """What stands for *name*; itself, to be masked by its shape, when there are too many."""
        if len(self._marks) < MARKS:
            return self._marks.setdefault(name, chr(ord(FIRST_MARK) + len(self._marks)))
        return self._marks.get(name, name)

    def _string(self, found: re.Match[str]) -> str:
        inner = found[2] if found[2] is not None else found[3]
        return f'{found[1] or ""}"{self._inner(inner, found)}{found[4] or ""}"'

    def _inner(self, inner: str, found: re.Match[str]) -> str:
        if not inner or MARK.fullmatch(inner) or _MASKED.fullmatch(inner):
            return inner
        if found[1] or _FOREIGN_LETTER.search(inner):
            return "[value]"
        if is_identifier(inner):
            return self._keep(inner)
        if _is_safe(inner, found):
            return _STRING.sub(self._string, inner) if '\\"' in inner else inner
        return "[value]"


def is_identifier(text: str) -> bool:
    """Could *text* be the name of a table, a column or a constraint, and nothing else?

    Tools end such a name in a short hash, as in `fk_rails_0a1b2c3d4e`; that is the name's own.
    """
    if len(text) > 63 or not _IDENTIFIER.fullmatch(text):
        return False
    parts = text.split("_")
    hashes = [part for part in parts if _HEX.fullmatch(part)]
    rest = "_".join(part for part in parts if part not in hashes) if len(hashes) == 1 and len(parts) > 2 else text
    return sum(map(str.isdigit, rest)) <= _MOST_DIGITS and mask_tokens(rest) == rest


def _is_safe(inner: str, found: re.Match[str]) -> bool:
    """May *inner*, which is no identifier, stay as it is?"""
    if not _LETTER.search(inner) or _BLANKLESS.fullmatch(inner) or _REQUEST.fullmatch(inner):
        return True
    if inner[0] in "{[" and '\\"' in inner:
        return True  # a structure in a text: its own texts are looked at one by one
    before = found.string[max(0, found.start() - _BESIDE) : found.start()]
    if _TOLD.search(before) or _NAMED.search(before):
        return True
    return before.rstrip("\\ ")[-1:] in ("{", ",", "") and bool(_JSON_VALUE.match(found.string, found.end()))
