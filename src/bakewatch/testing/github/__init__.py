"""GitHub on loopback, with a real bare repository behind it, for tests.

Pull requests have their heads at `refs/pull/N/head`, are really merged and really reverted; limits bite, tokens can be
revoked, webhooks are signed. What the API does of its own accord runs no hooks: pushes to a protected branch are
refused by a hook that the test puts into the repository.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from bakewatch.testing.github.bare import Bare
from bakewatch.testing.github.exchange import Exchange
from bakewatch.testing.github.hooks import Hooks
from bakewatch.testing.github.limits import Limits
from bakewatch.testing.github.pulls import Pulls
from bakewatch.testing.github.records import Records
from bakewatch.testing.github.routes import Routes
from bakewatch.testing.github.server import Server
from bakewatch.testing.github.state import Account, Comment, Deployment, LabelEvent, Pull, State

__all__ = ["Account", "GitHub"]


def _now() -> datetime:
    return datetime.now(UTC)


class GitHub:
    """One repository (`owner/name`) whose git is the bare one at *path*. A context manager: serves within the block."""

    def __init__(self, path: Path, repository: str = "team/live", clock: Callable[[], datetime] = _now) -> None:
        self.state = State(repository)
        self._clock, self._server = clock, Server(self.state, clock)
        self.url = self._server.url
        bare, shapes = Bare(path), Records(self.state, self.url)
        self._pulls = Pulls(self.state, bare, clock)
        self.hooks = Hooks(shapes)
        self._server.routes = Routes(self.state, bare, self._pulls, shapes, clock, self.hooks.merged)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.hooks.settle()
        self._server.stop()

    @property
    def exchanges(self) -> list[Exchange]:
        """What was asked and answered; the tokens are not kept."""
        return self._server.exchanges

    @property
    def limits(self) -> Limits:
        """The limits, to be narrowed."""
        return self._server.limits

    def sent(self, method: str) -> list[str]:
        """The paths that were asked by *method*, in order."""
        return [one.asked.path for one in self.exchanges if one.asked.method == method]

    def admit(self, token: str, login: str, role: str = "write", kind: str = "User") -> Account:
        """Let *token* belong to *login* with *role*; a *kind* of `Bot` is an App."""
        self.state.accounts[token] = Account(login, kind)
        self.state.roles[login] = role
        return self.state.accounts[token]

    def revoke(self, token: str) -> None:
        """Let *token* belong to nobody."""
        del self.state.accounts[token]

    def open(self, head: str, title: str, *, by: str = "author", body: str = "", fork: str = "") -> Pull:
        """Open a pull request of branch *head*; with *fork*, as if the branch were in that repository."""
        return self._pulls.open(Account(by), title, body, head, "main", fork)

    def close(self, number: int) -> None:
        """A person closes it unmerged."""
        self.state.pulls[number].open = False

    def merge(self, number: int, way: str = "merge", by: str = "maintainer") -> str:
        """A person approves and merges it; returns what it became."""
        one = self.state.pulls[number]
        one.approved, one.computing = True, 0
        self._pulls.follow(one)
        commit = self._pulls.merge(one, way, Account(by))
        self.hooks.merged(one)
        return commit

    def label(self, number: int, name: str, by: str | None, *, kind: str = "User") -> None:
        """*by* sets a label; None: nobody did, another one was renamed."""
        self.state.pulls[number].labels.append(name)
        if by:
            self._happened(number, "labeled", name, Account(by, kind))

    def unlabel(self, number: int, name: str, by: str) -> None:
        """*by* takes a label off."""
        self.state.pulls[number].labels.remove(name)
        self._happened(number, "unlabeled", name, Account(by))

    def comment(self, number: int, body: str, by: str, *, kind: str = "User", app: str = "") -> Comment:
        """*by* comments on a pull request; with *app*, through that App."""
        now = self._clock()
        one = Comment(next(self.state.ids), number, Account(by, kind), body, now, now, app)
        self.state.comments.append(one)
        self.hooks.commented(self.state.pull(number), one, "created")
        return one

    def edit(self, one: Comment, body: str) -> None:
        """Its author, or somebody else who may, edits a comment."""
        one.body, one.updated_at = body, self._clock()
        self.hooks.commented(self.state.pull(one.number), one, "edited")

    def deploy(self, sha: str, environment: str = "Production", by: str = "platform[bot]") -> Deployment:
        """Somebody records a deployment, without a state as yet."""
        one = Deployment(next(self.state.ids), sha, environment, Account(by, "Bot"), self._clock())
        self.state.deployments.append(one)
        return one

    def deployed(self, one: Deployment, state: str, description: str = "") -> None:
        """It comes to *state*. A success makes the earlier ones of its environment inactive."""
        if state == "success":
            for other in self.state.deployments:
                if other is not one and other.environment == one.environment and other.states:
                    self._reach(other, "inactive", "")
        self._reach(one, state, description)
        self.hooks.deployed(one)

    def _reach(self, one: Deployment, state: str, description: str) -> None:
        one.states.append((next(self.state.ids), state, description, self._clock()))

    def _happened(self, number: int, event: str, label: str, actor: Account) -> None:
        self.state.events.append(LabelEvent(next(self.state.ids), number, event, label, actor, self._clock()))
