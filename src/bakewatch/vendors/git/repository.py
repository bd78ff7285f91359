"""`ports.Repository` by git."""

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from bakewatch.errors import RepositoryError
from bakewatch.model.release import Merged, Release
from bakewatch.model.rollback import Brake
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import merges, undoes

STOP = ".bakewatch/stop"
"""The kill switch: a file on the production branch."""


_COMMENT = re.compile(r"(^|\s)#(\s.*)?$")
_PULL = re.compile(r"#([1-9][0-9]*)")
_COMMIT = re.compile(r"(?:[\w./-]+@)?([0-9a-f]{7,40})", re.IGNORECASE | re.ASCII)


class Entries(Struct, frozen=True):
    """What a kill switch names: `#7`, a commit or a bake id, one a line. Nothing means everything."""

    names: tuple[str, ...]

    def stops(self, release: Release) -> str:
        """The code of what stops *release*; empty when nothing does. Words that are not understood stop everything."""
        if not self.names or not all(_PULL.fullmatch(name) or _COMMIT.fullmatch(name) for name in self.names):
            return "kill_switch"
        return "opt_out" if any(_names(name, release) for name in self.names) else ""


def _names(name: str, release: Release) -> bool:
    """Does the entry mean *release*? Whatever a bake id calls the repository: it may have had another name."""
    pull, commit = _PULL.fullmatch(name), _COMMIT.fullmatch(name)
    return bool(pull and int(pull[1]) in release.pulls or commit and release.commit.startswith(commit[1].lower()))


class GitRepository:
    """The repository behind production, fetched anew where the answer depends on it."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def tip(self) -> str:
        """The commit at the head of the production branch, fetched now."""
        return self._mirror.fetch()

    def contains(self, head: str, commit: str) -> bool:
        """Is *commit* an ancestor of *head*? Fetches once when *head* is not known yet."""
        if not self._mirror.resolve(head):
            self._mirror.fetch()
        return self._mirror.contains(head, commit)

    def undone_by(self, release: Release) -> str:
        """The commit on the production branch whose trailer names *release*."""
        self._mirror.fetch()
        return undone_by(self._mirror, release)

    def merges(self, since: datetime) -> list[Merged]:
        """The first parents of the branch that were committed from *since* on, oldest first; fetches."""
        self._mirror.fetch()
        return merges(self._mirror, since)

    def stayed(self, release: Release) -> bool:
        """Is *release* in the production branch, and neither a trailer nor git's own words say that it was reverted?"""
        tip = self._mirror.fetch()
        if not self._mirror.contains(tip, release.commit) or undone_by(self._mirror, release):
            return False
        words, since = f"--grep=This reverts commit {release.commit[:7]}", f"{release.commit}..{tip}"
        return not self._mirror.git.tell("log", "-1", "--format=%H", words, since, "--")

    def touches(self, old: str, new: str, below: Sequence[str]) -> bool:
        """Do the trees of two commits differ below one of these paths? `RepositoryError` for an unknown commit."""
        for one in (old, new):
            if not self._mirror.resolve(one):
                self._mirror.fetch()
        told = self._mirror.git.tell("diff", "--name-only", "-z", "--no-renames", old, new, "--")
        return any(path.startswith(tuple(below)) for path in told.split("\0") if path)

    def brake(self, release: Release) -> Brake:
        """The kill switch at the tip. Unreadable is pulled; off is only a tip that has nothing at that path."""
        try:
            tip = self._mirror.fetch()
            raw = self._mirror.read(tip, STOP)
        except RepositoryError:
            return Brake(pulled=True, problem="brake_unreadable")
        if raw is None:
            return Brake(pulled=False)
        lines = (_COMMENT.sub("", line).strip() for line in raw.decode(errors="replace").splitlines())
        problem = Entries(tuple(line for line in lines if line)).stops(release)
        return Brake(pulled=bool(problem), problem=problem)


def undone_by(mirror: Mirror, release: Release) -> str:
    """The commit on the production branch, as last fetched, whose trailer names *release*; empty when there is none."""
    found = undoes(mirror, [f"{release.commit}..{mirror.branch}"])
    return next((commit for commit, value in reversed(found) if value == release.bake_id), "")
