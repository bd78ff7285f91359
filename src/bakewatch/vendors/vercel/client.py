"""The requests to the platform that are sent at all, one a method. Raises `HostingError`."""

from typing import TypeVar
from urllib.parse import quote

import msgspec

from bakewatch.api import Api, Params
from bakewatch.errors import HostingError
from bakewatch.vendors.vercel import answers

T = TypeVar("T")

LISTED = 20
"""Deployments in a list."""
PAGES = 20
"""Pages of domains that are read, of a hundred each."""
EVENTS = 200
"""Events at the end of a build that are read."""


class Client:
    """One project, for one team."""

    def __init__(self, api: Api, project: str, team: str) -> None:
        self._api, self._project = api, project
        self._team: Params = {("teamId" if team.startswith("team_") else "slug"): team} if team else {}

    def project(self) -> answers.Project:
        """The project, with its last rollback or promotion."""
        return self._get(answers.Project, f"/v9/projects/{_in_path(self._project)}", {"rollbackInfo": "true"})

    def deployments(self, params: Params) -> tuple[answers.Listed, ...]:
        """Deployments for production that *params* ask for, newest first. What the filters let through is looked at
        again: a preview never passes for production."""
        asked = {"projectId": self._project, "target": "production", "limit": LISTED, **params}
        listed = self._get(answers.Deployments, "/v7/deployments", asked).deployments
        kept = (one for one in listed if one.target == "production" and one.ready_state != "DELETED")
        return tuple(sorted(kept, key=lambda one: one.created_at, reverse=True))

    def deployment(self, target: str) -> answers.Deployment:
        """The deployment *target*; `gone` when there is none any more."""
        try:
            found = self._get(answers.Deployment, f"/v13/deployments/{_in_path(target)}", {})
        except HostingError as error:
            raise HostingError("gone", permanent=True) if error.code == "not_found" else error from None
        if found.deleted_at is not None or found.soft_deleted_by_retention:
            raise HostingError("gone", permanent=True)
        return found

    def events(self, deployment: str) -> list[answers.Line]:
        """The end of its build log, newest first."""
        params: Params = {"builds": 1, "direction": "backward", "follow": 0, "limit": EVENTS}
        events = self._get(list[answers.Line | None], f"/v3/deployments/{_in_path(deployment)}/events", params)
        return [one for one in events if one is not None]

    def domains(self) -> list[answers.Domain]:
        """The domains that serve production and can be asked: none that only redirects, none of all names below one."""
        found: list[answers.Domain] = []
        params: dict[str, str | int] = {"production": "true", "verified": "true", "redirects": "false", "limit": 100}
        for _ in range(PAGES):
            page = self._get(answers.Domains, f"/v9/projects/{_in_path(self._project)}/domains", params)
            found += page.domains
            if page.pagination.next is None:
                return [one for one in found if one.verified and not _elsewhere(one)]
            params["until"] = int(page.pagination.next)
        raise HostingError("malformed")

    def points_to(self, domain: str) -> str:
        """The deployment that *domain* points to; empty: to none."""
        try:
            return self._get(answers.Alias, f"/v4/aliases/{_in_path(domain)}", {}).deployment_id or ""
        except HostingError as error:
            if error.code == "not_found":
                return ""
            raise

    def rolling(self) -> answers.Release | None:
        """The rolling release in progress; None as well where the plan has no such thing."""
        try:
            path = f"/v1/projects/{_in_path(self._project)}/rolling-release"
            release = self._get(answers.RollingRelease, path, {"state": "ACTIVE"}).rolling_release
        except HostingError as error:
            if error.code in ("payment_required", "forbidden", "not_found"):
                return None
            raise
        return release if release and release.state == "ACTIVE" else None

    def roll_back(self, project: str, target: str, why: str) -> None:
        """Ask for a rollback of the project with the id *project*."""
        self._post(f"/v1/projects/{_in_path(project)}/rollback/{_in_path(target)}", {"description": why[:250]})

    def promote(self, project: str, target: str) -> None:
        """Ask for a promotion in the project with the id *project*."""
        self._post(f"/v10/projects/{_in_path(project)}/promote/{_in_path(target)}", {})

    def _get(self, kind: type[T], path: str, params: Params) -> T:
        body = self._api.get(path, {**params, **self._team}).body
        try:
            return msgspec.convert(body, kind)
        except msgspec.ValidationError:
            raise HostingError("malformed") from None

    def _post(self, path: str, params: Params) -> None:
        self._api.send("POST", path, params={**params, **self._team})


def _in_path(part: str) -> str:
    return quote(part, safe="")


def _elsewhere(domain: answers.Domain) -> bool:
    """Does it serve something else than production, or is it no single address?"""
    return bool(domain.redirect or domain.git_branch or domain.custom_environment_id or "*" in domain.name)
