"""What a real browser of a journey sends is known for our own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakewatch.model.journey import Walked
from tests.contract.loopback import Asked, Loopback, serving
from tests.contract.walks import TAG, Walks

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""

pytestmark = [pytest.mark.real, pytest.mark.skipif(not CHROMIUM, reason="no browser is installed")]

CONFTEST = f"""
import pytest
from playwright.sync_api import sync_playwright

@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright

@pytest.fixture(scope="session")
def browser(playwright):
    browser = playwright.chromium.launch(executable_path={CHROMIUM!r}, args=["--no-sandbox"])
    yield browser
    browser.close()
"""

JOURNEY = """
def test_it(browser, playwright, address, expect):
    page = browser.new_page()
    page.goto(address + "/page")
    expect(page.text_content("body") == "hello", "it greets")
    with browser.new_context(user_agent="phone") as context:
        context.new_page().goto(address + "/phone")
        context.request.get(address + "/request")
    playwright.request.new_context().get(address + "/alone")
"""


@pytest.fixture
def server() -> Iterator[Loopback]:
    def answer(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        return 200, {"content-type": "text/html"}, b"<body>hello</body>"

    with serving(answer) as server:
        yield server


def test_a_browser_adds_the_mark_to_its_own_name_and_to_no_other_header(server: Loopback, tmp_path: Path) -> None:
    walks = Walks(tmp_path / "plan")
    walks.write(CONFTEST, "conftest.py")
    run = walks.walk(JOURNEY, server.url, timeout="60s")
    assert (run.walked, run.problem, run.failed_step) == (Walked.PASSED, "", "")
    agents = {one.path: one.headers["user-agent"] for one in server.asked if one.path != "/favicon.ico"}
    mark = f"bakewatch/{TAG}"
    assert set(agents) == {"/page", "/phone", "/request", "/alone"}
    assert agents["/page"].startswith("Mozilla/5.0 ") and agents["/page"].endswith(f" {mark}")
    assert (agents["/phone"], agents["/request"], agents["/alone"]) == (f"phone {mark}", f"phone {mark}", mark)
    for one in server.asked:
        assert one.path == "/favicon.ico" or one.headers["user-agent"].count(mark) == 1
        assert not {"x-bakewatch", "x-client-info"} & one.headers.keys()
