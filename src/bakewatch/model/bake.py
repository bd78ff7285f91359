"""One observation period over one deployment, as far as it has come."""

from datetime import datetime

from msgspec import Struct

from bakewatch.model.journey import JourneyRun
from bakewatch.model.observation import Observation
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.model.timeline import Looked


class Watch(Struct, frozen=True, kw_only=True):
    """Everything a judge may look at."""

    plan: Plan
    release: Release
    live_since: datetime
    """t0: production first served the commit. Until `started` it is transition: only declared signatures count."""
    started: datetime
    """The commit was confirmed; the bake's planned minutes begin."""
    ends: datetime
    """The end, extension included."""
    baseline: tuple[Observation, ...] = ()
    """History before the deploy, in coarse buckets."""
    looks: tuple[Looked, ...] = ()

    def latest_runs(self) -> dict[str, JourneyRun]:
        """The last walk of each journey that could be walked; an unwalked one only when there is no other."""
        latest: dict[str, JourneyRun] = {}
        for look in self.looks:
            for run in look.journeys:
                if run.problem and run.journey in latest:
                    continue
                latest[run.journey] = run
        return latest
