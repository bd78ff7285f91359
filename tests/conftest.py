"""The order of the tests, and which of them share a process."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no core waits for it at the end; a file's tests in one process.

    The whole command is tried in minutes that take seconds. Two such tests beside each other would make each other
    blind, so all of them are in one process.
    """
    items.sort(key=lambda item: "/e2e/" not in item.nodeid)
    for item in items:
        item.add_marker(pytest.mark.xdist_group("e2e" if "/e2e/" in item.nodeid else item.nodeid.partition("::")[0]))
