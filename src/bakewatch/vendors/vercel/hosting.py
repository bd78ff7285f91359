"""Hosting `vercel`: asks the platform about one project, and moves its production.

What it says is taken for its word: proof is what the production addresses themselves answer.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from bakewatch.api import Api
from bakewatch.errors import HostingError
from bakewatch.model.hosting import Build, Differences, Hosted, Move, Told
from bakewatch.model.probe import Probe
from bakewatch.model.text import CleanText
from bakewatch.ports import Context, Kind
from bakewatch.vendors.vercel import answers, moves
from bakewatch.vendors.vercel.client import Client
from bakewatch.vendors.vercel.deployments import commit_of, hosted, newest, telling
from bakewatch.vendors.vercel.probe import probes


class VercelSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[hosting]` with `kind = "vercel"`."""

    project: Annotated[str, Meta(min_length=1)]
    """Id or name."""
    team: str = ""
    """Id (`team_…`) or slug; empty for a personal account."""
    token_env: str = "VERCEL_TOKEN"
    """The environment variable with the token."""
    api: str = "https://api.vercel.com"
    ignore: tuple[str, ...] = ()
    """Production domains that do not count."""


class Vercel:
    """`ports.Hosting` over the REST API."""

    def __init__(self, settings: VercelSettings, token: str, clock: Callable[[], datetime]) -> None:
        self._client = _client(settings, token, clock)
        self._ignored, self._clock = set(settings.ignore), clock
        self._domains: list[str] | None = None

    def domains(self) -> list[str]:
        """The host names that serve production; asked once."""
        if self._domains is None:
            self._domains = [one.name for one in self._client.domains() if one.name not in self._ignored]
        return self._domains

    def tell(self, commit: str) -> Told:
        """What has become of *commit* by its newest production deployment, and what production serves."""
        try:
            return self._told(commit)
        except HostingError as error:
            return Told(at=self._clock(), problem=error.code)

    def _told(self, commit: str) -> Told:
        found = newest(one for one in self._client.deployments({"sha": commit}) if commit_of(one) == commit)
        project = self._client.project()
        deployment = self._hosted(found) if found else None
        return Told(
            at=self._clock(),
            deployment=deployment,
            current=project.current,
            astray=self._astray(deployment) if deployment else (),
            pinned=moves.pinned(project),
            rolling=self._rolling(project) is not None,
        )

    def _hosted(self, found: answers.Listed) -> Hosted:
        deployment = hosted(found)
        return hosted(found, self._log(found.uid)) if deployment.build is Build.FAILED else deployment

    def _log(self, deployment: str) -> tuple[CleanText, ...]:
        """The end of its build log; without it, the failure still stands."""
        try:
            return telling(self._client.events(deployment))
        except HostingError:
            return ()

    def _astray(self, deployment: Hosted) -> tuple[str, ...]:
        """The domains that ought to serve it, and do not."""
        if deployment.build is not Build.READY:
            return ()
        if deployment.staged:
            return tuple(self.domains())
        return tuple(one for one in self.domains() if self._client.points_to(one) != deployment.id)

    def _rolling(self, project: answers.Project) -> answers.Release | None:
        """The rolling release in progress; not asked for where there is none ever."""
        return self._client.rolling() if project.rolling_release is not None else None

    def candidates(self) -> list[Hosted]:
        """Deployments that served production and may again, newest first, without the present one."""
        current = self._client.project().current
        listed = self._client.deployments({"state": "READY", "rollbackCandidate": "true"})
        return [hosted(one) for one in listed if one.uid != current and _served(one)]

    def differences(self, target: str) -> Differences:
        """Environment variables and scheduled jobs. `gone` when there is no such deployment any more; `forbidden`
        when the token does not see them; `no_current` when nothing serves production."""
        project = self._client.project()
        if not project.current:
            raise HostingError("no_current")
        then, now = self._client.deployment(target), self._client.deployment(project.current)
        changed = _names(then) ^ _names(now)
        changed |= {one.key for one in project.env if _may_be_newer(one, then)}
        return Differences(environment=tuple(sorted(changed)), crons=sorted(then.crons) != sorted(now.crons))

    def roll_back(self, target: str, why: str) -> Move:
        """An instant rollback. A rolling release in progress is aborted by it."""
        return self._move("rollback", target, lambda project: self._client.roll_back(project, target, why))

    def promote(self, target: str) -> Move:
        """A promotion, which ends the hold of a rollback; behind a rolling release it waits until that is over."""
        return self._move("promote", target, lambda project: self._client.promote(project, target))

    def _move(self, kind: str, target: str, ask: Callable[[str], None]) -> Move:
        try:
            project = self._client.project()
            release = self._rolling(project)
        except HostingError as error:
            return Move(at=self._clock(), problem=error.code, permanent=error.permanent)
        if found := moves.standing(project, release, kind, target, self._clock()):
            return found
        try:
            ask(project.id)
        except HostingError as error:
            return moves.refused(error, self._clock())
        return Move(at=self._clock())


def _served(one: answers.Listed) -> bool:
    return one.ready_state == "READY" and one.ready_substate == "PROMOTED" and one.is_rollback_candidate is not False


def _may_be_newer(one: answers.Variable, then: answers.Deployment) -> bool:
    """May *one* of production have been changed after *then* was created?"""
    return "production" in one.target and (one.updated_at is None or one.updated_at > then.created_at)


def _names(one: answers.Deployment) -> set[str]:
    """The names of its variables."""
    if one.env is None:
        raise HostingError("forbidden", permanent=True)
    return {*one.env, *one.build.env}


def _client(settings: VercelSettings, token: str, clock: Callable[[], datetime]) -> Client:
    api = Api(settings.api, token=token, error=HostingError, clock=clock)
    return Client(api, settings.project, settings.team)


def _build(settings: VercelSettings, context: Context) -> Vercel:
    return Vercel(settings, context.secret(settings.token_env), context.clock)


def _probe(settings: VercelSettings, context: Context) -> list[Probe]:
    whose = f"the team {settings.team}" if settings.team else "the account"
    right = f"{settings.token_env}: a token of {whose} with access to the project {settings.project}"
    client = _client(settings, context.secret(settings.token_env), context.clock)
    return probes(client, _build(settings, context), right)


KIND = Kind(settings=VercelSettings, build=_build, probe=_probe)
