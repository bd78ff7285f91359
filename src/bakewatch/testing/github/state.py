"""What the stand-in knows besides git: pull requests, comments, statuses, checks, deployments, and who may do what."""

import itertools
import re
from dataclasses import dataclass, field
from datetime import datetime

_PERMISSIONS = {
    "Pull requests": re.compile(r"^/(pulls|issues)\b|^/commits/[^/]+/pulls$"),
    "Commit statuses": re.compile(r"^/statuses/|/status$"),
    "Checks": re.compile(r"/check-runs\b"),
    "Deployments": re.compile(r"^/deployments\b"),
    "Contents": re.compile(r"^/(branches|commits)/[^/]+$"),
}
"""What a fine-grained token is given, and what of the API takes it."""


class Refused(Exception):
    """An answer that is no success: *status*, and what the body says."""

    def __init__(self, status: int, message: str, **more: object) -> None:
        self.status, self.body = status, {"message": message, "documentation_url": "https://docs.example/rest", **more}
        super().__init__(message)


def invalid(resource: str, message: str) -> Refused:
    """A 422 as GitHub words it."""
    return Refused(422, "Validation Failed", errors=[{"resource": resource, "code": "custom", "message": message}])


@dataclass(frozen=True)
class Account:
    """A person (`User`) or an App (`Bot`)."""

    login: str
    type: str = "User"


@dataclass
class Pull:
    """A pull request."""

    number: int
    title: str
    body: str
    author: Account
    head: str
    """Its branch, in the repository itself unless *fork* names another."""
    base: str
    commit: str
    """The last commit of its branch."""
    created_at: datetime
    fork: str = ""
    labels: list[str] = field(default_factory=list)
    open: bool = True
    merged_at: datetime | None = None
    merged_by: Account | None = None
    before: str = ""
    """Where the base was before the merge."""
    result: str = ""
    """Where it was afterwards."""
    computing: int = 0
    """So many times it is not known yet whether it can be merged."""
    approved: bool = False


@dataclass
class Comment:
    """A comment on a pull request."""

    id: int
    number: int
    author: Account
    body: str
    at: datetime
    updated_at: datetime
    app: str = ""
    """The App through which its author wrote it."""


@dataclass
class LabelEvent:
    """A label was set (`labeled`) or taken off (`unlabeled`)."""

    id: int
    number: int
    event: str
    label: str
    actor: Account
    at: datetime


@dataclass
class Status:
    """A status of a commit."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    author: Account
    at: datetime


@dataclass
class Check:
    """A check of a commit."""

    id: int
    sha: str
    name: str
    author: Account
    at: datetime
    external_id: str | None = None
    details_url: str | None = None
    status: str = "queued"
    conclusion: str | None = None
    title: str | None = None
    summary: str | None = None


@dataclass
class Deployment:
    """A deployment and its states, oldest first, each with its time and description."""

    id: int
    sha: str
    environment: str
    author: Account
    at: datetime
    states: list[tuple[int, str, str, datetime]] = field(default_factory=list)


@dataclass
class State:
    """All of it."""

    repository: str
    allowed: set[str] = field(default_factory=lambda: {"merge", "squash", "rebase"})
    """The ways in which pull requests may be merged."""
    protected: bool = False
    """The production branch takes only approved pull requests."""
    moving: int = 0
    """So many merges find that the base has just moved."""
    newest: bool = False
    """Answers lack what the version of the API after ours does not tell any more."""
    accounts: dict[str, Account] = field(default_factory=dict)
    """By token."""
    lacking: dict[str, set[str]] = field(default_factory=dict)
    """By token: the permissions that it was not given, such as `Pull requests` or `Commit statuses: write`."""
    roles: dict[str, str] = field(default_factory=dict)
    """By login: `admin`, `maintain`, `write`, `triage` or `read`."""
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    events: list[LabelEvent] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))

    def pull(self, number: int) -> Pull:
        """The pull request *number*; refused when there is none."""
        if number not in self.pulls:
            raise Refused(404, "Not Found")
        return self.pulls[number]

    def writes(self, account: Account) -> bool:
        """May *account* change what others made?"""
        return self.roles.get(account.login, "") in ("admin", "maintain", "write")

    def lacks(self, token: str, method: str, path: str) -> bool:
        """Was *token* not given what it takes?"""
        below = path.removeprefix(f"/repos/{self.repository}")
        named = next((name for name, pattern in _PERMISSIONS.items() if pattern.search(below)), "")
        lacking = self.lacking.get(token, set())
        return named in lacking or (method != "GET" and f"{named}: write" in lacking)

    @property
    def owner(self) -> str:
        """Whose repository it is."""
        return self.repository.partition("/")[0]
