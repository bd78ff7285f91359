"""4-4. In a real browser: somebody new signs up on the page, enters, chats and asks, and sees it at once."""

import shutil
import uuid
from collections.abc import Iterator

import httpx
import pytest
from people import Account, Expect
from playwright.sync_api import Error as Broken
from playwright.sync_api import Locator, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotShown

PATIENCE = 10_000
"""Milliseconds until something should be shown."""


@pytest.fixture
def page() -> Iterator[Page]:
    """A page in Chromium; bakewatch marks what it sends as our own."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        opened = browser.new_page(locale="en-US")
        opened.set_default_timeout(PATIENCE)
        yield opened
        browser.close()


def _shown(what: Locator) -> bool:
    try:
        what.wait_for()
    except NotShown:
        return False
    return True


def _click(what: Locator) -> bool:
    try:
        what.click()
    except NotShown:
        return False
    return True


def _fill(what: Locator, text: str) -> bool:
    try:
        what.fill(text)
    except NotShown:
        return False
    return True


def _open(page: Page, address: str) -> bool:
    try:
        page.goto(address)
    except Broken:  # the front page has just been served: it is this one that is not
        return False
    return True


def test_somebody_new_takes_part_on_the_pages(
    api: httpx.Client,
    address: str,
    event: str,
    test_event: str,
    newcomer: Account,
    tag: str,
    page: Page,
    expect: Expect,
) -> None:
    expect(api.get("/").status_code == 200, "the front page is served")
    expect(_open(page, f"{address}/events/{test_event}"), "the live page is served")
    expect(_shown(page.get_by_role("heading", name="Sign in")), "whoever is not signed in is led to signing in")
    email = f"{tag}.{uuid.uuid4().hex}@live-event.example"
    expect(_fill(page.get_by_label("E-mail address"), email), "the form takes an e-mail address")
    expect(_fill(page.get_by_label("Password"), uuid.uuid4().hex), "the form takes a password")
    expect(_click(page.get_by_role("button", name="Sign up")), "the form can be sent")
    expect(_click(page.get_by_role("button", name="Enter the event")), "the live page offers to enter")
    expect(_shown(page.get_by_text("Your presence is noted.")), "entering is confirmed")
    expect(_shown(page.get_by_text("Live", exact=True)), "the page is connected")
    for place, label, button in (("chat", "Your message", "Send"), ("questions", "Your question", "Ask")):
        text = f"bakewatch {uuid.uuid4().hex}"
        expect(_fill(page.get_by_label(label), text), f"{place}: something can be written")
        expect(_click(page.get_by_role("button", name=button)), f"{place}: what is written can be sent")
        expect(_shown(page.locator(f"#{place}").get_by_text(text)), f"{place}: the new entry is shown")
    api.post(f"{event}/access/track", headers=newcomer.headers)
    text = f"bakewatch {uuid.uuid4().hex}"
    written = api.post(f"{event}/chat", headers=newcomer.headers, json={"body": text})
    expect(written.status_code == 201, "somebody else writes")
    expect(_shown(page.locator("#chat").get_by_text(text)), "what somebody else writes is shown at once")
