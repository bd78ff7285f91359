"""Undo a release by one revert commit at the tip of the production branch."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct, structs

from bakewatch.errors import RepositoryError
from bakewatch.model.release import Release, undo_message
from bakewatch.model.rollback import Rollback
from bakewatch.ports import Context, Kind
from bakewatch.vendors.git.mirror import Mirror, mirror_of
from bakewatch.vendors.git.probe import pushing
from bakewatch.vendors.git.release import undoes
from bakewatch.vendors.git.repository import undone_by
from bakewatch.vendors.git.trees import merge, tree_of, write_commit

METHOD = "git"
TRIES = 3
"""So often a revert is built anew when the tip moves under it."""

_MOVED = ("[rejected]", "cannot lock ref", "failed to update ref")
_REFUSALS = (
    "protected branch",
    "hook declined",
    "rule violations",
    "gh006",
    "gh013",
    "not allowed to push",
    "denied",
    "pre-receive",
    "prohibited",
)
"""How hosting services say that they will not have it, however often they are asked; all else is trouble of theirs."""


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
        2. The release is not on the branch any more: nothing to do. Else build the revert at the tip; a conflict is for
           a person.
        3. Push it to a branch of its own, then fast-forward the production branch by an ordinary push.
        4. The tip moved: from the start, three times at most. Protected: the branch is there for a person.
        """
        try:
            for _ in range(TRIES):
                tip = self._mirror.fetch()
                before = undone_by(self._mirror, release)
                if before:
                    return Rollback(method=METHOD, at=self._clock(), commit=before, already=True)
                if not self._mirror.contains(tip, release.commit):
                    # Somebody took it off the branch: a revert of it would bring all of it back first.
                    return self._failed("not_on_branch", release, permanent=True)
                commit = self._revert(release, tip)
                problem = commit and self._push(release, commit, tip)
                if commit and not problem:
                    return Rollback(method=METHOD, at=self._clock(), commit=commit)
                if problem != "moved":
                    return self._failed(problem or "conflict", release, permanent=True, commit=commit)
            return self._failed("moved", release, permanent=True)
        except RepositoryError as error:
            return self._failed(error.code, release, permanent=error.permanent)

    def _failed(self, problem: str, release: Release, *, permanent: bool, commit: str = "") -> Rollback:
        failed = Rollback(method=METHOD, at=self._clock(), problem=problem, permanent=permanent)
        if problem != "protected":
            return failed
        # It waits there, and whoever brings it further must know which commit it is.
        return structs.replace(failed, link=branch_of(release), commit=commit)

    def _revert(self, release: Release, tip: str) -> str:
        """The revert commit on *tip*, written into the mirror; empty on a conflict.

        A three-way merge without a work tree: base is the release, one side the tip, the other a commit on top of the
        release that has its parent's tree. So it is the same for a merge, a squash and a range.
        """
        git = self._mirror.git
        other = self._commit(f"{release.parent}^{{tree}}", release.commit, "the tree before the release")
        tree = merge(git, tip, other)
        if tree == tree_of(git, tip):
            raise RepositoryError("nothing_to_undo", permanent=True)
        return tree and self._commit(tree, tip, "\n\n".join(undo_message(release)))

    def _commit(self, tree: str, parent: str, message: str) -> str:
        who = {"NAME": self._settings.author, "EMAIL": self._settings.email}
        who["DATE"] = f"@{int(self._clock().timestamp())} +0000"
        return write_commit(self._mirror.git, tree, parent, message, who)

    def _push(self, release: Release, commit: str, tip: str) -> str:
        """Push *commit*, made on *tip*; returns a problem or nothing."""
        branch, main = branch_of(release), self._mirror.remote.branch
        old = self._mirror.resolve(f"refs/remotes/origin/{branch}")
        if old and release.bake_id not in {value for _, value in undoes(self._mirror, ["-1", old])}:
            return "branch_taken"
        problem = self._push_one(commit, branch, old) or self._push_one(commit, main, tip)
        if not problem:
            # Only tidiness: main has it, so nobody needs the branch, and nothing depends on its going.
            self._mirror.git.ask("push", "--quiet", self._mirror.remote.url, f":refs/heads/{branch}", remote=True)
        return problem

    def _push_one(self, commit: str, branch: str, old: str) -> str:
        """Push *commit* to *branch* provided that it still is *old*; returns a problem or nothing.

        The proviso forces nothing: on the production branch *commit* is a child of *old*. Without it, a branch that a
        person has just set back would be fast-forwarded to all that was taken off it.
        """
        reference = f"refs/heads/{branch}"
        done = self._mirror.git.ask(
            "push",
            "--porcelain",
            "--no-verify",
            f"--force-with-lease={reference}:{old}",
            self._mirror.remote.url,
            f"{commit}:{reference}",
            remote=True,
        )
        if done.code == 0:
            return ""
        refused = [line.rpartition("\t")[2] for line in done.out.splitlines() if line.startswith("!")]
        if not refused:
            raise RepositoryError("unreachable")
        if any(words in refused[0] for words in _MOVED):
            return "moved"
        told = [refused[0], *(line for line in done.err.splitlines() if line.startswith("remote:"))]
        if any(words in line.lower() for line in told for words in _REFUSALS):
            return "protected"
        raise RepositoryError("push_failed")


def branch_of(release: Release) -> str:
    """The branch that carries the revert until the production branch does."""
    return f"bakewatch/revert-{release.commit[:12]}"


def _build(settings: RevertSettings, context: Context) -> GitRevert:
    return GitRevert(mirror_of(context), settings, context.clock)


KIND = Kind(settings=RevertSettings, build=_build, probe=lambda settings, context: pushing(mirror_of(context)))
