"""Canaries of several kinds as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from bakewatch.model.observation import CanarySent
from bakewatch.ports import Canaries


@dataclass(frozen=True)
class Flock:
    """Canaries of several kinds as one."""

    canaries: Sequence[Canaries]

    def send(self, tag: str) -> list[CanarySent]:
        """Send every one of them."""
        return [sent for one in self.canaries for sent in one.send(tag)]
