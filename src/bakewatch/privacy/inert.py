"""Text that nothing can hide in: no control or format characters, no terminal escapes, no broken Unicode.

Full-width letters, digits in any script or circle and typographic quotes become plain ones, and `\\u0040`, `%40` and
`&#64;` become the character that they stand for, so that no mask can be dodged with them.

What separates values (spaces, quotes, brackets, `&`, …) is decoded only on demand: `password=a%20b` is one value as
long as its `%20` is none.
"""

import html
import re
import unicodedata

FIRST_MARK, MARKS = "\ue000", 6400
"""Private characters, which inert text does not contain: they can stand for what is put aside."""

MARK = re.compile("[\ue000-\uf8ff]")

_ESCAPE = re.compile(
    r"\x1b\][^\x07\x1b]*+(?:\x07|\x1b\\)?"  # operating system commands
    r"|\x1b[PX^_][^\x1b]*+(?:\x1b\\)?"  # device control strings
    r"|(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]?"  # cursor and colour
    r"|\x1b[ -/]*+[0-~]?"
)
_PLAIN = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys("‘’‚‛′´", "'"),
    **dict.fromkeys("“”„‟″«»「」『』", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣﹘⁃➖", "-"),
    **{"﹫": "@", "。": ".", "\n": "\n"},
}
_INVISIBLE = {"Cf": "", "Cc": " ", "Cs": "\ufffd", "Zs": " ", "Zl": " ", "Zp": " ", "Co": " "}
"""Format, control, half a surrogate pair, spaces, separators, private: what becomes of a category of characters."""

_ENCODED = re.compile(
    r"%(?:25)*(?P<percent>[0-7][0-9A-Fa-f])"
    r"|(?:(?<!\\)\\++|%)(?:u(?P<unit>[0-9A-Fa-f]{4})|u\{(?P<point>[0-9A-Fa-f]{1,6})\}|x(?P<byte>[0-7][0-9A-Fa-f]))"
    r"|&(?P<entity>#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)
_SEPARATING = frozenset(" \"'<>|,;&(){}[]/\\")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ROUNDS = 3
"""So often may something have been encoded in different ways; `%` upon `%` counts once."""


def inert(text: str) -> str:
    """*text* made inert; lines stay lines."""
    return decode(plain(text), separators=False)


def plain(text: str) -> str:
    """*text* in plain characters, all of them visible."""
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPE.sub("", text)
    table = {ord(char): _plain(char) for char in set(text)}
    return text.translate({code: char for code, char in table.items() if char is not None})


def decode(text: str, *, separators: bool) -> str:
    """*text* with escapes and entities decoded; those of *separators* too, if so wished."""
    before = text
    for _ in range(_ROUNDS):
        if not ("%" in text or "\\" in text or "&" in text):
            break
        done = _ENCODED.sub(lambda found: _decoded(found, separators), text)
        if done == text:
            break
        text = done
    if text == before:
        return text
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return plain(text)


def _plain(char: str) -> str | None:
    """What *char* becomes; none when it stays."""
    if char in _PLAIN:
        return _PLAIN[char]
    category = unicodedata.category(char)
    if category in ("Nd", "No") and not char.isascii():
        digit = unicodedata.digit(char, None)
        return str(digit) if digit is not None else unicodedata.normalize("NFKC", char)
    return _INVISIBLE.get(category)


def _decoded(found: re.Match[str], separators: bool) -> str:
    """The character that an escape stands for; the escape itself when that is a separator and they are to stay."""
    if entity := found["entity"]:
        char = html.unescape(f"&{entity};")
        if char == found[0]:
            return char
    else:
        code = int(found["percent"] or found["unit"] or found["point"] or found["byte"], 16)
        char = chr(code) if code < 0x110000 else "\ufffd"
    if char.isspace() or (char.isascii() and not char.isprintable()):
        char = " "
    if not separators and any(one in _SEPARATING for one in char):
        return found[0]
    escaped = found[0].startswith("\\") and char in "\"'\\"
    return f"\\{char}" if escaped else char
