"""A real browser on the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from live_rig import PASSWORD
from playwright.sync_api import Browser, Page, expect, sync_playwright

from live_event.stack import browser

CHROMIUM = browser()

# A machine that runs other tests beside is slow at times.
expect.set_options(timeout=20_000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def surfing(running: Browser, address: str, language: str = "en-US", width: int = 1100) -> Iterator[Page]:
    """A page of somebody's own, on which no script may fail."""
    problems: list[str] = []
    viewport = {"width": width, "height": 800}
    with running.new_context(base_url=address, locale=language, viewport=viewport) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.on("pageerror", lambda problem: problems.append(str(problem)))
        page.on("console", lambda told: problems.append(told.text) if "Content Security" in told.text else None)
        yield page
    assert problems == []


def sign_in(page: Page, email: str, labels: tuple[str, str, str], goal: str) -> None:
    """Sign in by the form, and come to *goal*."""
    page.goto(f"/sign-in?next={goal}")
    page.get_by_label(labels[0]).fill(email)
    page.get_by_label(labels[1]).fill(PASSWORD)
    page.get_by_role("button", name=labels[2]).click()
    page.wait_for_url(lambda address: urlsplit(address).path == goal)
