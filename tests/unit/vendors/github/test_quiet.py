"""Text for GitHub that calls nobody, points at nothing of others and fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bakewatch.vendors.github.quiet import cut, followed, quiet


def _shown(text: str) -> str:
    return quiet(text, "team/live", (7,)).replace("\u200b", "|")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@octocat and (@octo-org/team)", "@|octocat and (@|octo-org/team)"),
        (
            "jo@team.example, bakewatch approve team/live@0123abc",
            "jo@team.example, bakewatch approve team/live@0123abc",
        ),
        ("_@octocat_ 님@octocat \\@octocat", "_@|octocat_ 님@|octocat \\@|octocat"),
        ("&#64;octocat &#x40;octocat &commat;octocat", "&#64;|octocat &#x40;|octocat &commat;|octocat"),
        ("`@octocat`", "`@|octocat`"),
        ("#7 and #8, #77", "#7 and #|8, #|77"),
        ("team/live#7 other/live#7", "team/live#7 other/live#|7"),
        ("fixes &#35;8, GH-8 and gh-7", "fixes &#35;|8, GH-|8 and gh-|7"),
        ("# 7, #abc and &#8 but &#8;", "# 7, #abc and &#|8 but &#8;"),
        ("https://github.com/other/live/issues/8", "https://github.com/|other/live/issues/8"),
        ("fixes https://github.com/team/live/issues/8", "fixes https://github.com/|team/live/issues/8"),
        ("https://github.com/team/live/issues/7", "https://github.com/team/live/issues/7"),
        ("https://github.com/team/live/issues/77", "https://github.com/|team/live/issues/77"),
        ("https://github.com/team/live/pull/8", "https://github.com/team/live/pull/8"),
        ("https://github.com/other/live", "https://github.com/other/live"),
    ],
)
def test_only_our_own_pull_requests_are_linked_and_nobody_is_notified(text: str, shown: str) -> None:
    assert _shown(text) == shown


@given(some.text())
def test_nothing_else_changes(text: str) -> None:
    told = quiet(text, "team/live", (7,))
    assert told.replace("\u200b", "") == text.replace("\u200b", "")
    assert quiet(told, "team/live", (7,)) == told


@given(some.text(alphabet="ab\n`~<details>/", max_size=400), some.integers(170, 300))
def test_what_is_cut_fits_and_says_so(text: str, limit: int) -> None:
    told = cut(text, limit)
    assert len(told) <= limit
    assert told == text or "cut here" in told.splitlines()[-1]


def test_a_longer_fence_within_code_closes_nothing() -> None:
    text = "````\n```\n" + "x\n" * 400
    assert cut(text, 300).split("\n\n…")[0].endswith("x\n````")


@pytest.mark.parametrize(
    ("link", "kept"), [("https://a.example/1", True), ("/var/report", False), ("javascript:1", False)]
)
def test_only_a_link_for_a_browser_is_kept(link: str, kept: bool) -> None:
    assert bool(followed(link)) is kept
