"""The pages as a server gives them: language, safety, and nobody's data."""

import re
import uuid

import httpx
import pytest
from live_rig import Live

from live_event.pages.routes import STATIC
from live_event.pages.words import WORDS

pytestmark = pytest.mark.real

PAGES = ("/", "/sign-in", "/events/launch-day", "/events/launch-day/admin")


def _open(live: Live, path: str, **headers: str) -> httpx.Response:
    live.http.cookies.clear()
    return live.http.get(path, headers=headers)


def test_every_word_is_there_in_every_language() -> None:
    assert {frozenset(one) for one in WORDS.values()} == {frozenset(WORDS["en"])}
    assert all(word.strip() for one in WORDS.values() for word in one.values())


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("", "en"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en;q=0.3, ko;q=0.7", "ko"),
        ("fr, de;q=0.8", "en"),
        ("ko;q=x, en;q=0.1", "en"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_prefers(live: Live, accepted: str, wanted: str) -> None:
    shown = _open(live, "/", **{"accept-language": accepted})
    assert f'<html lang="{wanted}">' in shown.text
    assert f"<h1>{WORDS[wanted]['greeting']}</h1>" in shown.text


def test_a_language_that_was_chosen_is_kept(live: Live) -> None:
    chosen = _open(live, "/?lang=ko")
    assert "환영합니다" in chosen.text
    assert "환영합니다" in live.http.get("/").text
    assert "Welcome" in _open(live, "/?lang=nonsense").text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_only_our_own_files_and_cannot_be_framed(live: Live, path: str) -> None:
    shown = _open(live, path)
    policy = dict(one.strip().split(" ", 1) for one in shown.headers["content-security-policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert not re.search(r"\son\w+=|<style|style=", shown.text)
    for script in re.findall(r"<script([^>]*)>", shown.text):
        assert 'src="/static/' in script or 'type="application/json"' in script
    assert re.search(r'<main id="content"', shown.text) and 'class="skip"' in shown.text


def test_every_file_that_a_page_or_script_names_is_there(live: Live) -> None:
    named = {one for path in PAGES for one in re.findall(r'"(/static/[^"]+)"', _open(live, path).text)}
    named |= {
        f"/static/{one}" for file in STATIC.glob("*.js") for one in re.findall(r'"\./(\w+\.js)"', file.read_text())
    }
    assert {f"/static/{one.name}" for one in STATIC.iterdir()} == named
    assert {live.http.get(one).status_code for one in named} == {200}


def test_the_front_page_lists_the_public_events_and_escapes_their_names(live: Live) -> None:
    event = uuid.uuid4().hex
    live.rows("insert into events (id, title) values (%s, '<b>Bold</b>') returning id", event)
    shown = _open(live, "/").text
    assert f'href="/events/{event}"' in shown and "&lt;b&gt;Bold&lt;/b&gt;" in shown and "<b>Bold" not in shown
    assert "Tests" not in shown


def test_an_address_cannot_carry_markup_into_a_page(live: Live) -> None:
    shown = _open(live, '/events/"><script>alert(1)</script>').text
    assert "<script>alert" not in shown


def test_a_browser_that_is_lost_sees_a_page_and_a_program_sees_json(live: Live) -> None:
    lost = _open(live, "/nowhere", accept="text/html,*/*;q=0.8")
    assert (lost.status_code, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert WORDS["en"]["not_found"] in lost.text
    assert _open(live, "/nowhere").json()["code"] == "not_found"
