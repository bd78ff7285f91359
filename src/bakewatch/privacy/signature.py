"""What lines of one kind have in common: a message with everything that varies taken out."""

import re

from bakewatch.model.text import CleanText
from bakewatch.privacy.scrub import LIMIT, clean, mask

_ADDRESS = re.compile(r"0x[0-9A-Fa-f]++")
_NUMBER = re.compile(r"(?<![\w.])\d++(?:[.:,/-]\d++)*+|(?<=[A-Za-z_.:-])\d{3,}+")
_WORD = re.compile(r"(?<!\w)[A-Za-z0-9]{6,}+(?!\w)")
_CHANGE = re.compile(r"[A-Za-z](?=\d)|\d(?=[A-Za-z])")
_AGAIN = re.compile(r"('\[value\]'|\[[a-z]+\])(?:\s?,\s?\1)+")


def template(raw: str | bytes, limit: int = LIMIT) -> CleanText:
    """*raw* as the template that it shares with other messages of its kind, clean; at most *limit* characters.

    Over what `clean` masks: every number that is not part of a word, words of mixed letters and digits; and lists of
    like values become one.
    """
    return clean(_AGAIN.sub(r"\1", mask(raw, _numbers)), limit)


def _numbers(text: str) -> str:
    text = _ADDRESS.sub("[number]", text)
    text = _WORD.sub(lambda match: "[id]" if len(_CHANGE.findall(match[0])) >= 3 else match[0], text)
    return _NUMBER.sub("[number]", text)
