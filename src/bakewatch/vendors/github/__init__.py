"""GitHub: pull requests, what is shown there, deployments that were recorded there, and its own revert."""

from bakewatch.vendors.github.forge import KIND
from bakewatch.vendors.github.hosting import HOSTING
from bakewatch.vendors.github.revert import METHOD

__all__ = ["HOSTING", "KIND", "METHOD"]
