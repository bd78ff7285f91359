"""A runtime without waiting and a world without vendors, for tests of the story. Ships with the package."""

from bakewatch.testing.runtime import Crash, InlineRuntime, Journal
from bakewatch.testing.world import ScriptedWorld

__all__ = ["Crash", "InlineRuntime", "Journal", "ScriptedWorld"]
