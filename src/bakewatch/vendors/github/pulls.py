"""Pull requests as GitHub tells of them."""

from msgspec import UNSET, Struct

from bakewatch.model.forge import Pull
from bakewatch.privacy.scrub import clean
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import PullRequest

_MERGE_COMMIT = """
query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { mergeCommit { oid } } }
}
"""


def pull(rest: Rest, number: int) -> Pull:
    """The pull request *number*."""
    return _told(rest, rest.get(f"/pulls/{number}", PullRequest))


def pulls_of(rest: Rest, commit: str) -> list[Pull]:
    """The merged pull requests that brought *commit*."""
    pages = rest.pages(f"/commits/{commit}/pulls", list[PullRequest])
    return [_told(rest, one) for page in pages for one in page if one.is_merged]


def merge_commit(rest: Rest, one: PullRequest) -> str:
    """What *one* became on its base; empty before it is merged. Versions that do not tell it are asked by GraphQL."""
    if not one.is_merged:
        return ""
    if one.merge_commit_sha is not UNSET:
        return one.merge_commit_sha or ""
    owner, _, name = rest.repository.partition("/")
    told = rest.query(_MERGE_COMMIT, {"owner": owner, "name": name, "number": one.number}, _Answer)
    commit = told.repository.pullRequest.mergeCommit
    return commit.oid if commit else ""


class _Commit(Struct, frozen=True):
    oid: str


class _PullRequest(Struct, frozen=True):
    mergeCommit: _Commit | None


class _Repository(Struct, frozen=True):
    pullRequest: _PullRequest


class _Answer(Struct, frozen=True):
    repository: _Repository


def _told(rest: Rest, one: PullRequest) -> Pull:
    return Pull(
        number=one.number,
        repository=one.base.repo.full_name if one.base.repo else rest.repository,
        base=one.base.ref,
        head=one.head.sha,
        merged_at=one.merged_at if one.is_merged else None,
        commit=merge_commit(rest, one),
        title=clean(one.title, 200),
        author=one.user.login if one.user else "",
    )
