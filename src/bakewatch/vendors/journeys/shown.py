"""What a walk must have shown before it may pass: something that held, of an application that answered."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bakewatch.vendors.journeys.wire import Findings

_MACHINERY = ("pluggy", "_pytest", "bakewatch")
_BROWSER_CHECKS = ("PageAssertions", "LocatorAssertions", "APIResponseAssertions")


def count_checks(findings: Findings) -> None:
    """Count the checks of other libraries that hold: `raise_for_status` of httpx, `expect(…).to_…` of Playwright.

    They raise where something does not hold, and nothing else would tell that they were made. Playwright is only
    looked for where a conftest has loaded it: importing it takes a second.
    """
    _count(httpx.Response, "raise_for_status", findings)
    playwright = sys.modules.get("playwright.sync_api")
    for owner in (getattr(playwright, name, None) for name in _BROWSER_CHECKS):
        for name in list(vars(owner) if owner else ()):
            if name.startswith(("to_", "not_to_")):
                _count(owner, name, findings)


def _count(owner: Any, name: str, findings: Findings) -> None:
    check: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(check)
    def counted(*args: Any, **kwargs: Any) -> Any:
        found = check(*args, **kwargs)
        findings.held += 1
        return found

    setattr(owner, name, counted)


def asserted_in(root: Path) -> bool:
    """Was the assertion that has just passed written in *root*? Those of libraries are not the journey's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _MACHINERY:
        frame = frame.f_back
    return Path(frame.f_code.co_filename).is_relative_to(root)


def reached(item: pytest.Item, findings: Findings) -> bool:
    """Did the application answer one request at least, or *item* open a page in a browser?"""
    return any(one.status for one in findings.exchanges) or _opened(getattr(item, "funcargs", None) or {})


def _opened(fixtures: dict[str, Any]) -> bool:
    """Is one of the *fixtures* a Playwright page that shows an address?

    A test that makes its pages itself, out of the fixture `context` or `browser`, is believed: it may have closed them.
    """
    found = [one for one in fixtures.values() if type(one).__module__.partition(".")[0] == "playwright"]
    pages = [str(one.url) for one in found if hasattr(one, "url")]
    return any(url.startswith(("http:", "https:")) for url in pages) if pages else bool(found)
