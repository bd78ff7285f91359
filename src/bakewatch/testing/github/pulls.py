"""What becomes of pull requests: their merge, their revert."""

from collections.abc import Callable
from datetime import datetime

from bakewatch.testing.github.bare import Bare
from bakewatch.testing.github.state import Account, Pull, Refused, State, invalid

_NOT_ALLOWED = {
    "merge": "Merge commits are not allowed on this repository.",
    "squash": "Squash merges are not allowed on this repository.",
    "rebase": "Rebase merges are not allowed on this repository.",
}


class Pulls:
    """The pull requests of *state*, whose commits are in *bare*."""

    def __init__(self, state: State, bare: Bare, clock: Callable[[], datetime]) -> None:
        self._state, self._bare, self._clock = state, bare, clock

    def open(self, author: Account, title: str, body: str, head: str, base: str, fork: str = "") -> Pull:
        """Open one, of a branch that is there and has something to bring."""
        commit, before = self._bare.tip(head), self._bare.tip(base)
        if not commit or not before:
            raise invalid("PullRequest", f"{'head' if not commit else 'base'} is no branch")
        if not self._bare.commits(before, commit):
            raise invalid("PullRequest", f"No commits between {base} and {head}")
        if any(one.open and (one.head, one.base) == (head, base) for one in self._state.pulls.values()):
            raise invalid("PullRequest", f"A pull request already exists for {self._state.owner}:{head}.")
        number = max(self._state.pulls, default=0) + 1
        one = Pull(number, title, body, author, head, base, commit, self._clock(), fork=fork)
        self._state.pulls[number] = one
        self.follow(one)
        return one

    def follow(self, one: Pull) -> None:
        """The head of an open one is where its branch is."""
        if one.open:
            one.commit = self._bare.tip(one.head) or one.commit
            self._bare.keep_head(one.number, one.commit)

    def outlook(self, one: Pull) -> tuple[str, bool | None, str, int]:
        """Its trial merge, whether it can be merged, why not, and how many commits it brings."""
        if not one.open:
            return "", None, "unknown", 1
        tip = self._bare.tip(one.base)
        brings = len(self._bare.commits(tip, one.commit))
        if one.computing:
            one.computing -= 1
            return "", None, "unknown", brings
        trial = self._bare.merge(tip, one.commit, "trial")
        if not trial:
            return "", False, "dirty", brings
        return trial, True, "blocked" if self._is_blocked(one) else "clean", brings

    def merge(self, one: Pull, way: str, by: Account, title: str = "", message: str = "", head: str = "") -> str:
        """Merge it in the repository itself; refused as GitHub refuses it."""
        tip = self._bare.tip(one.base)
        if not one.open or one.computing:
            raise Refused(405, "Pull Request is not mergeable")
        if head and head != one.commit:
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        if way not in self._state.allowed:
            raise Refused(405, _NOT_ALLOWED[way])
        if self._is_blocked(one):
            raise Refused(405, "At least 1 approving review is required by reviewers with write access.")
        if self._state.moving:
            self._state.moving -= 1
            raise Refused(405, "Base branch was modified. Review and try the merge again.")
        commit = self._merged(one, way, tip, title, message)
        if not commit:
            raise Refused(405, "Pull Request is not mergeable")
        self._bare.move(one.base, commit)
        one.open, one.merged_at, one.merged_by, one.before, one.result = False, self._clock(), by, tip, commit
        return commit

    def revert(self, one: Pull, by: Account, title: str, body: str) -> Pull:
        """Open the pull request that takes *one* back."""
        message = f'Revert "{one.title} (#{one.number})"\n\nThis reverts commit {one.result}.'
        commit = one.result and self._bare.revert(self._bare.tip(one.base), one.before, one.result, message)
        branch = f"revert-{one.number}-{one.head}"
        if not commit or self._bare.tip(branch):
            raise Refused(422, "Sorry, this pull request couldn't be reverted automatically.")
        self._bare.move(branch, commit)
        return self.open(by, title or f'Revert "{one.title}"', body, branch, one.base)

    def _merged(self, one: Pull, way: str, tip: str, title: str, message: str) -> str:
        if way == "rebase":
            return self._bare.rebase(tip, one.commit)
        if way == "squash":
            words = (title or f"{one.title} (#{one.number})", message or one.body)
            return self._bare.squash(tip, one.commit, "\n\n".join(filter(None, words)))
        words = (title or f"Merge pull request #{one.number} from {self._state.owner}/{one.head}", message or one.title)
        return self._bare.merge(tip, one.commit, "\n\n".join(words))

    def _is_blocked(self, one: Pull) -> bool:
        return self._state.protected and not one.approved
