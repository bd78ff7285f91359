"""The HTML page stands alone and says what the Markdown says; the summary says it shortly."""

import re

import pytest

from bakewatch.report import html, markdown, summary
from bakewatch.report.compose import compose

from . import timelines as told
from .test_inert import Tags, parsed

HARMLESS = {
    *("lang", "charset", "name", "content", "http-equiv", "class", "scope", "open"),
    *("role", "aria-label", "aria-hidden"),
    *("x", "y", "width", "height", "x1", "y1", "x2", "y2", "cx", "cy", "r"),
    *("id", "patternunits", "patterntransform"),
}
"""Attributes that fetch nothing and run nothing."""

ACTING = {
    *("script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "comment"),
    *("use", "image", "foreignobject", "animate", "set", "style"),
}

STORIES = {**told.FINAL, **told.UNFINISHED}


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("story", STORIES)
def test_a_page_fetches_nothing_and_runs_nothing(story: str, language: str) -> None:
    page = html.render(compose(STORIES[story](), told.at(14)), language)
    (style,) = [place for place, (tag, _) in enumerate(Tags(page).found) if tag == "style"]
    for place, (tag, attributes) in enumerate(Tags(page).found):
        assert tag not in ACTING or place == style
        for name, value in attributes:
            assert name in HARMLESS
            assert name != "content" or "//" not in (value or "")
    assert not re.search(r"url\((?!#)|@import|expression\(", page)
    assert "default-src 'none'" in page
    assert f'<html lang="{language}">' in page


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("story", STORIES)
def test_page_and_markdown_say_the_same(story: str, language: str) -> None:
    report = compose(STORIES[story](), told.at(14))
    leaves = [leaf for token in parsed(markdown.render(report, language)) for leaf in token.children or []]
    written = {word for leaf in leaves for word in re.findall(r"\w+", leaf.content)}
    shown = set(re.findall(r"\w+", " ".join(Tags(html.render(report, language)).text)))
    assert written - shown <= {"x", "ℹ", "Verdict", "판정"}


def test_the_verdict_colours_the_page() -> None:
    for story, tone in (("passed", "ok"), ("undone", "bad"), ("blind", "warn"), ("running", "wait")):
        page = html.render(compose(STORIES[story](), told.at(14)), "en")
        assert ("header", [("class", tone)]) in Tags(page).found


def test_a_page_reads_on_a_phone_on_paper_and_in_the_dark() -> None:
    page = html.render(compose(told.passed()), "ko")
    for needed in ("width=device-width", "@media print", "prefers-color-scheme: dark", "@media (max-width"):
        assert needed in page


def test_a_summary_says_verdict_criteria_and_how_long_production_was_broken() -> None:
    assert summary.lines(compose(told.undone()), "en") == (
        "live-event · PR #1: failed and undone — 400 errors: fired a trigger",
        "DoD-1: failed — 400 errors: 14 (own traffic: 2) (11:47:54 KST → 11:50:00 KST, time buckets: 9)",
        "DoD-2: nothing found before the early end — 409 errors: 0 (own traffic: 0); "
        "Database load: 1,204 (own traffic: 0)",
        "DoD-3: nothing found before the early end — Calls of /auth/v1/user: 1,204 (own traffic: 0); "
        "401s: 0 (own traffic: 0)",
        "DoD-4: OK — Registrant: OK; Administrator: OK; Visitor without registration (important): OK",
        "Further checks: nothing found before the early end — API calls: 1,204 (own traffic: 0); "
        "Successful entries: 0 (own traffic: 0)",
        "Production broken for: 3 min 48 s (11:47:54 KST, the first bad event, to 11:51:42 KST, restored)",
    )


def test_a_summary_of_an_unfinished_case_says_how_far_it_is() -> None:
    lines = summary.lines(compose(told.running(), told.at(14)), "ko")
    assert lines[0] == "live-event · PR #1: 진행 중, 30분 중 12분"
    assert lines[1] == "DoD-1: 진행 중, 30분 중 12분 — 400 에러: 0건 (자체 트래픽 0건)"
