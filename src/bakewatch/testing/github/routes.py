"""The part of the REST API that is asked, and the two operations of GraphQL."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from bakewatch.testing.github.bare import Bare
from bakewatch.testing.github.pulls import Pulls
from bakewatch.testing.github.records import Records
from bakewatch.testing.github.shapes import stamp
from bakewatch.testing.github.state import Account, Check, Comment, Pull, Refused, State, Status

LONGEST = 65_536
"""Characters of a comment."""


@dataclass
class Call:
    """One request, of an account that is known."""

    account: Account
    query: dict[str, str]
    body: dict[str, Any]


@dataclass
class Paged:
    """A list that is answered page by page; *wrap* makes an answer of what is on one."""

    items: list[Any]
    wrap: Callable[[list[Any]], Any] = field(default=lambda page: page)


Handler = Callable[..., tuple[int, Any]]
_SHA = "[0-9a-f]{40}"


class Routes:
    """Answers requests. *told* is called with a pull request that was merged."""

    def __init__(
        self,
        state: State,
        bare: Bare,
        pulls: Pulls,
        shapes: Records,
        clock: Callable[[], datetime],
        told: Callable[[Pull], None],
    ) -> None:
        self._state, self._bare, self._pulls, self._shapes = state, bare, pulls, shapes
        self._clock, self._told = clock, told
        below = re.escape(f"/repos/{state.repository}")
        number = "/([0-9]+)"
        self._table: list[tuple[str, re.Pattern[str], Handler]] = [
            (method, re.compile(path), handler)
            for method, path, handler in (
                ("GET", "/user", self._user),
                ("GET", below, self._repository),
                ("GET", f"{below}/branches/([^/]+)", self._branch),
                ("GET", f"{below}/pulls", self._list),
                ("POST", f"{below}/pulls", self._open),
                ("GET", f"{below}/pulls{number}", self._pull),
                ("PUT", f"{below}/pulls{number}/merge", self._merge),
                ("GET", f"{below}/commits/({_SHA})/pulls", self._pulls_of),
                ("GET", f"{below}/commits/({_SHA})", self._commit),
                ("GET", f"{below}/commits/({_SHA})/status", self._combined),
                ("POST", f"{below}/statuses/({_SHA})", self._set_status),
                ("GET", f"{below}/commits/({_SHA})/check-runs", self._checks),
                ("POST", f"{below}/check-runs", self._add_check),
                ("PATCH", f"{below}/check-runs{number}", self._change_check),
                ("GET", f"{below}/issues{number}/comments", self._comments),
                ("POST", f"{below}/issues{number}/comments", self._add_comment),
                ("PATCH", f"{below}/issues/comments{number}", self._change_comment),
                ("GET", f"{below}/issues{number}/events", self._events),
                ("GET", f"{below}/collaborators/([^/]+)/permission", self._role),
                ("GET", f"{below}/deployments", self._deployments),
                ("GET", f"{below}/deployments{number}/statuses", self._deployment_statuses),
                ("POST", "/graphql", self._graphql),
            )
        ]

    def answer(self, method: str, path: str, call: Call) -> tuple[int, Any]:
        """The status and what the body says (a `Paged` for a list); raises `Refused`."""
        for its_method, pattern, handler in self._table:
            if its_method == method and (found := pattern.fullmatch(path)):
                return handler(call, *found.groups())
        raise Refused(404, "Not Found")

    def _user(self, call: Call) -> tuple[int, Any]:
        if call.account.type == "Bot":
            raise Refused(403, "Resource not accessible by integration")
        return 200, self._shapes.user(call.account)

    def _repository(self, call: Call) -> tuple[int, Any]:
        role = self._state.roles.get(call.account.login, "read")
        return 200, self._shapes.repository(full=True) | {"permissions": self._shapes.rights(role)}

    def _branch(self, call: Call, name: str) -> tuple[int, Any]:
        sha = self._bare.tip(unquote(name))
        if not sha:
            raise Refused(404, "Branch not found")
        return 200, self._shapes.branch(unquote(name), self._commit(call, sha)[1])

    def _list(self, call: Call) -> tuple[int, Any]:
        head, base = call.query.get("head", ""), call.query.get("base", "")
        wanted = call.query.get("state", "open")
        found = []
        for one in self._state.pulls.values():
            self._pulls.follow(one)
            owner = one.fork.partition("/")[0] or self._state.owner
            matches = head in ("", f"{owner}:{one.head}") and base in ("", one.base)
            if matches and wanted in ("all", "open" if one.open else "closed"):
                found.append(self._shapes.pull(one))
        return 200, Paged(found[::-1])

    def _open(self, call: Call) -> tuple[int, Any]:
        self._may_write(call)
        body = call.body
        return 201, self._whole(
            self._pulls.open(call.account, body["title"], body.get("body", ""), body["head"], body["base"])
        )

    def _pull(self, call: Call, number: str) -> tuple[int, Any]:
        return 200, self._whole(self._state.pull(int(number)))

    def _merge(self, call: Call, number: str) -> tuple[int, Any]:
        one, body = self._state.pull(int(number)), call.body
        self._may_write(call)
        self._pulls.follow(one)
        words = (body.get("commit_title", ""), body.get("commit_message", ""), body.get("sha", ""))
        commit = self._pulls.merge(one, body.get("merge_method", "merge"), call.account, *words)
        self._told(one)
        return 200, {"sha": commit, "merged": True, "message": "Pull Request successfully merged"}

    def _pulls_of(self, call: Call, sha: str) -> tuple[int, Any]:
        def brought(one: Pull) -> bool:
            if one.open:
                return self._bare.contains(one.commit, sha)
            return sha == one.result or sha in self._bare.commits(one.before, one.result) if one.result else False

        return 200, Paged([self._shapes.pull(one) for one in self._state.pulls.values() if brought(one)])

    def _commit(self, call: Call, sha: str) -> tuple[int, Any]:
        if not self._bare.resolve(sha):
            raise Refused(422, f"No commit found for SHA: {sha}")
        parents = self._bare.tell("log", "-1", "--format=%P", sha).split()
        return 200, self._shapes.commit(sha, self._bare.message(sha), parents)

    def _combined(self, call: Call, sha: str) -> tuple[int, Any]:
        newest = list({one.context.lower(): one for one in self._state.statuses if one.sha == sha}.values())
        return 200, Paged(newest, lambda page: self._shapes.combined(sha, newest, page))

    def _set_status(self, call: Call, sha: str) -> tuple[int, Any]:
        self._may_write(call)
        body = call.body
        if len(body.get("description") or "") > 140:
            raise Refused(422, "Validation Failed", errors=["description is too long (maximum is 140 characters)"])
        told = (body.get("context", "default"), body["state"], body.get("description"), body.get("target_url"))
        one = Status(next(self._state.ids), sha, *told, call.account, self._clock())
        self._state.statuses.append(one)
        return 201, self._shapes.status(one)

    def _checks(self, call: Call, sha: str) -> tuple[int, Any]:
        name = call.query.get("check_name", "")
        found = [one for one in self._state.checks[::-1] if one.sha == sha and name in ("", one.name)]
        items = [self._shapes.check(one) for one in found]
        return 200, Paged(items, lambda page: {"total_count": len(items), "check_runs": page})

    def _add_check(self, call: Call) -> tuple[int, Any]:
        if call.account.type != "Bot":
            raise Refused(403, "You must authenticate via a GitHub App.")
        one = Check(next(self._state.ids), call.body["head_sha"], call.body["name"], call.account, self._clock())
        self._state.checks.append(one)
        return 201, self._checked(one, call.body)

    def _change_check(self, call: Call, number: str) -> tuple[int, Any]:
        one = next(there for there in self._state.checks if there.id == int(number))
        if call.account != one.author:
            raise Refused(403, "Invalid app_id `1001` - check run can only be modified by the GitHub App that made it.")
        return 200, self._checked(one, call.body)

    def _checked(self, one: Check, body: dict[str, Any]) -> dict[str, Any]:
        output = body.get("output") or {}
        if len(output.get("summary") or "") > LONGEST - 1:
            raise Refused(422, "Validation Failed", errors=["summary is too long"])
        for name in ("status", "conclusion", "details_url", "external_id"):
            setattr(one, name, body.get(name, getattr(one, name)))
        if one.status != "completed":
            one.conclusion = None
        one.title, one.summary = output.get("title", one.title), output.get("summary", one.summary)
        return self._shapes.check(one)

    def _comments(self, call: Call, number: str) -> tuple[int, Any]:
        self._state.pull(int(number))
        since = call.query.get("since", "")
        there = [one for one in self._state.comments if one.number == int(number) and stamp(one.updated_at) >= since]
        return 200, Paged([self._shapes.comment(one) for one in there])

    def _add_comment(self, call: Call, number: str) -> tuple[int, Any]:
        self._state.pull(int(number))
        self._check_length(call.body["body"])
        now = self._clock()
        one = Comment(next(self._state.ids), int(number), call.account, call.body["body"], now, now)
        self._state.comments.append(one)
        return 201, self._shapes.comment(one)

    def _change_comment(self, call: Call, number: str) -> tuple[int, Any]:
        one = next((there for there in self._state.comments if there.id == int(number)), None)
        if one is None:
            raise Refused(404, "Not Found")
        if call.account != one.author and not self._state.writes(call.account):
            raise Refused(403, "Must have admin rights to Repository.")
        self._check_length(call.body["body"])
        one.body, one.updated_at = call.body["body"], self._clock()
        return 200, self._shapes.comment(one)

    def _check_length(self, body: str) -> None:
        if len(body) > LONGEST:
            message = f"Body is too long (maximum is {LONGEST} characters)"
            error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message}
            raise Refused(422, "Validation Failed", errors=[error])

    def _events(self, call: Call, number: str) -> tuple[int, Any]:
        return 200, Paged([self._shapes.event(one) for one in self._state.events if one.number == int(number)])

    def _role(self, call: Call, login: str) -> tuple[int, Any]:
        if login not in self._state.roles:
            raise Refused(404, "Not Found")
        return 200, self._shapes.role(Account(login), self._state.roles[login])

    def _deployments(self, call: Call) -> tuple[int, Any]:
        found = [
            self._shapes.deployment(one)
            for one in self._state.deployments[::-1]
            if call.query.get("sha") in (None, one.sha) and call.query.get("environment") in (None, one.environment)
        ]
        return 200, Paged(found)

    def _deployment_statuses(self, call: Call, number: str) -> tuple[int, Any]:
        one = next(there for there in self._state.deployments if there.id == int(number))
        count = len(one.states)
        return 200, Paged([self._shapes.deployment_status(one, count - 1 - which) for which in range(count)])

    def _graphql(self, call: Call) -> tuple[int, Any]:
        query, variables = call.body["query"], call.body.get("variables", {})
        if "revertPullRequest(" in query:
            return 200, self._revert(call, variables)
        one = self._state.pulls.get(variables["number"])
        if one is None:
            return 200, _trouble("NOT_FOUND", "Could not resolve to a PullRequest.")
        commit = {"oid": one.result} if one.result else None
        return 200, {"data": {"repository": {"pullRequest": {"mergeCommit": commit}}}}

    def _revert(self, call: Call, variables: dict[str, Any]) -> dict[str, Any]:
        one = self._state.pull(int(variables["pull"].removeprefix("PR_")))
        if not self._state.writes(call.account):
            return _trouble("FORBIDDEN", "Resource not accessible by integration")
        try:
            opened = self._pulls.revert(one, call.account, variables["title"], variables["body"])
        except Refused as refused:
            return _trouble("UNPROCESSABLE", str(refused))
        return {"data": {"revertPullRequest": {"revertPullRequest": {"number": opened.number}}}}

    def _whole(self, one: Pull) -> dict[str, Any]:
        self._pulls.follow(one)
        return self._shapes.whole_pull(one, *self._pulls.outlook(one))

    def _may_write(self, call: Call) -> None:
        if not self._state.writes(call.account):
            raise Refused(403, "Resource not accessible by integration")


def _trouble(kind: str, message: str) -> dict[str, Any]:
    return {"data": None, "errors": [{"type": kind, "message": message}]}
