"""What GitHub does in a repository of its own accord: merges and reverts, in a bare repository, by git itself."""

import os
import subprocess
from pathlib import Path

_ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "GitHub",
    "GIT_AUTHOR_EMAIL": "noreply@github.example",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@github.example",
}


class Bare:
    """The bare repository at *path*. What is written here runs no hooks: those are for who pushes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def tell(self, *words: str) -> str:
        """What `git WORDS` prints, stripped."""
        return self._ask(*words, check=True).stdout.strip()

    def resolve(self, name: str) -> str:
        """The commit that *name* means; empty when there is none."""
        return self._ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").stdout.strip()

    def tip(self, branch: str) -> str:
        """The last commit of *branch*; empty when there is none."""
        return self.resolve(f"refs/heads/{branch}")

    def move(self, branch: str, commit: str) -> None:
        """Let *branch* be at *commit*."""
        self.tell("update-ref", f"refs/heads/{branch}", commit)

    def keep_head(self, number: int, commit: str) -> None:
        """Keep the head of pull request *number*."""
        self.tell("update-ref", f"refs/pull/{number}/head", commit)

    def commits(self, base: str, head: str) -> list[str]:
        """What *head* has and *base* has not, oldest first."""
        return self.tell("rev-list", "--reverse", f"{base}..{head}").split()

    def message(self, commit: str) -> str:
        """The words of *commit*."""
        return self.tell("log", "-1", "--format=%B", commit)

    def contains(self, head: str, commit: str) -> bool:
        """Is *commit* part of *head*?"""
        return self._ask("merge-base", "--is-ancestor", commit, head).returncode == 0

    def merge(self, base: str, head: str, message: str) -> str:
        """A merge commit of both; empty on a conflict."""
        tree = self._merged(base, head)
        return tree and self._commit(tree, message, base, head)

    def squash(self, base: str, head: str, message: str) -> str:
        """One commit on *base* with all that *head* brings; empty on a conflict."""
        tree = self._merged(base, head)
        return tree and self._commit(tree, message, base)

    def rebase(self, base: str, head: str) -> str:
        """The commits of *head* anew on *base*, with their messages; empty on a conflict."""
        for commit in self.commits(base, head):
            ours = self._commit(f"{base}^{{tree}}", "ours", f"{commit}^")
            tree = self._merged(ours, commit)
            if not tree:
                return ""
            base = self._commit(tree, self.message(commit), base)
        return base

    def revert(self, base: str, before: str, after: str, message: str) -> str:
        """A commit on *base* that takes back what came between *before* and *after*; empty when that is impossible."""
        theirs = self._commit(f"{before}^{{tree}}", "theirs", after)
        tree = self._merged(base, theirs)
        if not tree or tree == self.tell("rev-parse", f"{base}^{{tree}}"):
            return ""
        return self._commit(tree, message, base)

    def _merged(self, one: str, other: str) -> str:
        done = self._ask("merge-tree", "--write-tree", "--no-messages", one, other)
        return done.stdout.split()[0] if done.returncode == 0 else ""

    def _commit(self, tree: str, message: str, *parents: str) -> str:
        words = [word for parent in parents for word in ("-p", parent)]
        return self.tell("commit-tree", self.tell("rev-parse", tree), *words, "-m", message)

    def _ask(self, *words: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        argv = ["git", "--git-dir", str(self._path), *words]
        return subprocess.run(argv, env=_ENVIRON, capture_output=True, text=True, check=check)
