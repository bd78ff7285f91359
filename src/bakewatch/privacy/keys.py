"""Values that are given away by their key: `password=`, `"email":`, `이름:`, `--token …`, `mysql -p…`."""

import re
from functools import lru_cache

_KEY = re.compile(r"""([A-Za-z가-힣](?<![\w.-].)[\w.-]*+)(\\?["'])?(\s{0,4}[:=]>?\s{0,4})""")
_TELLING_WORDS = """
    password passwd pwd passphrase passcode secret secretkey credential credentials authorization cookie sessionid
    sessid apikey privatekey privatekeyid accesskey accesskeyid encryptionkey signingkey otp csrf email mail phone
    phonenumber phoneno mobile telephone fax ssn rrn jumin passport birthday birthdate dateofbirth dob address street
    zipcode postcode postalcode verificationcode cardnumber cardno cvc cvv iban accountnumber accountno firstname
    lastname fullname nickname displayname realname givenname familyname surname username
    비밀번호 암호 이메일 메일 전화 번호 휴대폰 핸드폰 연락처 이름 성명 성함 닉네임 주소 월일 생일 계좌 카드 여권
"""
_TELLING = tuple(_TELLING_WORDS.split())
_TELLING_ASSIGNED = ("token", "signature", "sig", "name", "user")
_TELLING_LAST = frozenset(("pass", "pw", "auth", "jwt", "session", "sid"))
"""Last words of a key that tell of a secret when something is assigned to it; `auth_event.action` has another one."""

_WHOLE_LINE = ("cookie", "authorization")
_GIVEN = r"""\\"[^"]*+"?|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?"""
_ASSIGNED = re.compile(rf"""{_GIVEN}|[^\s,;|&)}}\]"']++""")
_SPOKEN = re.compile(rf"""{_GIVEN}|[^,;|&)}}\n"']++""")
_LINE = re.compile(rf"{_GIVEN}|[^\n]++")
_MIXED = re.compile(r"(?=[^\s\d]{0,80}\d)(?=[^\sA-Za-z]{0,80}[A-Za-z])(?![a-z]+_)[A-Za-z0-9_.~+/=-]{7,}+(?![\w:'\"(])")
"""One word of letters and digits, which is neither snake_case nor the beginning of something else."""

_ERROR = re.compile(r"""\\?["'][A-Za-z]{1,60}(?:Error|Exception)""")
_QUOTE = re.compile(r"""\\?["']|""")
_BRACKET = re.compile(r"""\\*"|[\[\]{}\n]""")
_OPTION = re.compile(rf"""(?<![\w-])--([A-Za-z][\w-]{{0,60}}+)(=|\s{{1,3}})(?!-)({_GIVEN}|[^\s"']++)""")
_COMMAND = re.compile(
    r"""(?<![\w-])((?:mysql|mariadb|psql|pg_)\w*+(?:\s[^\n|;&]{0,200}?)?\s-p)(?!\d{1,5}(?:\s|$))[^\s"']\S*+"""
)


@lru_cache(maxsize=4096)
def telling(key: str, *, assigned: bool = True) -> bool:
    """Does the name *key* say that its value is personal or secret?

    *assigned*: it stands in `key=value` or in a structure, not in a sentence (`Invalid token: …`).
    """
    letters = re.sub(r"[\W\d_]", "", key.lower())
    if letters.endswith(_TELLING):
        return True
    return assigned and (letters in _TELLING_ASSIGNED or letters.endswith("token") or _last_word(key) in _TELLING_LAST)


def mask_keyed(text: str) -> str:
    """*text* with the values of telling keys masked: a word, a quoted text, or all of a `{…}` or `[…]`."""
    done, position = [], 0
    while key := _KEY.search(text, position):
        done.append(text[position : key.end()])
        position = key.end()
        end = _end(text, key)
        if end > position:
            quote = _QUOTE.match(text, position)
            mark = quote[0] if quote else ""
            done.append(f"{mark}[value]{mark}")
            position = end
    return "".join(done) + text[position:]


def mask_options(text: str) -> str:
    """*text* with what telling options of a command line are given masked."""
    text = _OPTION.sub(_option, text) if "--" in text else text
    return _COMMAND.sub(r"\1[value]", text) if " -p" in text else text


def _last_word(key: str) -> str:
    """The last word of *key*, in lower case; `bypass` and `oauth` are words of their own."""
    return re.split(r"[\W\d_]+|(?<=[a-z])(?=[A-Z])", key.rstrip("_-.0123456789"))[-1].lower()


def _option(found: re.Match[str]) -> str:
    return f"--{found[1]}{found[2]}[value]" if telling(found[1]) else found[0]


def _end(text: str, key: re.Match[str]) -> int:
    """Where the value of *key* ends that is to be masked; where it begins, when it may stay."""
    start = key.end()
    assigned = bool(key[2]) or "=" in key[3]
    if not telling(key[1], assigned=assigned):
        secret = not assigned and telling(key[1]) and not key[1].lower().endswith("name")
        return _until(_MIXED.match(text, start), start) if secret else start
    if assigned and _ERROR.match(text, start):
        return start
    if text[start : start + 1] in ("[", "{"):
        return _closed(text, start)
    if not key[2] and key[1].lower().endswith(_WHOLE_LINE):
        return _until(_LINE.match(text, start), start)
    return _until((_ASSIGNED if assigned else _SPOKEN).match(text, start), start)


def _until(found: re.Match[str] | None, start: int) -> int:
    return found.end() if found else start


def _closed(text: str, start: int) -> int:
    """Where the bracket at *start* is closed; without an end to it, the end of the line or of an indented text.

    In quotes, brackets do not count. How the first quote is escaped tells which others are of the same text.
    """
    depth, style, quoted = 0, "", False
    for found in _BRACKET.finditer(text, start):
        token = found[0]
        if token == "\n":
            if not _goes_on(text, found.start()):
                return found.start()
        elif token.endswith('"'):
            style = style or token
            if len(token) < len(style):
                return found.start()  # the end of the text that all of this stands in
            if token == style:
                quoted = not quoted
        elif not quoted:
            depth += 1 if token in "[{" else -1
            if depth == 0:
                return found.end()
    return len(text)


def _goes_on(text: str, newline: int) -> bool:
    """Does a structure that is written over several lines go on after this one?"""
    before = text[max(0, newline - 8) : newline].rstrip()[-1:]
    return before in ("[", "{", ",", ":", "") or text[newline + 1 : newline + 2] in (" ", "\t", "]", "}", '"')
