"""What `doctor` asks GitHub. Writing cannot be tried without writing: what it takes is named."""

from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import quote

from bakewatch.model.probe import Found, Probe, missing, ok, unknown
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import Branch, Budget, CheckRuns, Deployment, PullRequest, Repository, Statuses

T = TypeVar("T")

FEWEST = 200
"""A bake asks GitHub less than so often."""


def forge(rest: Rest, token: str, branch: str, publish: Iterable[str]) -> list[Probe]:
    """Everything that reading and showing takes; *token*: the name of its variable."""
    probes = [
        _repository(rest, token),
        Probe("pull requests", lambda: _pulls(rest), _grant(token, "Pull requests: read and write")),
        Probe("branch", lambda: _branch(rest, branch), _grant(token, "Contents: read")),
    ]
    if "status" in publish:
        right = _grant(token, "Commit statuses: read and write")
        probes.append(Probe("statuses", lambda: _statuses(rest, branch), right))
    if "check" in publish:
        right = _grant(token, "Checks: read and write", "that of an App, or of GitHub Actions")
        probes.append(Probe("checks", lambda: _checks(rest, branch), right))
    scopes = {"comment": "Pull requests", "status": "Commit statuses", "check": "Checks"}
    named = ", ".join(f"{scopes[one]}: write" for one in publish)
    probes.append(Probe("writing", lambda: unknown("only doing it would tell", f"{token}: {named}", needed=False)))
    return [*probes, Probe("rate limit", lambda: _budget(rest))]


def hosting(rest: Rest, token: str, environment: str) -> list[Probe]:
    """Deployments that were recorded for *environment*."""
    return [Probe("deployments", lambda: _deployments(rest, environment), _grant(token, "Deployments: read"))]


def method(rest: Rest, token: str) -> list[Probe]:
    """May pull requests be reverted and merged?"""
    return [_repository(rest, token)]


def _grant(token: str, scope: str, kind: str = "a fine-grained token") -> str:
    return f"{token}: {kind} with {scope}"


def _repository(rest: Rest, token: str) -> Probe:
    def ask() -> Found:
        rights = rest.get("", Repository).permissions
        if rights is None:
            return unknown("what the account may do is not told", right, needed=False)
        if not rights.push:
            return missing("its account may only read", right)
        return ok(f"{rest.repository}: its account may {'maintain' if rights.maintain or rights.admin else 'push'}")

    kind = f"a fine-grained token of somebody who may push, for {rest.repository},"
    right = _grant(token, "Metadata: read and Contents: read and write", kind)
    return Probe("repository", ask, right)


def _pulls(rest: Rest) -> Found:
    newest = _first(rest, "/pulls", PullRequest, {"state": "all"})
    return ok(f"readable, the newest is #{newest.number}" if newest else "readable, there is none yet")


def _branch(rest: Rest, name: str) -> Found:
    branch = rest.get(f"/branches/{quote(name, safe='')}", Branch)
    undone = "an undo is a pull request that a person merges" if branch.protected else "an undo may be pushed"
    return ok(f"{name} is {'protected' if branch.protected else 'not protected'}: {undone}")


def _first(rest: Rest, path: str, kind: type[T], params: dict[str, str | int]) -> T | None:
    """The first of the list at *path*; only its first page is asked."""
    page: list[T] = next(rest.pages(path, list[kind], params))  # type: ignore[valid-type]
    return page[0] if page else None


def _statuses(rest: Rest, branch: str) -> Found:
    rest.get(f"/commits/{_tip(rest, branch)}/status", Statuses)
    return ok("readable")


def _checks(rest: Rest, branch: str) -> Found:
    rest.get(f"/commits/{_tip(rest, branch)}/check-runs", CheckRuns)
    return ok("readable")


def _tip(rest: Rest, branch: str) -> str:
    return rest.get(f"/branches/{quote(branch, safe='')}", Branch).commit.sha


def _deployments(rest: Rest, environment: str) -> Found:
    newest = _first(rest, "/deployments", Deployment, {"environment": environment})
    if newest is None:
        return missing(f"none is recorded for `{environment}`", "the environment as the platform calls it")
    return ok(f"the newest for {environment} is of {newest.sha[:7]}")


def _budget(rest: Rest) -> Found:
    core = rest.budget(Budget).resources.core
    told = f"{core.remaining:,} of {core.limit:,} requests are left"
    return ok(told) if core.remaining >= FEWEST else missing(told, f"at least {FEWEST} for a bake", needed=False)
