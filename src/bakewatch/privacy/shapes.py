"""What personal data looks like by itself: addresses, tokens and numbers are masked by their shape.

Every pattern takes time linear in the text: runs are possessive (`++`) and start only where a run can start. A pattern
begins with a class of characters and looks back from there, because the engine skips quickly to such a class.
"""

import re
from ipaddress import ip_address

_DIGIT = re.compile(r"\d")
_LOCAL = r"[^\s@\"'<>()\[\]{},;:/?&=|\\\ue000-\uf8ff]"
_EMAIL = re.compile(
    rf'(?:"[^"@\s]{{1,64}}(?: [^"@\s]{{1,64}}){{0,3}}"|{_LOCAL}(?<!{_LOCAL}.){_LOCAL}*+)'
    rf"@(?:\[[^\]\s]{{1,64}}\]|{_LOCAL}++)"
)
_ENCODED = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f]){2,}+")
"""Letters beyond ASCII in a URL: most of a name there, few of a program's own words."""
_JWT = re.compile(r"eyJ(?<![A-Za-z0-9_-]...)[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+){0,4}")
_SCHEMES = ("bearer ", "basic ", "digest ", "negotiate ")
_SCHEME = re.compile(r"(?i)(?<![A-Za-z0-9])(bearer|basic|digest|negotiate) {1,4}(?!auth|token)[^\s,;\"'<>|]{6,}+")
_VENDORS = [
    "sbp_",
    "sb_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "AKIA",
    "ASIA",
    "AIza",
    "npm_",
    "hf_",
    "pypi-",
    "whsec_",
    "dop_v1_",
    "SG.",
    "sk_",
    "sk-",
    "pk_",
    "rk_",
]
_PREFIXED = re.compile(
    r"(?:sbp_|sb_(?:secret|publishable)_|gh[opsur]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|AIza|npm_|hf_|pypi-|whsec_"
    r"|dop_v1_|SG\.|[spr]k_(?:live|test)_|sk[_-](?=[A-Za-z_-]{0,60}\d))[A-Za-z0-9_.-]{6,}+"
)
_UUID = re.compile(r"[0-9A-Fa-f](?<![0-9A-Fa-f]{2})[0-9A-Fa-f]{7}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])")
_RUN = re.compile(r"[A-Za-z0-9_\-+/=~](?<![A-Za-z0-9_\-+/=~].)[A-Za-z0-9_\-+/=~]{15,}+")
_MAC = re.compile(r"[0-9A-Fa-f](?<![0-9A-Fa-f:].)[0-9A-Fa-f](?:[:-][0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f:])")
_COLONS = re.compile(r"(?<![A-Za-z0-9_.:])[A-Za-z0-9_.]*+:[A-Za-z0-9_.]*+:[A-Za-z0-9_.:]*+")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]+\Z")
_IPV4 = re.compile(r"\d(?<![\d.].)\d{0,2}(?:\.\d{1,3}){3}(?!\.?\d)")
_DATE = re.compile(
    r"\d(?<!\d.)(?:\d{3}[-./]\d{1,2}[-./]\d{1,2}|\d?[-./]\d{1,2}[-./]\d{4}|\d{3}년 ?\d{1,2}월 ?\d{1,2}일)"
    r"(?![-./]?\d)"
)
_DOTS = r"().\-_·・･‧⋅∙•ㅡー"
_NUMBERS = re.compile(rf"(?:\d(?<!\d\d)|[+(](?= ?\(?\d))(?:[ {_DOTS}]{{0,2}}\d|,\d){{4,}}+")
_WIDE = rf"[ {_DOTS}/~]{{0,3}}"
_SPREAD = re.compile(
    rf"(?:\d(?<!\d\d)(?:(?<!\d\d:\d\d:.)|(?=\d\d))"
    rf"(?:(?<=0)(?!0)(?:\d{{1,3}}{_WIDE}\d{{3,4}}{_WIDE}\d{{3,4}}|\d(?:[ {_DOTS}/~]{{1,3}}\d\d){{4}})"
    rf"|\d{{2}}(?:[{_DOTS}/~]\d{{3,4}}[{_DOTS}/~]\d{{4}}|\d(?:{_WIDE}\d{{4}}){{3}}|\d{{3}}{_WIDE}[1-8]\d{{6}}))"
    rf"|\+\d{{1,3}}(?:{_WIDE}\d{{1,5}}){{2,5}})(?:[ {_DOTS}]{{0,2}}\d)*+"
)
"""Numbers of telephones, cards and residents whose groups stand further apart than those of other numbers may."""

_PLUSED = re.compile(r"\d(?<!\d\d)\d{1,5}(?:\+\d{3,7}){1,4}(?![\d.])")
"""Groups of a number as a form in a URL writes them."""

_CLOCK = re.compile(r"\d\d:\d\d:")
_SECONDS = re.compile(r"\d\d(?!\d)")
_JOINT = re.compile(r"([/=+~])")
_NOT_WORD = re.compile(r"[^A-Za-z0-9]+")
_WORD_LIKE = re.compile(r"[A-Za-z]*+\d{0,4}|\d++")
_CAPITAL = re.compile(r"[a-z][A-Z]")
_CHANGE = re.compile(r"[A-Za-z](?=\d)|\d(?=[A-Za-z])")
_MIXED = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)")
_GROUP = re.compile(r"\d+")
_JOINED = re.compile(rf"[{_DOTS},]")
_RESIDENT = re.compile(rf"\d{{6}}[ {_DOTS}/~+]{{0,3}}[1-8]\d{{6}}")


def mask_shapes(text: str) -> str:
    """*text* with e-mail, tokens, UUIDs, IP and hardware addresses, dates and long numbers masked."""
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    if "%" in text:
        text = _ENCODED.sub("[value]", text)
    if len(text) >= 8:
        text = mask_tokens(text)
    text = _mask_addresses(text)
    if not _DIGIT.search(text):
        return text
    text = _SPREAD.sub(_spread, _DATE.sub("[date]", text))
    text = _NUMBERS.sub(_numbers, text)
    return _PLUSED.sub(_plused, text) if "+" in text else text


def mask_tokens(text: str) -> str:
    """*text* with tokens, keys and UUIDs masked."""
    if "eyJ" in text:
        text = _JWT.sub("[token]", text)
    if any(map(text.lower().__contains__, _SCHEMES)):
        text = _SCHEME.sub(r"\1 [token]", text)
    if any(map(text.__contains__, _VENDORS)):
        text = _PREFIXED.sub(_prefixed, text)
    if text.count("-") >= 4:
        text = _UUID.sub("[uuid]", text)
    return _RUN.sub(_run, text)


def _mask_addresses(text: str) -> str:
    if text.count(":") >= 5 or text.count("-") >= 5:
        text = _MAC.sub("[mac]", text)
    if text.count(":") >= 2:
        text = _COLONS.sub(_ipv6, text)
    if text.count(".") >= 3:
        text = _IPV4.sub("[ip]", text)
    return text


def _looks_random(text: str) -> bool:
    """Does *text* look like a token, rather than like words joined by `_`, `-` or dots?"""
    if len(text) < 16:
        return False
    parts = [part for part in _NOT_WORD.split(text) if part]
    if all(map(_WORD_LIKE.fullmatch, parts)):
        return any(_scrambled(part) for part in parts)
    return any(_patchy(part) for part in parts)


def _scrambled(part: str) -> bool:
    """Do capitals come and go in *part* more often than words begin?"""
    return len(part) >= 24 and len(_CAPITAL.findall(part)) * 5 > len(part)


def _patchy(part: str) -> bool:
    """Do digits and letters alternate in *part*, or is it too long for a number?"""
    return len(part) >= 8 and (len(_CHANGE.findall(part)) >= 2 or len(part) >= 16)


def _prefixed(match: re.Match[str]) -> str:
    """A token that names its vendor, where a word begins."""
    before = match.string[match.start() - 1 : match.start()]
    return match[0] if before.isascii() and before.isalnum() else "[token]"


def _run(match: re.Match[str]) -> str:
    """A long run of letters, digits and `_-+/=~`: all of it when it looks like base64, else its random parts."""
    run = match[0]
    if "/" in run and not run.startswith("/") and "//" not in run and _MIXED.match(run):
        whole = run.replace("/", "")
        return "[token]" if _looks_random(whole) else run
    return "".join("[token]" if _looks_random(part) else part for part in _JOINT.split(run))


def _ipv6(match: re.Match[str]) -> str:
    """A word with colons: the address at its end masked, which a key may stand before (`client:2001:db8::1`)."""
    word = match[0]
    end = len(word.rstrip("."))
    if not word[:end].endswith("::"):
        end = len(word[:end].rstrip(":"))
    found = _IPV6.search(word, max(0, end - 80), end)
    start = found.start() if found else end
    if start > 0 and (word[start - 1].isalnum() or word[start - 1] == "_"):
        start = word.find(":", start, end) + 1 or end
    elif word.startswith(":") and not word.startswith("::"):
        start = max(start, 1)
    address = word[start:end]
    return f"{word[:start]}[ip]{word[end:]}" if _is_address(address) else word


def _is_address(text: str) -> bool:
    if not 3 <= len(text) <= 45:
        return False
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _numbers(match: re.Match[str]) -> str:
    """A row of numbers with five digits or more: what it is; itself when it is only a few short numbers."""
    text = match[0]
    seconds = _SECONDS.match(text)
    if seconds and _CLOCK.fullmatch(match.string[max(0, match.start() - 6) : match.start()]):
        return seconds[0] + _NUMBERS.sub(_numbers, text[seconds.end() :])
    groups = _GROUP.findall(text)
    digits = "".join(groups)
    lead = "(" if text.startswith("(") and ")" not in text else ""
    if _RESIDENT.fullmatch(text):
        return "[resident]"
    if len(digits) >= 7 and (text.startswith("+") or (digits.startswith("0") and len(digits) >= 8)):
        return lead + "[phone]"
    if 13 <= len(digits) <= 19 and "." not in text and _luhn(digits):
        return lead + "[card]"
    longest = max(map(len, groups))
    joined = len(digits) >= 7 and (longest >= 4 or bool(_JOINED.search(text)))
    return f"{lead}[number]" if longest >= 5 or joined or len(digits) >= 10 else text


def _spread(match: re.Match[str]) -> str:
    text = match[0]
    digits = "".join(_GROUP.findall(text))
    if text.startswith("+"):
        return "[phone]" if len(digits) >= 8 else text
    if _RESIDENT.fullmatch(text):
        return "[resident]"
    if digits.startswith("0"):
        return "[phone]"
    return "[card]" if len(digits) == 16 and _luhn(digits) else "[number]"


def _plused(match: re.Match[str]) -> str:
    digits = match[0].replace("+", "")
    if _RESIDENT.fullmatch(match[0]):
        return "[resident]"
    if digits.startswith("0") and len(digits) >= 8:
        return "[phone]"
    return "[number]" if len(digits) >= 10 else match[0]


def _luhn(digits: str) -> bool:
    """Do *digits* pass the check of card numbers (ISO/IEC 7812-1, annex B)?"""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0
