"""Inside the walk: what a journey opens in a browser is marked as our own traffic."""

import functools
import sys
from collections.abc import Callable
from typing import Any


def mark_pages(mark: str) -> None:
    """From now on browsers add *mark* to their own name, the header `user-agent`.

    To no other header: a page may ask another origin, which would refuse one that it does not know. Playwright is only
    looked for where a conftest has loaded it. A browser with a profile of its own (`launch_persistent_context`) is not
    marked.
    """
    playwright = sys.modules.get("playwright.sync_api")
    browser, request = getattr(playwright, "Browser", None), getattr(playwright, "APIRequest", None)
    if browser is not None:
        own = _own_name(browser.new_context)
        browser.new_page = _marked(browser.new_page, own, mark)
        browser.new_context = _marked(browser.new_context, own, mark)
    if request is not None:
        request.new_context = _marked(request.new_context, lambda _: "", mark)


def _own_name(opened: Callable[..., Any]) -> Callable[[Any], str]:
    """What a browser calls itself: asked of it once, on an empty page."""

    @functools.cache
    def name(browser: Any) -> str:
        context = opened(browser)
        told: str = context.new_page().evaluate("navigator.userAgent")
        context.close()
        return told

    return name


def _marked(opened: Callable[..., Any], own: Callable[[Any], str], mark: str) -> Callable[..., Any]:
    @functools.wraps(opened)
    def marked(self: Any, **options: Any) -> Any:
        name = options.get("user_agent") or own(self)
        return opened(self, **{**options, "user_agent": f"{name} {mark}".strip()})

    return marked
