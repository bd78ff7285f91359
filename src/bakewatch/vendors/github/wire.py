"""What GitHub answers, as far as it is read. Whatever else an answer has is left alone."""

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType


class Account(Struct, frozen=True):
    """A person, an organisation or an App."""

    login: str
    type: str = ""

    @property
    def is_bot(self) -> bool:
        """It is an App's, and nobody can open one by that name."""
        return self.type == "Bot"


class App(Struct, frozen=True):
    """A program that acts for an account."""

    id: int


class Label(Struct, frozen=True):
    """A label of a pull request."""

    name: str


class Named(Struct, frozen=True):
    """A repository."""

    full_name: str


class End(Struct, frozen=True):
    """One side of a pull request."""

    ref: str
    sha: str
    repo: Named | None = None
    """None: it was deleted."""


class PullRequest(Struct, frozen=True):
    """A pull request, alone or in a list; what a list does not tell has its default."""

    number: int
    node_id: str
    html_url: str
    state: str
    title: str
    base: End
    head: End
    created_at: datetime
    body: str | None = None
    user: Account | None = None
    labels: tuple[Label, ...] = ()
    merged_at: datetime | None = None
    merged: bool | UnsetType = UNSET
    merge_commit_sha: str | None | UnsetType = UNSET
    """Before the merge, a trial of it."""
    mergeable: bool | None = None
    """None: not computed yet."""
    mergeable_state: str = ""
    commits: int = 0

    @property
    def is_merged(self) -> bool:
        """It is part of its base."""
        return self.merged_at is not None if self.merged is UNSET else bool(self.merged)

    @property
    def is_inside(self) -> bool:
        """Its branch is in the repository itself, where not everyone may write."""
        return self.head.repo is not None and self.head.repo == self.base.repo


class Event(Struct, frozen=True):
    """Something that happened to a pull request."""

    event: str
    created_at: datetime
    actor: Account | None = None
    label: Label | None = None


class Rights(Struct, frozen=True):
    """What a role allows."""

    admin: bool = False
    maintain: bool = False
    push: bool = False


class Member(Struct, frozen=True):
    """A collaborator."""

    permissions: Rights = Rights()


class Role(Struct, frozen=True):
    """What an account may do in the repository."""

    permission: str
    role_name: str = ""
    user: Member | None = None

    @property
    def writes(self) -> bool:
        """May it change the repository? The old word knows no finer ones: a maintainer is a writer there."""
        return self.permission in ("admin", "maintain", "write")

    @property
    def maintains(self) -> bool:
        """Is it a maintainer's? A role that an organisation invented says so by what it allows."""
        rights = self.user.permissions if self.user else Rights()
        return bool({self.permission, self.role_name} & {"admin", "maintain"}) or rights.admin or rights.maintain


class Methods(Struct, frozen=True):
    """How pull requests may be merged. Who may not merge is not told: then any way may be tried."""

    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True


class Repository(Struct, frozen=True):
    """What the account may do in the repository; a token may allow less."""

    permissions: Rights | None = None


class Head(Struct, frozen=True):
    """A commit by its name."""

    sha: str


class Branch(Struct, frozen=True):
    """A branch."""

    commit: Head
    protected: bool = False


class Left(Struct, frozen=True):
    """Requests in an hour."""

    limit: int
    remaining: int


class Resources(Struct, frozen=True):
    """Of what there are limits."""

    core: Left


class Budget(Struct, frozen=True):
    """What the limits leave."""

    resources: Resources


class Message(Struct, frozen=True):
    """The words of a commit."""

    message: str


class Commit(Struct, frozen=True):
    """A commit."""

    commit: Message


class MergeResult(Struct, frozen=True):
    """A merge that was done."""

    sha: str


class Comment(Struct, frozen=True):
    """A comment on a pull request."""

    id: int
    created_at: datetime
    updated_at: datetime
    body: str = ""
    user: Account | None = None
    performed_via_github_app: App | None = None


class Status(Struct, frozen=True):
    """A status of a commit."""

    context: str
    state: str
    description: str | None = None
    target_url: str | None = None


class Statuses(Struct, frozen=True):
    """The newest status of each context."""

    statuses: tuple[Status, ...]


class Output(Struct, frozen=True):
    """What a check shows."""

    title: str | None = None
    summary: str | None = None


class CheckRun(Struct, frozen=True):
    """A check of a commit."""

    id: int
    status: str
    external_id: str | None = None
    conclusion: str | None = None
    details_url: str | None = None
    output: Output = Output()


class CheckRuns(Struct, frozen=True):
    """Checks of a commit."""

    check_runs: tuple[CheckRun, ...]


class Deployment(Struct, frozen=True):
    """A deployment that somebody recorded."""

    id: int
    sha: str
    created_at: datetime


class DeploymentStatus(Struct, frozen=True):
    """How a deployment went on."""

    id: int
    state: str
    created_at: datetime
    description: str | None = None
