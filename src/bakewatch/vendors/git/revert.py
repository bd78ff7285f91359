"""Undo a release by one revert commit at the tip of the production branch."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from bakewatch.errors import RepositoryError
from bakewatch.model.release import Release
from bakewatch.model.rollback import Rollback
from bakewatch.ports import Context, Kind
from bakewatch.vendors.git.mirror import Mirror, mirror_of
from bakewatch.vendors.git.release import TRAILER, undoes
from bakewatch.vendors.git.repository import undone_by

METHOD = "git"
TRIES = 3
"""So often a revert is built anew when the tip moves under it."""


class RevertSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[method]` with `kind = "git"`: in whose name the revert is made."""

    author: str = "bakewatch"
    email: str = "bakewatch@localhost"


class GitRevert:
    """`ports.RollbackMethod` by git.

    The key of "already undone" is the trailer on the production branch: it is looked for first, and only an ordinary
    push puts it there, so however often a process dies in between, there is one revert.
    """

    def __init__(self, mirror: Mirror, settings: RevertSettings, clock: Callable[[], datetime]) -> None:
        self._mirror, self._settings, self._clock = mirror, settings, clock

    def roll_back(self, release: Release) -> Rollback:
        """Undo *release*.

        1. Fetch. The trailer is there: done already.
        2. Build the revert at the tip; a conflict is for a person.
        3. Push it to a branch of its own, then fast-forward the production branch by an ordinary push.
        4. The tip moved: from the start, three times at most. Protected: the branch is there for a person.
        """
        try:
            for _ in range(TRIES):
                tip = self._mirror.fetch()
                before = undone_by(self._mirror, release)
                if before:
                    return Rollback(method=METHOD, at=self._clock(), commit=before, already=True)
                commit = self._revert(release, tip)
                problem = commit and self._push(release, commit)
                if commit and not problem:
                    return Rollback(method=METHOD, at=self._clock(), commit=commit)
                if problem != "moved":
                    return self._failed(problem or "conflict", release, permanent=True)
            return self._failed("moved", release, permanent=True)
        except RepositoryError as error:
            return self._failed(error.code, release, permanent=error.permanent)

    def _failed(self, problem: str, release: Release, *, permanent: bool) -> Rollback:
        link = branch_of(release) if problem == "protected" else ""
        return Rollback(method=METHOD, at=self._clock(), problem=problem, permanent=permanent, link=link)

    def _revert(self, release: Release, tip: str) -> str:
        """The revert commit on *tip*, written into the mirror; empty on a conflict.

        A three-way merge without a work tree: base is the release, one side the tip, the other a commit on top of the
        release that has its parent's tree. So it is the same for a merge, a squash and a range.
        """
        git = self._mirror.git
        before = git.tell("rev-parse", f"{release.parent}^{{tree}}")
        other = self._commit(before, release.commit, "the tree before the release")
        merged = git.ask("merge-tree", "--write-tree", "--no-messages", tip, other)
        if merged.code == 1:
            return ""
        if merged.code:
            raise RepositoryError("git_merge_tree", permanent=True)
        tree = merged.out.split()[0]
        if tree == git.tell("rev-parse", f"{tip}^{{tree}}"):
            raise RepositoryError("nothing_to_undo", permanent=True)
        return self._commit(tree, tip, _message(release))

    def _commit(self, tree: str, parent: str, message: str) -> str:
        who = {"NAME": self._settings.author, "EMAIL": self._settings.email}
        who["DATE"] = f"@{int(self._clock().timestamp())} +0000"
        extra = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
        return self._mirror.git.tell("commit-tree", tree, "-p", parent, "-m", message, extra=extra)

    def _push(self, release: Release, commit: str) -> str:
        """Push *commit*; returns a problem or nothing."""
        branch = branch_of(release)
        old = self._mirror.resolve(f"refs/remotes/origin/{branch}")
        if old and release.bake_id not in {value for _, value in undoes(self._mirror, ["-1", old])}:
            return "branch_taken"
        problem = self._push_one(commit, branch, f"--force-with-lease=refs/heads/{branch}:{old}")
        problem = problem or self._push_one(commit, self._mirror.remote.branch)
        if not problem:
            # Only tidiness: main has it, so nobody needs the branch, and nothing depends on its going.
            self._mirror.git.ask("push", "--quiet", self._mirror.remote.url, f":refs/heads/{branch}", remote=True)
        return problem

    def _push_one(self, commit: str, branch: str, *options: str) -> str:
        reference = f"{commit}:refs/heads/{branch}"
        done = self._mirror.git.ask(
            "push", "--porcelain", "--no-verify", *options, self._mirror.remote.url, reference, remote=True
        )
        if done.code == 0:
            return ""
        refused = [line for line in done.out.splitlines() if line.startswith("!")]
        if not refused:
            raise RepositoryError("unreachable")
        told = refused[0].lower()
        if "[rejected]" in told or "cannot lock ref" in told or "failed to update ref" in told:
            return "moved"
        return "protected"


def branch_of(release: Release) -> str:
    """The branch that carries the revert until the production branch does."""
    return f"bakewatch/revert-{release.commit[:12]}"


def _message(release: Release) -> str:
    # Within the quotes: a number at the end of a subject would name the revert's own pull request.
    pulls = "".join(f" (#{number})" for number in release.pulls)
    subject = f'Revert "{release.title or release.commit[:12]}{pulls}"'
    body = f"This reverts {release.commit}, which was found harmful after it went live."
    return f"{subject}\n\n{body}\n\n{TRAILER}: {release.bake_id}"


def _build(settings: RevertSettings, context: Context) -> GitRevert:
    return GitRevert(mirror_of(context), settings, context.clock)


KIND = Kind(settings=RevertSettings, build=_build)
