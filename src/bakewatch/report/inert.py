"""Text that can do nothing where it is shown: no terminal escape, no reversed reading, no line of its own."""

import re
import unicodedata

_SHOWN_INSTEAD = "\N{REPLACEMENT CHARACTER}"
_BLANKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
"""Controls, formats (bidirectional overrides, zero-width characters) and halves of surrogates."""


def inert(text: str) -> str:
    """*text* on one line; whatever would act instead of being seen becomes a replacement character."""
    line = _BLANKS.sub(" ", text)
    return "".join(_SHOWN_INSTEAD if unicodedata.category(one) in _INVISIBLE else one for one in line)


def inert_json(document: str) -> str:
    """*document*, a JSON text, with the same characters written as escapes: its meaning does not change."""
    return "".join(_escaped(one) if _acts(one) else one for one in document)


def _acts(one: str) -> bool:
    return one != "\n" and (unicodedata.category(one) in _INVISIBLE or one in "\u2028\u2029")


def _escaped(one: str) -> str:
    units = one.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place]:02x}{units[place + 1]:02x}" for place in range(0, len(units), 2))
