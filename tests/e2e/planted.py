"""Made-up personal data and secrets in many forms, to be planted where a watch could pick them up."""

import base64
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_LETTERS = string.ascii_lowercase
_WORD = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Planted:
    """One value, a text that holds it, and the part of it that must be found nowhere."""

    kind: str
    value: str
    text: str
    core: str


def planted(number: int, seed: int = 20260207) -> Iterator[Planted]:
    """So many values, every kind in turn; the same ones for the same seed."""
    chance = random.Random(seed)
    for place in range(number):
        kind, make = _KINDS[place % len(_KINDS)]
        value, core = make(chance)
        around = chance.choice(_AROUND[kind] if kind in _AROUND else _AROUND[""])
        yield Planted(kind, value, around.replace("{}", value), core)


_AROUND = {
    "": [
        "user {} not found",
        "could not notify {}: timeout",
        'duplicate key value violates unique constraint "registrations_pkey" Key (x)=({}) already exists',
        '{"level":"error","msg":"rejected {}"}',
        "GET /api/search?q={} 400",
    ],
    "secret": ["token={}", "authorization: Bearer {}", '{"password":"{}"}', "--password {}", "api_key: {}"],
    "name": ["name='{}'", '{"user":{"full_name":"{}"}}', "Key (full_name)=('{}') already exists"],
}


def _digits(chance: random.Random, length: int) -> str:
    return "".join(chance.choice(string.digits) for _ in range(length))


def _word(chance: random.Random, length: int, alphabet: str = _WORD) -> str:
    return "".join(chance.choice(alphabet) for _ in range(length))


def _email(chance: random.Random) -> tuple[str, str]:
    name = _word(chance, 12, _LETTERS)
    return f"{name}@{chance.choice(['mail', 'naver', 'uni'])}.example", name


def _mobile(chance: random.Random) -> tuple[str, str]:
    middle, last = _digits(chance, 4), _digits(chance, 4)
    form = chance.choice(["010-{}-{}", "010{}{}", "+82 10 {} {}", "+82-10-{}-{}", "010.{}.{}", "010 {} {}"])
    return form.format(middle, last), form[-5:].format(middle, last) if form[-3] != "}" else middle + last


def _foreign_phone(chance: random.Random) -> tuple[str, str]:
    a, b, c = _digits(chance, 3), _digits(chance, 3), _digits(chance, 4)
    form = chance.choice(["+1 ({}) {}-{}", "+1-{}-{}-{}", "+44 {} {} {}"])
    return form.format(a, b, c), form[form.rindex("{}") - 3 :].format(b, c)


def _resident(chance: random.Random) -> tuple[str, str]:
    birth = f"{chance.randint(50, 99)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    rest = f"{chance.randint(1, 4)}{_digits(chance, 6)}"
    return f"{birth}-{rest}", f"{birth}-{rest}"


def _card(chance: random.Random) -> tuple[str, str]:
    parts = [f"4{_digits(chance, 3)}", *(_digits(chance, 4) for _ in range(3))]
    between = chance.choice([" ", "-", ""])
    return between.join(parts), between.join(parts[1:])


def _ipv4(chance: random.Random) -> tuple[str, str]:
    value = ".".join(str(chance.randint(100, 255)) for _ in range(4))
    return value, value


def _ipv6(chance: random.Random) -> tuple[str, str]:
    value = "2001:db8:" + ":".join(_word(chance, 4, "0123456789abcdef") for _ in range(6))
    return value, value[9:]


def _uuid(chance: random.Random) -> tuple[str, str]:
    value = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    return value, value[:18]


def _jwt(chance: random.Random) -> tuple[str, str]:
    claims = json.dumps({"sub": _word(chance, 12), "email": _email(chance)[0]}).encode()
    body = base64.urlsafe_b64encode(claims).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.{_word(chance, 32)}", body[:40]


def _key(chance: random.Random) -> tuple[str, str]:
    secret = _word(chance, 28)
    return chance.choice(["sk_live_", "ghp_", "xoxb-", "sbp_", "AKIA"]) + secret, secret


def _secret(chance: random.Random) -> tuple[str, str]:
    value = _word(chance, 16)
    return value, value


def _name(chance: random.Random) -> tuple[str, str]:
    syllables = "가나다라마바사아자차카타파하김이박최정강조윤장임한오서신권황안송류홍민준서연지우하은도윤"
    value = "".join(chance.choice(syllables) for _ in range(8))
    return value, value


_KINDS: list[tuple[str, Callable[[random.Random], tuple[str, str]]]] = [
    ("email", _email),
    ("mobile", _mobile),
    ("phone", _foreign_phone),
    ("resident", _resident),
    ("card", _card),
    ("ipv4", _ipv4),
    ("ipv6", _ipv6),
    ("uuid", _uuid),
    ("jwt", _jwt),
    ("key", _key),
    ("secret", _secret),
    ("name", _name),
]


def found(text: str, values: list[Planted]) -> list[Planted]:
    """Those of *values* whose core stands in *text*."""
    width = min(len(one.core) for one in values)
    by_start: dict[str, list[Planted]] = {}
    for one in values:
        by_start.setdefault(one.core[:width], []).append(one)
    starts = by_start.keys()
    hits = {text[at : at + width] for at in range(len(text) - width + 1)} & starts
    return [one for start in hits for one in by_start[start] if one.core in text]
