"""A pull request that undoes a release, and its merge."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bakewatch.errors import ForgeError
from bakewatch.model.release import TRAILER
from bakewatch.model.rollback import Rollback
from bakewatch.vendors.github.pulls import merge_commit
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.wire import MergeResult, Methods, PullRequest

METHOD = "github"

_WAITS = ("blocked", "behind", "dirty", "draft")
"""States of a pull request that a person has to change: reviews, checks, conflicts."""


class Merger:
    """Merges pull requests of *rest*, and says how that went as a `Rollback`."""

    def __init__(self, rest: Rest, clock: Callable[[], datetime]) -> None:
        self._rest, self._clock = rest, clock

    def failed(self, error: ForgeError, link: str = "") -> Rollback:
        """What became of it when *error* was raised."""
        return Rollback(method=METHOD, at=self._clock(), problem=error.code, permanent=error.permanent, link=link)

    def bring(self, one: PullRequest, title: str, body: str, *, merge: bool, rebase: bool) -> Rollback:
        """Let *one* reach its base, with *merge*; else, and where it is not allowed, it is there for a person.

        *body* ends with the trailer and becomes the message of the merge; *rebase* says that its commits have the
        trailer too, so that they may be rebased. Only a head that is as *one* says is merged, and only a single commit:
        more of them are somebody else's. Never raises.
        """
        link = one.html_url
        try:
            if one.is_merged:
                commit = merge_commit(self._rest, one)
                if not commit:
                    raise ForgeError("not_ready")
                return Rollback(method=METHOD, at=self._clock(), commit=commit, already=True, link=link)
            if one.state != "open" or not merge:
                raise needs_a_person()
            commit = self._merge(one, title, body, rebase)
        except ForgeError as error:
            return self.failed(error, link)
        return Rollback(method=METHOD, at=self._clock(), commit=commit, link=link)

    def _merge(self, one: PullRequest, title: str, body: str, rebase: bool) -> str:
        """The merge's commit on the base.

        1. As GitHub sees it now: it may still be computing, there may be a conflict, or the head has moved.
        2. By a merge commit; where the repository does not allow that, squashed; at last rebased.
        3. Refused: a review or a check is missing, which is for a person, or the way is not allowed: the next one.
           Where nothing is missing, there is a merge queue or another rule that is not told: for a person as well.
           Should only the base have moved meanwhile, the next attempt succeeds.
        """
        now = self._now(one)
        if now.mergeable is False or now.commits != 1:
            raise needs_a_person()
        for way in self._ways(now, title, body, rebase):
            try:
                return self._rest.send("PUT", f"/pulls/{one.number}/merge", way, MergeResult).sha
            except ForgeError as error:
                if error.code in ("forbidden", "not_found"):
                    raise needs_a_person() from None
                if error.code == "conflict":
                    raise ForgeError("moved") from None
                if error.code != "refused":
                    raise
            after = self._now(one)
            if after.mergeable is False or after.mergeable_state in _WAITS:
                break
        raise needs_a_person()

    def _now(self, one: PullRequest) -> PullRequest:
        now = self._rest.get(f"/pulls/{one.number}", PullRequest)
        if now.head.sha != one.head.sha:
            raise ForgeError("moved")
        if now.mergeable is None:
            raise ForgeError("not_ready")
        return now

    def _ways(self, now: PullRequest, title: str, body: str, rebase: bool) -> list[dict[str, Any]]:
        """What to ask for, one after the other."""
        allowed = self._rest.get("", Methods)
        told = {"sha": now.head.sha, "commit_title": f"{title} (#{now.number})", "commit_message": body}
        ways: list[dict[str, Any]] = []
        if allowed.allow_merge_commit:
            ways.append({**told, "merge_method": "merge"})
        if allowed.allow_squash_merge:
            ways.append({**told, "merge_method": "squash"})
        if allowed.allow_rebase_merge and rebase:
            ways.append({"sha": now.head.sha, "merge_method": "rebase"})
        if not ways:
            raise needs_a_person()
        return ways


def needs_a_person() -> ForgeError:
    """What only a person can do."""
    return ForgeError("needs_a_person", permanent=True)


def trailers(body: str) -> list[str]:
    """Our trailer lines of *body*."""
    return [line for line in body.splitlines() if line.startswith(f"{TRAILER}: ")]
