"""`ports.Hosting` for platforms that record their deployments at GitHub: they can be asked, not moved."""

from collections.abc import Callable
from datetime import datetime

from bakewatch.errors import HostingError
from bakewatch.model.hosting import Build, Differences, Hosted, Move, Told
from bakewatch.model.probe import Probe
from bakewatch.ports import Context, Kind
from bakewatch.privacy.scrub import clean
from bakewatch.vendors.github import probe
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.settings import HostingSettings, reach
from bakewatch.vendors.github.wire import Deployment, DeploymentStatus

_BUILDS = {
    "queued": Build.QUEUED,
    "pending": Build.QUEUED,
    "in_progress": Build.BUILDING,
    "success": Build.READY,
    "inactive": Build.READY,
    "error": Build.FAILED,
    "failure": Build.FAILED,
}
_NOT_SUPPORTED = "not_supported"


class Deployments:
    """What GitHub was told about deployments to one environment."""

    def __init__(self, rest: Rest, environment: str, clock: Callable[[], datetime]) -> None:
        self._rest, self._environment, self._clock = rest, environment, clock

    def domains(self) -> list[str]:
        """None: GitHub does not know them."""
        return []

    def tell(self, commit: str) -> Told:
        """What has become of *commit*, by the newest status of its newest deployment that has not failed.

        It is current while that is a success: the one before becomes inactive then, and no earlier.
        """
        try:
            deployment, status = self._newest(commit)
        except HostingError as error:
            return Told(at=self._clock(), problem=error.code)
        if deployment is None:
            return Told(at=self._clock())
        current = status is not None and status.state == "success"
        return Told(
            at=self._clock(), deployment=_hosted(deployment, status), current=str(deployment.id) if current else ""
        )

    def candidates(self) -> list[Hosted]:
        """Always `HostingError`: GitHub cannot go back to any."""
        raise HostingError(_NOT_SUPPORTED, permanent=True)

    def differences(self, target: str) -> Differences:
        """Always `HostingError`: GitHub knows no settings of the platform."""
        raise HostingError(_NOT_SUPPORTED, permanent=True)

    def roll_back(self, target: str, why: str) -> Move:
        """Never: GitHub only keeps the record."""
        return Move(at=self._clock(), problem=_NOT_SUPPORTED, permanent=True)

    def promote(self, target: str) -> Move:
        """As `roll_back`."""
        return self.roll_back(target, "")

    def _newest(self, commit: str) -> tuple[Deployment | None, DeploymentStatus | None]:
        """The newest deployment that has not failed, with its status; where all have, the newest."""
        params = {"sha": commit, "environment": self._environment}
        found = [one for page in self._rest.pages("/deployments", list[Deployment], params) for one in page]
        found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        first: tuple[Deployment | None, DeploymentStatus | None] = (None, None)
        for one in found:
            status = self._status(one.id)
            if not _build_of(status).over:
                return one, status
            first = first if first[0] else (one, status)
        return first

    def _status(self, deployment: int) -> DeploymentStatus | None:
        pages = self._rest.pages(f"/deployments/{deployment}/statuses", list[DeploymentStatus])
        return max((one for page in pages for one in page), key=lambda one: (one.created_at, one.id), default=None)


def _build_of(status: DeploymentStatus | None) -> Build:
    """A deployment without a status waits for one; a state that is not known counts as under way."""
    return Build.QUEUED if status is None else _BUILDS.get(status.state, Build.BUILDING)


def _hosted(deployment: Deployment, status: DeploymentStatus | None) -> Hosted:
    build = _build_of(status)
    failed = status if build is Build.FAILED else None
    return Hosted(
        id=str(deployment.id),
        commit=deployment.sha,
        build=build,
        created_at=deployment.created_at,
        code=failed.state if failed else "",
        log=(clean(failed.description, 140),) if failed and failed.description else (),
    )


def _build(settings: HostingSettings, context: Context) -> Deployments:
    return Deployments(reach(settings, context, HostingError), settings.environment, context.clock)


def _probe(settings: HostingSettings, context: Context) -> list[Probe]:
    return probe.hosting(reach(settings, context, HostingError), settings.token_env, settings.environment)


HOSTING = Kind(settings=HostingSettings, build=_build, probe=_probe)
