"""The order of the tests."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first, so that no core waits for it at the end."""
    items.sort(key=lambda item: "/e2e/" not in item.nodeid)
