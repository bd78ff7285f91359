"""The archive of who has none."""

from collections.abc import Iterator
from datetime import datetime

from bakewatch.model.timeline import Timeline
from bakewatch.model.verdict import Ending


class NoArchive:
    """No record of earlier cases."""

    def ended(self, commit: str) -> Ending | None:
        """None."""
        return None

    def passed(self, before: datetime) -> Iterator[Timeline]:
        """Nothing."""
        return iter(())
