"""Nothing hides in text that was made inert."""

import pytest

from bakewatch.privacy.inert import MARK, decode, inert


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("a%40b %2540 %252540", "a@b @ @"),
        ("a\\u0040b a\\\\u0040b \\x40 %u0040 \\u{40}", "a@b a@b @ @ @"),
        ("a&#64;b &#x40; &commat; &unknown; &#0;", "a@b @ @ &unknown; \ufffd"),
        ("\\ud83d\\ude00 \\ud83d", "\U0001f600 \ufffd"),
        ("①⑩❷² ٣", "11022 3"),
        ("«a» ´b´ “c”", '"a" \'b\' "c"'),
        ("100% of 5%, %zz, \\n, a&b;", "100% of 5%, %zz, \\n, a&b;"),
    ],
)
def test_escapes_become_what_they_stand_for(raw: str, said: str) -> None:
    assert inert(raw) == said
    assert inert(said) == said


def test_what_separates_values_is_decoded_on_demand_only() -> None:
    raw = "a%20b%22c\\u0022d&quot;e%0Af&lt;"
    assert inert(raw) == raw
    assert decode(raw, separators=True) == 'a b"c\\"d"e f<'


def test_private_characters_are_blanks() -> None:
    assert not MARK.search(inert("a\ue000b\ue001c\uf8ffd\\ue000e&#xe000;"))
