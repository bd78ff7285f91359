"""The paths of the stand-in platform: those that are documented, and those that its command line uses besides."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bakewatch.testing.vercel import bodies
from bakewatch.testing.vercel.state import Deployment, Platform, Refusal


@dataclass(frozen=True)
class Asked:
    """One request, without its token."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""


Reply = tuple[int, Any]
"""Status and body; None: no body."""
Handler = Callable[[Platform, Asked, list[str]], Reply]


def _deployments(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    query = asked.query
    states = query.get("state", "").upper().split(",")
    wanted = [bodies.listed(platform, one) for one in _that_fit(platform, query)]
    if states != [""]:
        wanted = [one for one in wanted if one["readyState"] in states]
    if query.get("rollbackCandidate") == "true":
        wanted = [one for one in wanted if one["isRollbackCandidate"]]
    wanted.reverse()
    page = wanted[: int(query.get("limit", 20))]
    more = page[-1]["createdAt"] if len(page) < len(wanted) else None
    return 200, {"deployments": page, "pagination": {"count": len(page), "next": more, "prev": None}}


def _that_fit(platform: Platform, query: dict[str, str]) -> list[Deployment]:
    until = int(query.get("until", 10**15))
    return [
        one
        for one in platform.deployments
        if query.get("projectId", platform.project) in (platform.project, platform.name)
        and query.get("sha", one.commit) == one.commit
        and query.get("target", one.target) == one.target
        and bodies.milliseconds(one.created) < until
        and not one.deleted
    ]


def _deployment(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    return 200, bodies.full(platform, platform.find(parts[0]))


def _events(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    lines = bodies.events(platform.find(parts[0]))
    if asked.query.get("direction") == "backward":
        lines.reverse()
    limit = int(asked.query.get("limit", -1))
    return 200, lines if limit < 0 else lines[:limit]


def _project(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    _known(platform, parts[0])
    return 200, bodies.project(platform, rollback=asked.query.get("rollbackInfo") == "true")


def _domains(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    """Two a page, so that whoever reads only the first one is found out."""
    _known(platform, parts[0])
    found, start = bodies.domains(platform), int(asked.query.get("until", 0))
    if asked.query.get("redirects") == "false":
        found = [one for one in found if not one["redirect"]]
    page = found[start : start + 2]
    more = start + 2 if start + 2 < len(found) else None
    return 200, {"domains": page, "pagination": {"count": len(page), "next": more, "prev": None}}


def _alias(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    if not platform.domains.get(parts[0]):
        raise Refusal(404, "not_found", "The alias was not found.")
    return 200, bodies.alias(platform, parts[0])


def _aliases(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    found = [bodies.alias(platform, domain) for domain, which in platform.domains.items() if which]
    return 200, {"aliases": found, "pagination": {"count": len(found), "next": None, "prev": None}}


def _rolling(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    _known(platform, parts[0])
    if not platform.rolls:
        raise Refusal(404, "not_found", "Rolling releases are not configured.")
    return 200, {"rollingRelease": bodies.rolling(platform)}


def _roll_back(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    _known(platform, parts[0], by_name=False)
    platform.roll_back(parts[1])
    return 201, None


def _promote(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    _known(platform, parts[0], by_name=False)
    return (201 if platform.promote(parts[1]) else 202), None


def _moved_aliases(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    return 200, {"aliases": [], "pagination": {"count": 0, "next": None, "prev": None}}


def _user(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    more = {"id": bodies.PERSON["uid"], "name": "Live", "version": "northstar", "defaultTeamId": platform.team}
    return 200, {"user": {**bodies.PERSON, **more}}


def _team(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    return 200, _team_of(platform)


def _teams(platform: Platform, asked: Asked, parts: list[str]) -> Reply:
    return 200, {"teams": [_team_of(platform)], "pagination": {"count": 1, "next": None, "prev": None}}


def _team_of(platform: Platform) -> bodies.Body:
    return {"id": platform.team, "slug": platform.slug, "name": "Live", "createdAt": 1, "created": "2026-01-01"}


def _known(platform: Platform, project: str, *, by_name: bool = True) -> None:
    if project != platform.project and not (by_name and project == platform.name):
        raise Refusal(404, "not_found", "The project was not found.")


_HANDLERS: dict[str, Handler] = {
    "GET /v7/deployments": _deployments,
    "GET /v13/deployments/{}": _deployment,
    "GET /v3/deployments/{}/events": _events,
    "GET /v9/projects/{}": _project,
    "GET /v9/projects/{}/domains": _domains,
    "GET /v4/aliases/{}": _alias,
    "GET /v4/aliases": _aliases,
    "GET /v1/projects/{}/rolling-release": _rolling,
    "POST /v1/projects/{}/rollback/{}": _roll_back,
    "POST /v10/projects/{}/promote/{}": _promote,
    # What follows is not documented; the command line asks for it.
    "GET /v6/deployments": _deployments,
    "POST /v9/projects/{}/rollback/{}": _roll_back,
    "GET /v9/projects/{}/rollback/aliases": _moved_aliases,
    "GET /v9/projects/{}/promote/aliases": _moved_aliases,
    "GET /v2/user": _user,
    "GET /teams/{}": _team,
    "GET /v2/teams/{}": _team,
    "GET /v1/teams": _teams,
    "GET /v2/teams": _teams,
}
_PATTERNS = [(re.compile(re.escape(name).replace(r"\{\}", "([^/]+)")), name) for name in _HANDLERS]


def find(method: str, path: str) -> tuple[str, list[str]]:
    """The endpoint that is asked and the varying parts of its path; empty when there is none."""
    for pattern, name in _PATTERNS:
        if found := pattern.fullmatch(f"{method} {path}"):
            return name, list(found.groups())
    return "", []


def answer(platform: Platform, endpoint: str, asked: Asked, parts: list[str]) -> Reply:
    """The answer of *endpoint*; `Refusal` when it is refused."""
    if not endpoint:
        raise Refusal(404, "not_found", "The endpoint was not found.")
    team = asked.query.get("teamId", asked.query.get("slug", platform.team))
    if team not in (platform.team, platform.slug):
        raise Refusal(403, "forbidden", "Not authorized")
    return _HANDLERS[endpoint](platform, asked, parts)
