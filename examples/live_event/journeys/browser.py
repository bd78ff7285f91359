"""4-4. In a real browser: somebody new signs up on the page, enters, chats and asks, and sees it at once."""

import shutil
import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest
from people import Account, Expect
from playwright.sync_api import Error, Page, TimeoutError, sync_playwright

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


def _can(act: Callable[..., object], *words: str) -> bool:
    """Does the page let us? A browser that breaks is no page that does: that is left to raise."""
    try:
        act(*words)
    except Error as problem:
        if isinstance(problem, TimeoutError) or "net::ERR_" in str(problem):
            return False
        raise
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
    expect(_can(page.goto, f"{address}/events/{test_event}"), "the live page is served")
    expect(_can(page.get_by_role("heading", name="Sign in").wait_for), "whoever is not signed in is led to signing in")
    email = f"{tag}.{uuid.uuid4().hex}@live-event.example"
    expect(_can(page.get_by_label("E-mail address").fill, email), "the form takes an e-mail address")
    expect(_can(page.get_by_label("Password").fill, uuid.uuid4().hex), "the form takes a password")
    expect(_can(page.get_by_role("button", name="Sign up").click), "the form can be sent")
    expect(_can(page.get_by_role("button", name="Enter the event").click), "the live page offers to enter")
    expect(_can(page.get_by_text("Your presence is noted.").wait_for), "entering is confirmed")
    expect(_can(page.get_by_text("Live", exact=True).wait_for), "the page is connected")
    for place, label, button in (("chat", "Your message", "Send"), ("questions", "Your question", "Ask")):
        text = f"bakewatch {uuid.uuid4().hex}"
        expect(_can(page.get_by_label(label).fill, text), f"{place}: something can be written")
        expect(_can(page.get_by_role("button", name=button).click), f"{place}: what is written can be sent")
        expect(_can(page.locator(f"#{place}").get_by_text(text).wait_for), f"{place}: the new entry is shown")
    api.post(f"{event}/access/track", headers=newcomer.headers)
    text = f"bakewatch {uuid.uuid4().hex}"
    written = api.post(f"{event}/chat", headers=newcomer.headers, json={"body": text})
    expect(written.status_code == 201, "somebody else writes")
    expect(_can(page.locator("#chat").get_by_text(text).wait_for), "what somebody else writes is shown at once")
