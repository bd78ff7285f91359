"""Raw text in, clean text out: personal data of the watched service's users does not get past this module.

Masked, each by a word in brackets: values in single quotes, the values of PostgreSQL's DETAIL, values that a telling
key names (`password=`, `"email":`, `이름:`), query strings, e-mail, phone, resident and card numbers, dates, tokens,
UUIDs, IP and hardware addresses, and numbers of five digits or more. Kept: words, short numbers, and identifiers in
double quotes (constraint, table and column names). The name of a person in running text cannot be told from a word.

How it goes about it:
1. Make the text inert: no control or format characters, no terminal escapes, no broken Unicode; full-width letters and
   typographic quotes become plain ones, so that no mask can be dodged with them.
2. Mask what the surroundings give away: DETAIL, keys, query strings, quotes.
3. Put identifiers in double quotes aside.
4. Mask what gives itself away by its shape (`shapes.py`).
5. Put the identifiers back.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from bakewatch.model.text import CleanText
from bakewatch.privacy.shapes import mask_shapes, mask_tokens

LIMIT = 1000
"""Characters that are kept by default."""

READ = 20_000
"""Characters of a text that are read at all."""

_DROPPED = 300
"""Characters at the end of a text that was not read to its end: something may have been cut in two there."""
_CUT = "…"
_ASIDE = "\ue000"
"""Stands for an identifier that is put aside; inert text does not contain it."""

_ESCAPE = re.compile(
    r"\x1b\][^\x07\x1b]*+(?:\x07|\x1b\\)?"  # operating system commands
    r"|\x1b[PX^_][^\x1b]*+(?:\x1b\\)?"  # device control strings
    r"|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # cursor and colour
    r"|\x1b[ -/]*+[0-~]?"
)
_PLAIN = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣", "-"),
    **{"﹫": "@", "。": ".", "\n": "\n", _ASIDE: " "},
}
_INVISIBLE = {"Cf": "", "Cc": " ", "Cs": "\ufffd", "Zs": " ", "Zl": " ", "Zp": " "}
"""Format, control, half a surrogate pair, spaces and separators: what becomes of a category of characters."""

_DETAIL = re.compile(r"\((?:(?<=\)=\()|(?<=\) = \()|(?<=row contains \())")
_DETAIL_END = re.compile(r"\)(?= (?:already exists|is not present|is still referenced|conflicts with|is duplicated))")

_KEY = re.compile(r"""([A-Za-z가-힣](?<![\w.-].)[\w.-]*+)(\\?["'])?(\s{0,4}[:=]>?\s{0,4})""")
_TELLING_WORDS = """
    password passwd pwd passphrase passcode secret credential credentials authorization cookie sessionid apikey
    privatekey accesskey otp csrf email mail phone phonenumber phoneno mobile telephone fax ssn rrn jumin passport
    birthday birthdate dateofbirth dob address street zipcode postcode cardnumber cardno cvc cvv iban accountnumber
    accountno firstname lastname fullname nickname displayname realname givenname familyname surname username
    비밀번호 암호 이메일 메일 전화 번호 휴대폰 핸드폰 연락처 이름 성명 성함 닉네임 주소 월일 생일 계좌 카드 여권
"""
_TELLING = tuple(_TELLING_WORDS.split())
_TELLING_ASSIGNED = ("token", "signature", "sig", "name", "user")
_WHOLE_LINE = ("cookie", "authorization")
_GIVEN = r"""\\"[^"]*+"?|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|\[[^\]\n]*+\]?"""
_ASSIGNED = re.compile(rf"""{_GIVEN}|[^\s,;|&)}}\]"']++""")
_SPOKEN = re.compile(rf"""{_GIVEN}|[^,;|&)}}\n"']++""")
_LINE = re.compile(rf"{_GIVEN}|[^\n]++")
_ERROR = re.compile(r"""\\?["'][A-Za-z]{1,60}(?:Error|Exception)""")

_USERINFO = re.compile(r"(?<=://)[^\s/@\"'<>]++@")
_QUERY = re.compile(r"\?(?=[^\s?\"'<>|=]{1,200}=)[^\s\"'<>|]++")
_SINGLE = re.compile(r"(?:(?<![A-Za-z0-9])|(?<![A-Za-z0-9])[EeNnBbXxUu]&?)'(?:[^'\\]|\\.?|'(?=[A-Za-z0-9']))*+'?", re.S)
_DOUBLE = re.compile(r'((?<=[A-Za-z0-9가-힣]):\s{0,4})?"([^"]*+)"')
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*+(?:[.-][A-Za-z0-9_$]++)*+")
_FOREIGN_LETTER = re.compile(r"[^\W\d_\x00-\x7f]")
_MOST_DIGITS = 8
"""An identifier may contain a day (`events_20260207`), not a phone number."""
_SEGMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.:~-]{0,47}")
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+://[^/?#\s]*+")


def clean(raw: str | bytes, limit: int = LIMIT) -> CleanText:
    """*raw* in one line, without personal data and without anything that a terminal obeys; cut to *limit*."""
    return CleanText(_cut(mask(raw), limit))


def clean_path(path: str | bytes, limit: int = LIMIT) -> CleanText:
    """The path of a URL without query and fragment; segments that may identify someone become `[id]`.

    A whole URL keeps its scheme and host.
    """
    text = _inert(path)
    found = _ORIGIN.match(text)
    origin = found[0] if found else ""
    rest = re.split(r"[?#;]|%3[BbFf]|%23", text[len(origin) :], maxsplit=1)[0]
    segments = [one if _is_word(one) else "[id]" for one in rest.split("/")]
    return CleanText(_cut(mask(origin) + "/".join(segments), limit))


@lru_cache(maxsize=4096)
def telling(key: str, *, assigned: bool = True) -> bool:
    """Does the name *key* say that its value is personal or secret?

    *assigned*: it stands in `key=value` or in a structure, not in a sentence (`Invalid token: …`).
    """
    letters = re.sub(r"[\W\d_]", "", key.lower())
    if letters.endswith(_TELLING):
        return True
    return assigned and (letters in _TELLING_ASSIGNED or letters.endswith("token"))


def mask(raw: str | bytes, further: Callable[[str], str] = lambda text: text) -> str:
    """*raw* masked, in one line, uncut; *further* masks more while the identifiers are put aside."""
    text = _surroundings(_inert(raw))
    kept: list[str] = []
    if '"' in text:
        text = _DOUBLE.sub(lambda match: _double(match, kept), text)
    text = further(mask_shapes(text))
    aside = iter(kept)
    text = re.sub(_ASIDE, lambda match: next(aside), text) if kept else text
    text = " ".join(text.split())
    return text if len(raw) <= READ else text[: max(0, len(text) - _DROPPED)]


def _inert(raw: str | bytes) -> str:
    text = raw[:READ].decode("utf-8", "replace") if isinstance(raw, bytes) else raw[:READ]
    if text.isascii() and text.isprintable():
        return text.replace("%40", "@")
    text = _ESCAPE.sub("", text)
    table = {ord(char): _PLAIN.get(char, _INVISIBLE.get(unicodedata.category(char))) for char in set(text)}
    return text.translate({code: char for code, char in table.items() if char is not None}).replace("%40", "@")


def _surroundings(text: str) -> str:
    """Mask the values that their surroundings give away."""
    if "(" in text:
        text = _details(text)
    if ":" in text or "=" in text:
        text = _USERINFO.sub("[value]@", _keyed(text))
    if "?" in text:
        text = _QUERY.sub("?[query]", text)
    return _SINGLE.sub("'[value]'", text) if "'" in text else text


def _details(text: str) -> str:
    """Mask `Key (x)=(y) already exists` and `Failing row contains (…)`; without a known end, up to the last `)`."""
    done, position = "", 0
    while start := _DETAIL.search(text, position):
        end = _DETAIL_END.search(text, start.end())
        stop = end.start() if end else text.rfind(")", start.end())
        done += f"{text[position : start.end()]}[value]"
        position = stop if stop >= 0 else len(text)
        if end is None:
            break
    return done + text[position:]


def _keyed(text: str) -> str:
    """Mask the values of telling keys."""
    done, position = [], 0
    while key := _KEY.search(text, position):
        value = _value(text, key)
        done.append(text[position : key.end()])
        position = key.end()
        if value:
            quote = re.match(r"""\\?["']|""", value[0])
            mark = quote[0] if quote else ""
            done.append(f"{mark}[value]{mark}")
            position = value.end()
    return "".join(done) + text[position:]


def _value(text: str, key: re.Match[str]) -> re.Match[str] | None:
    """What stands after *key*, when the key is telling."""
    assigned = bool(key[2]) or "=" in key[3]
    if not telling(key[1], assigned=assigned) or (assigned and _ERROR.match(text, key.end())):
        return None
    if not key[2] and key[1].lower().endswith(_WHOLE_LINE):
        return _LINE.match(text, key.end())
    return (_ASSIGNED if assigned else _SPOKEN).match(text, key.end())


def _double(match: re.Match[str], kept: list[str]) -> str:
    """What stands in double quotes: identifiers are put aside; values after `word: ` and foreign letters go."""
    before, inner = match[1] or "", match[2]
    if before or _FOREIGN_LETTER.search(inner):
        return f'{before}"[value]"'
    if _is_identifier(inner):
        kept.append(inner)
        return f'"{_ASIDE}"'
    return match[0]


def _is_identifier(text: str) -> bool:
    """Could *text* be the name of a table, a column or a constraint, and nothing else?"""
    short = len(text) <= 63 and sum(map(str.isdigit, text)) <= _MOST_DIGITS
    return short and bool(_IDENTIFIER.fullmatch(text)) and mask_tokens(text) == text


def _is_word(segment: str) -> bool:
    """Is *segment* a word of the application, not something about one person?"""
    if segment in ("", "[id]", ".", ".."):
        return True
    digits = sum(map(str.isdigit, segment))
    return digits <= 2 and bool(_SEGMENT.fullmatch(segment)) and mask(segment) == segment


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(0, limit - 1)] + _CUT[: max(0, limit)]
