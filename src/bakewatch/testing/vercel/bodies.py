"""The stand-in platform's answers, in the form that its document describes."""

import re
from datetime import datetime
from typing import Any

from bakewatch.testing.vercel.state import Deployment, Ends, Platform

Body = dict[str, Any]

PERSON: Body = {"uid": "usr_live", "username": "live", "email": "live@live.example"}
IGNORED = (
    'The Deployment has been canceled as a result of running the command defined in the "Ignored Build Step" setting.'
)
SITE = "https://vercel.com"


def milliseconds(moment: datetime) -> int:
    """The platform's time."""
    return int(moment.timestamp() * 1000)


def listed(platform: Platform, one: Deployment) -> Body:
    """A deployment in a list."""
    body = {
        **_common(platform, one),
        "uid": one.id,
        "created": milliseconds(one.created),
        "state": one.state,
        "isRollbackCandidate": one.id in platform.served and one.id != platform.current,
    }
    if one.state == "BLOCKED":
        body["seatBlock"] = {"blockCode": one.code or "TEAM_ACCESS_REQUIRED"}
    return body


def full(platform: Platform, one: Deployment) -> Body:
    """One deployment with everything that an owner sees."""
    created = milliseconds(one.created)
    return {
        **_common(platform, one),
        "id": one.id,
        "uid": one.id,
        "status": one.state,
        "ownerId": platform.team,
        "team": {"id": platform.team, "slug": platform.slug, "name": platform.slug},
        "aliasAssigned": one.id in platform.domains.values(),
        "alias": [domain for domain, which in platform.domains.items() if which == one.id],
        "bootedAt": created,
        "buildingAt": created,
        "buildSkipped": one.ends is Ends.BLOCKED,
        "build": {"env": list(one.env)},
        "env": list(one.env),
        "crons": [{"path": path, "schedule": schedule} for path, schedule in one.crons],
        "createdIn": "icn1",
        "isInConcurrentBuildsQueue": False,
        "isInSystemBuildsQueue": False,
        "plan": "pro",
        "projectSettings": {},
        "public": False,
        "regions": ["icn1"],
        "routes": [],
        "version": 2,
        **({"errorLink": f"{SITE}/docs/platform/projects#ignored-build-step"} if one.ends is Ends.SKIPPED else {}),
    }


def _common(platform: Platform, one: Deployment) -> Body:
    body: Body = {
        "name": platform.name,
        "projectId": platform.project,
        "url": one.host,
        "createdAt": milliseconds(one.created),
        "creator": PERSON,
        "inspectorUrl": f"{SITE}/{platform.slug}/{platform.name}/{one.id.removeprefix('dpl_')}",
        "meta": {"githubCommitSha": one.commit, "githubCommitRef": "main"},
        "readyState": one.state,
        "source": "git",
        "target": one.target,
        "type": "LAMBDAS",
    }
    if one.substate:
        body["readySubstate"] = one.substate
    if one.state == "ERROR":
        body |= {"errorCode": one.code or "BUILD_UTILS_SPAWN_1", "errorMessage": "Command exited with 1"}
    if one.state == "CANCELED":
        body["errorMessage"] = IGNORED if one.ends is Ends.SKIPPED else None
    return body


def project(platform: Platform, *, rollback: bool) -> Body:
    """The project; with *rollback*, how production was moved last."""
    current = next((one for one in platform.deployments if one.id == platform.current), None)
    job = platform.job
    body: Body = {
        "id": platform.project,
        "name": platform.name,
        "accountId": platform.team,
        "alias": [],
        "resourceConfig": {"functionDefaultRegions": ["icn1"]},
        "defaultResourceConfig": {"functionDefaultRegions": ["icn1"]},
        "deploymentExpiration": {},
        "directoryListing": False,
        "nodeVersion": "24.x",
        "autoAssignCustomDomains": platform.assigns,
        "latestDeployments": [],
        "targets": {"production": _target(platform, current)} if current else {},
        "rollingRelease": {"target": "production"} if platform.rolls else None,
        "env": [
            {"key": key, "type": "encrypted", "value": "", "target": ["production"], "updatedAt": milliseconds(at)}
            for key, at in platform.variables.items()
        ],
    }
    if rollback and job:
        body["lastAliasRequest"] = {
            "type": job.type,
            "jobStatus": job.status,
            "fromDeploymentId": job.source or None,
            "toDeploymentId": job.target,
            "requestedAt": milliseconds(job.at),
        }
    return body


def _target(platform: Platform, one: Deployment) -> Body:
    return {
        **_common(platform, one),
        "id": one.id,
        "createdIn": "icn1",
        "deploymentHostname": one.host,
        "plan": "pro",
        "private": False,
        "alias": [domain for domain, which in platform.domains.items() if which == one.id],
    }


def domains(platform: Platform) -> list[Body]:
    """The domains of the project."""
    served: dict[str, str | None] = {**dict.fromkeys(platform.domains), **platform.redirects}
    return [
        {
            "name": name,
            "apexName": ".".join(name.split(".")[-2:]),
            "projectId": platform.project,
            "redirect": redirect,
            "gitBranch": None,
            "verified": True,
        }
        for name, redirect in served.items()
    ]


def alias(platform: Platform, domain: str) -> Body:
    """Where *domain* points to."""
    return {
        "uid": re.sub(r"\W", "_", domain),
        "alias": domain,
        "created": "2026-01-01T00:00:00.000Z",
        "deploymentId": platform.domains[domain],
        "projectId": platform.project,
    }


def rolling(platform: Platform) -> Body | None:
    """The rolling release in progress."""
    release = platform.rolling
    if release is None:
        return None
    stage = {
        "index": 0,
        "isFinalStage": False,
        "targetPercentage": release.percent,
        "requireApproval": True,
        "duration": None,
    }
    return {
        "state": "ACTIVE",
        "substate": None,
        "advancementType": "manual-approval",
        "activeStage": stage,
        "nextStage": {**stage, "index": 1, "isFinalStage": True, "targetPercentage": 100},
        "stages": [stage],
        "currentDeployment": _released(platform, release.base),
        "canaryDeployment": _released(platform, release.canary),
        "queuedDeploymentId": release.queued or None,
        "startedAt": milliseconds(release.at),
        "updatedAt": milliseconds(release.at),
    }


def _released(platform: Platform, which: str) -> Body:
    one = platform.find(which)
    created = milliseconds(one.created)
    return {"id": one.id, "name": platform.name, "url": one.host, "createdAt": created, "readyState": one.state}


def events(one: Deployment) -> list[Body]:
    """The build log, oldest first."""
    at = milliseconds(one.created)
    return [
        {
            "id": f"{number}",
            "serial": f"{number:09}",
            "created": at + number,
            "date": at + number,
            "deploymentId": one.id,
            "info": {"type": "build", "name": "bld_1"},
            "type": "stderr" if re.search("error|exited", text, re.IGNORECASE) else "stdout",
            "text": text,
        }
        for number, text in enumerate(one.log)
    ]


def failure(code: str, text: str, **more: object) -> Body:
    """What comes with a status that means trouble."""
    return {"error": {"code": code, "message": text, **more}}
