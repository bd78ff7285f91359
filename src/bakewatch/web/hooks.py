"""What a webhook says. Only what is asked about it later is read: a number, a commit, and names to compare."""

import re
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from bakewatch.model.forge import answer_in

T = TypeVar("T")


class Merged(Struct, frozen=True):
    """A pull request was merged, it says."""

    repository: str
    branch: str
    number: int


class Deployed(Struct, frozen=True):
    """Something became of a commit in production, it says."""

    commit: str
    succeeded: bool
    repository: str = ""
    environment: str = ""
    project_id: str = ""
    project_name: str = ""
    """Empty: it does not say."""


class Commented(Struct, frozen=True):
    """Somebody wrote an answer on a pull request, it says."""

    repository: str
    number: int


class Ignored(Struct, frozen=True):
    """Nothing of ours, and why."""

    why: str


Hook = Merged | Deployed | Commented | Ignored


class Malformed(ValueError):
    """The body is not what its sender documents."""


class _Repository(Struct, frozen=True):
    full_name: str


class _Base(Struct, frozen=True):
    ref: str


class _Pull(Struct, frozen=True):
    base: _Base
    merged: bool | None = False


class _PullEvent(Struct, frozen=True):
    action: str
    number: Annotated[int, Meta(ge=1, lt=2**31)]
    pull_request: _Pull
    repository: _Repository


class _Issue(Struct, frozen=True):
    number: Annotated[int, Meta(ge=1, lt=2**31)]
    pull_request: dict[str, msgspec.Raw] | None = None


class _Comment(Struct, frozen=True):
    body: str | None = ""


class _CommentEvent(Struct, frozen=True):
    action: str
    issue: _Issue
    comment: _Comment
    repository: _Repository


class _Status(Struct, frozen=True):
    state: str


class _GithubDeployment(Struct, frozen=True):
    sha: str
    environment: str
    production_environment: bool | None = None


class _StatusEvent(Struct, frozen=True):
    deployment_status: _Status
    deployment: _GithubDeployment
    repository: _Repository


class _Head(Struct, frozen=True):
    id: str
    type: str


class _VercelDeployment(Struct, frozen=True):
    meta: dict[str, msgspec.Raw] | None = None
    name: str = ""


class _Project(Struct, frozen=True):
    id: str = ""


class _Payload(Struct, frozen=True):
    """What an event of another kind than a build does not have is empty."""

    deployment: _VercelDeployment = _VercelDeployment()
    project: _Project = _Project()
    target: str | None = None


class _VercelEvent(Struct, frozen=True):
    payload: _Payload


_ANOTHER = Ignored("an event of another kind")
_GOOD = ("deployment.succeeded", "deployment.ready", "deployment.promoted")
_COMMITS = ("githubCommitSha", "gitlabCommitSha", "bitbucketCommitSha", "gitCommitSha")


def of_github(event: str, body: bytes) -> Hook:
    """The hook in *body*, an *event* by its header. Raises `Malformed`."""
    if event == "pull_request":
        told = _decoded(body, _PullEvent)
        if told.action != "closed" or not told.pull_request.merged:
            return Ignored("no merge")
        return Merged(told.repository.full_name, told.pull_request.base.ref, told.number)
    if event == "issue_comment":
        written = _decoded(body, _CommentEvent)
        if written.action != "created" or written.issue.pull_request is None:
            return Ignored("no new comment on a pull request")
        if not answer_in(written.comment.body or ""):
            return Ignored("no answer")
        return Commented(written.repository.full_name, written.issue.number)
    if event == "deployment_status":
        status = _decoded(body, _StatusEvent)
        deployment = status.deployment
        # Who deploys one repository to several projects puts their names behind the word.
        if not deployment.production_environment and deployment.environment.lower().split(" ")[0] != "production":
            return Ignored("not of production")
        succeeded = status.deployment_status.state == "success"
        return Deployed(
            _commit(deployment.sha), succeeded, status.repository.full_name, environment=deployment.environment
        )
    return _ANOTHER


def of_vercel(body: bytes) -> tuple[str, Hook]:
    """The event's identity, and the hook in *body*. Raises `Malformed`."""
    head = _decoded(body, _Head)
    if not head.type.startswith("deployment."):
        return head.id, _ANOTHER
    told = _decoded(body, _VercelEvent).payload
    promoted, good = head.type == "deployment.promoted", head.type in _GOOD
    if told.target != "production" and not promoted:
        return head.id, Ignored("not of production")
    meta = told.deployment.meta or {}
    named = next(filter(None, (_decoded(bytes(meta[key]), str) for key in _COMMITS if key in meta)), "")
    if not named:
        return head.id, Ignored("it names no commit")
    return head.id, Deployed(_commit(named), good, project_id=told.project.id, project_name=told.deployment.name)


def _commit(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}", text):
        raise Malformed
    return text


def _decoded(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed from None
