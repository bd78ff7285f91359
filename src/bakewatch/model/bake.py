"""One observation period over one deployment, as far as it has come."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from bakewatch.model.journey import JourneyRun, Walked
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
    past_until: datetime
    """The history ends here: before the release, or one that it inherits, can have been live."""
    baseline: tuple[Observation, ...] = ()
    """History before the deploy, in coarse buckets."""
    before: tuple[JourneyRun, ...] = ()
    """Journeys walked while production did not serve the release yet."""
    looks: tuple[Looked, ...] = ()

    def failed_before(self, run: JourneyRun) -> bool:
        """Did *run*'s journey fail at the same step before the release was live? Then the release is not to blame."""
        return any(
            one.journey == run.journey and one.walked is Walked.FAILED and one.failed_step == run.failed_step
            for one in self.before
        )

    def runs(self, journey: str) -> list[JourneyRun]:
        """All walks of *journey*, in order."""
        return [run for look in self.looks for run in look.journeys if run.journey == journey]

    def latest_runs(self) -> dict[str, JourneyRun]:
        """The walk of each journey that counts now."""
        return latest_runs(self.looks)


def latest_runs(looks: Iterable[Looked]) -> dict[str, JourneyRun]:
    """The last walk of each journey that could be walked; an unwalked one only when there is no other."""
    latest: dict[str, JourneyRun] = {}
    for look in looks:
        for run in look.journeys:
            if run.problem and run.journey in latest:
                continue
            latest[run.journey] = run
    return latest
