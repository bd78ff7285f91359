"""Raw text in, clean text out: personal data of the watched service's users does not get past this module.

Masked, each by a word in brackets: values in single quotes, the values of PostgreSQL's DETAIL, values that a telling
key names (`password=`, `"email":`, `이름:`), query strings, e-mail, phone, resident and card numbers, dates, tokens,
UUIDs, IP and hardware addresses, numbers of five digits or more, and what stands in double quotes without being a
name. Kept: words, short numbers, SQLSTATEs after a word that says so, and identifiers in double quotes (constraint,
table and column names). The name of a person in running text cannot be told from a word.

How it goes about it:
1. Make the text inert, so that nothing can hide in it (`inert.py`).
2. Mask what the surroundings give away: DETAIL, keys (`keys.py`), query strings, quotes. What is still encoded because
   it separates values is decoded now, and looked at again.
3. Put codes and identifiers in double quotes aside; mask what else stands in double quotes (`quotes.py`).
4. Mask what gives itself away by its shape (`shapes.py`), in one line.
5. Put codes and identifiers back.
"""

import re
from collections.abc import Callable

from bakewatch.model.text import CleanText
from bakewatch.privacy.inert import decode, inert
from bakewatch.privacy.keys import mask_keyed, mask_options
from bakewatch.privacy.quotes import Aside
from bakewatch.privacy.shapes import mask_shapes

LIMIT = 1000
"""Characters that are kept by default."""

READ = 20_000
"""Characters of a text that are read at all."""

_DROPPED = 300
"""Characters at the end of a text that was not read to its end: something may have been cut in two there."""
_CUT = "…"

_ROW = "row contains ("
_DETAIL = re.compile(r"\((?:(?<=\)=\()|(?<=\) = \()|(?<=row contains \())")
_DETAIL_END = re.compile(r"\)(?= (?:already exists|is not present|is still referenced|conflicts with|is duplicated))")
_USERINFO = re.compile(r"(?<=://)[^\s/@\"'<>]++@")
_QUERY = re.compile(r"\?(?=[^\s?\"'<>|=]{1,200}=)[^\s\"'<>|]++")
_SINGLE = re.compile(r"(?:(?<![A-Za-z0-9])|(?<![A-Za-z0-9])[EeNnBbXxUu]&?)'(?:[^'\\]|\\.?|'(?=[A-Za-z0-9']))*+'?", re.S)
_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.:~-]{0,47}")
_YEAR = re.compile(r"_(?:19|20)\d\d(?![A-Za-z0-9])")
_NUMBERED = re.compile(r"[A-Za-z]{2,}\d{1,3}[A-Za-z]{2,}")
"""A word with a number in it, such as `sha256sum`; digits at the end of one may tell persons apart."""

_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://[^/?#\s]*+")


def clean(raw: str | bytes, limit: int = LIMIT) -> CleanText:
    """*raw* in one line, without personal data and without anything that a terminal obeys; cut to *limit*."""
    return CleanText(_cut(mask(raw), limit))


def clean_path(path: str | bytes, limit: int = LIMIT) -> CleanText:
    """The path of a URL without query and fragment; segments that may identify someone become `[id]`.

    A whole URL keeps its scheme and host.
    """
    text = inert(_read(path))
    found = _ORIGIN.match(text)
    origin = found[0] if found else ""
    rest = re.split(r"[?#;]|%3[BbFf]|%23", text[len(origin) :], maxsplit=1)[0]
    segments = [one if _is_word(one) else "[id]" for one in rest.split("/")]
    return CleanText(_cut(mask(origin) + "/".join(segments), limit))


def mask(raw: str | bytes, further: Callable[[str], str] = lambda text: text) -> str:
    """*raw* masked, in one line, uncut; *further* masks more while names and codes are put aside."""
    text = _surroundings(inert(_read(raw)))
    loose = decode(text, separators=True)
    text = " ".join((text if loose == text else _surroundings(loose)).split())
    aside = Aside()
    text = aside.restore(further(mask_shapes(aside.take(text))))
    text = " ".join(text.split())
    return text if len(raw) <= READ else text[: max(0, len(text) - _DROPPED)]


def _read(raw: str | bytes) -> str:
    return raw[:READ].decode("utf-8", "replace") if isinstance(raw, bytes) else raw[:READ]


def _surroundings(text: str) -> str:
    """Mask the values that their surroundings give away."""
    if "(" in text:
        text = _details(text)
    if "-" in text:
        text = mask_options(text)
    if ":" in text or "=" in text:
        text = _USERINFO.sub("[value]@", mask_keyed(text))
    if "?" in text:
        text = _QUERY.sub("?[query]", text)
    return _SINGLE.sub("'[value]'", text) if "'" in text else text


def _details(text: str) -> str:
    """Mask `Key (x)=(y) already exists` and `Failing row contains (…)`; without a known end, up to the last `)`."""
    done, position = "", 0
    while start := _DETAIL.search(text, position):
        end = None if text.endswith(_ROW, 0, start.end()) else _DETAIL_END.search(text, start.end())
        stop = end.start() if end else text.rfind(")", start.end())
        done += f"{text[position : start.end()]}[value]"
        position = stop if stop >= 0 else len(text)
        if end is None:
            break
    return done + text[position:]


def _is_word(segment: str) -> bool:
    """Is *segment* a word of the application, not something about one person?"""
    if segment in ("", "[id]", ".", ".."):
        return True
    plain = _YEAR.sub("", segment, count=1)
    digits = 0 if _NUMBERED.fullmatch(plain) else sum(map(str.isdigit, plain))
    return digits <= 2 and bool(_SEGMENT.fullmatch(segment)) and mask(segment) == segment


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(0, limit - 1)] + _CUT[: max(0, limit)]
