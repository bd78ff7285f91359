"""What the API's answers look like."""

from datetime import datetime
from typing import Any

from bakewatch.testing.github.state import Account, Comment, LabelEvent, Pull, State

_OF_USERS = "followers following gists starred subscriptions organizations repos events received_events"
_OF_REPOSITORIES = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
    "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
    "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams "
    "trees"
)
_NUMBERS = "forks forks_count open_issues open_issues_count stargazers_count watchers watchers_count size"
_FLAGS = "has_downloads has_issues has_projects has_wiki has_pages has_discussions"


class Shapes:
    """The bodies of answers about the repository of *state*, served at *api*."""

    def __init__(self, state: State, api: str) -> None:
        self._state, self._api = state, api
        self._url = f"{api}/repos/{state.repository}"
        self._html = f"https://github.com/{state.repository}"

    def user(self, account: Account) -> dict[str, Any]:
        """An account."""
        url = f"{self._api}/users/{account.login}"
        return {
            "login": account.login,
            "id": _number(account.login),
            "node_id": f"U_{account.login}",
            "avatar_url": f"https://avatars.example/{account.login}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"https://github.com/{account.login}",
            **{f"{name}_url": f"{url}/{name}" for name in _OF_USERS.split()},
            "type": account.type,
            "site_admin": False,
        }

    def repository(self, full: bool = False) -> dict[str, Any]:
        """The repository; *full*: also how pull requests may be merged."""
        state = self._state
        told = {
            "id": 1001,
            "node_id": "R_1001",
            "name": state.repository.partition("/")[2],
            "full_name": state.repository,
            "owner": self.user(Account(state.owner, "Organization")),
            "private": False,
            "fork": False,
            "description": None,
            "url": self._url,
            "html_url": self._html,
            **{f"{name}_url": f"{self._url}/{name}" for name in _OF_REPOSITORIES.split()},
            "git_url": f"git://github.com/{state.repository}.git",
            "ssh_url": f"git@github.com:{state.repository}.git",
            "clone_url": f"{self._html}.git",
            "svn_url": self._html,
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            "default_branch": "main",
            "archived": False,
            "disabled": False,
            **dict.fromkeys(_NUMBERS.split(), 0),
            **dict.fromkeys(_FLAGS.split(), False),
            **dict.fromkeys(("pushed_at", "created_at", "updated_at"), "2026-01-01T00:00:00Z"),
        }
        if full:
            ways = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}
            told |= {key: way in state.allowed for way, key in ways.items()}
            told |= {"network_count": 0, "subscribers_count": 0}
        return told

    def pull(self, one: Pull, trial: str = "") -> dict[str, Any]:
        """A pull request as lists have it; *trial* is its merge before it is merged."""
        links = self._links(one)
        url, html = links["self"], links["html"]
        told = {
            "url": url,
            "id": one.number + 70_000,
            "node_id": f"PR_{one.number}",
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "issue_url": links["issue"],
            **{f"{name}_url": to for name, to in links.items() if name not in ("self", "html", "issue")},
            "number": one.number,
            "state": "open" if one.open else "closed",
            "locked": False,
            "title": one.title,
            "user": self.user(one.author),
            "body": one.body,
            "labels": [self._label(name) for name in one.labels],
            "milestone": None,
            "created_at": stamp(one.created_at),
            "updated_at": stamp(one.merged_at or one.created_at),
            "closed_at": None if one.open else stamp(one.merged_at or one.created_at),
            "merged_at": stamp(one.merged_at) if one.merged_at else None,
            "merge_commit_sha": (one.result if one.merged_at else trial) or None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._end(one.head, one.commit, one.fork),
            "base": self._end(one.base, one.before or one.commit, ""),
            "_links": {name: {"href": to} for name, to in links.items()},
            "author_association": "MEMBER",
            "auto_merge": None,
            "draft": False,
        }
        if self._state.newest:
            del told["merge_commit_sha"], told["assignee"]
        return told

    def whole_pull(self, one: Pull, trial: str, mergeable: bool | None, state: str, commits: int) -> dict[str, Any]:
        """A pull request alone."""
        return self.pull(one, trial) | {
            "merged": one.merged_at is not None,
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": state,
            "merged_by": self.user(one.merged_by) if one.merged_by else None,
            "comments": sum(there.number == one.number for there in self._state.comments),
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": commits,
            **dict.fromkeys(("additions", "deletions", "changed_files"), 1),
        }

    def comment(self, one: Comment) -> dict[str, Any]:
        """A comment."""
        return {
            "id": one.id,
            "node_id": f"IC_{one.id}",
            "url": f"{self._url}/issues/comments/{one.id}",
            "html_url": f"{self._html}/pull/{one.number}#issuecomment-{one.id}",
            "issue_url": f"{self._url}/issues/{one.number}",
            "body": one.body,
            "user": self.user(one.author),
            "created_at": stamp(one.at),
            "updated_at": stamp(one.updated_at),
            "author_association": "MEMBER",
            "performed_via_github_app": self.app(one.app) if one.app else None,
        }

    def issue(self, one: Pull) -> dict[str, Any]:
        """A pull request as the issue that it also is."""
        links = self._links(one)
        told = self.pull(one)
        kept = ("number", "title", "user", "state", "locked", "labels", "assignee", "assignees", "milestone", "body")
        return {name: told.get(name) for name in (*kept, "created_at", "updated_at", "closed_at")} | {
            "id": one.number + 70_000,
            "node_id": f"PR_{one.number}",
            "url": links["issue"],
            "html_url": links["html"],
            "author_association": "MEMBER",
            "pull_request": {"url": links["self"], "html_url": links["html"]},
        }

    def app(self, name: str) -> dict[str, Any]:
        """An App."""
        return {
            "id": _number(name),
            "node_id": f"A_{name}",
            "slug": name,
            "name": name,
            "owner": self.user(Account(self._state.owner, "Organization")),
            "description": None,
            "external_url": "https://app.example",
            "html_url": f"https://github.com/apps/{name}",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "permissions": {"issues": "write"},
            "events": [],
        }

    def event(self, one: LabelEvent) -> dict[str, Any]:
        """A label that was set or taken off."""
        return {
            "id": one.id,
            "node_id": f"LE_{one.id}",
            "url": f"{self._url}/issues/events/{one.id}",
            "actor": self.user(one.actor),
            "event": one.event,
            "commit_id": None,
            "commit_url": None,
            "created_at": stamp(one.at),
            "performed_via_github_app": None,
            "label": {"name": one.label, "color": "ededed"},
        }

    def role(self, account: Account, role: str) -> dict[str, Any]:
        """What an account may do: the old word for it, and the new one."""
        old = {"maintain": "write", "triage": "read"}.get(role, role)
        user = self.user(account) | {"role_name": role, "permissions": self.rights(role)}
        return {"permission": old, "role_name": role, "user": user}

    def rights(self, role: str) -> dict[str, bool]:
        """What *role* allows."""
        ranks = ("read", "triage", "write", "maintain", "admin")
        named = dict(zip(("pull", "triage", "push", "maintain", "admin"), ranks, strict=True))
        height = ranks.index(role) if role in ranks else -1
        return {right: ranks.index(rank) <= height for right, rank in named.items()}

    def commit(self, sha: str, message: str, parents: list[str]) -> dict[str, Any]:
        """A commit."""
        url, html = f"{self._url}/commits/{sha}", f"{self._html}/commit/{sha}"
        person = {"name": "Team", "email": "team@team.example", "date": "2026-01-01T00:00:00Z"}
        inner = {
            "url": f"{self._url}/git/commits/{sha}",
            "author": person,
            "committer": person,
            "message": message,
            "comment_count": 0,
            "tree": {"sha": sha, "url": f"{self._url}/git/trees/{sha}"},
        }
        return {
            "url": url,
            "sha": sha,
            "node_id": f"C_{sha}",
            "html_url": html,
            "comments_url": f"{url}/comments",
            "commit": inner,
            "author": self.user(Account("author")),
            "committer": self.user(Account("web-flow")),
            "parents": [{"sha": one, "url": f"{self._url}/commits/{one}"} for one in parents],
        }

    def _links(self, one: Pull) -> dict[str, str]:
        url, issue = f"{self._url}/pulls/{one.number}", f"{self._url}/issues/{one.number}"
        return {
            "self": url,
            "html": f"{self._html}/pull/{one.number}",
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self._url}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self._url}/statuses/{one.commit}",
        }

    def _label(self, name: str) -> dict[str, Any]:
        url = f"{self._url}/labels/{name}"
        return {
            "id": _number(name),
            "node_id": f"L_{name}",
            "url": url,
            "name": name,
            "description": None,
            "color": "ededed",
            "default": False,
        }

    def _end(self, branch: str, sha: str, fork: str) -> dict[str, Any]:
        repository = self.repository()
        owner = Account(fork.partition("/")[0] or self._state.owner)
        if fork:
            repository |= {"full_name": fork, "fork": True, "owner": self.user(owner)}
        return {
            "label": f"{owner.login}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.user(owner),
            "repo": repository,
        }


def stamp(moment: datetime) -> str:
    """*moment* as the API writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _number(text: str) -> int:
    return sum(text.encode()) + 5000
