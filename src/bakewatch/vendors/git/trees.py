"""Three-way merges without a work tree: what git would make of two commits, and commits made for the purpose."""

from collections.abc import Mapping

from bakewatch.errors import RepositoryError
from bakewatch.vendors.git.run import Git


def write_commit(git: Git, tree: str, parent: str, message: str, who: Mapping[str, str]) -> str:
    """Write a commit of *tree* on *parent*; *who* has NAME, EMAIL and DATE as git takes them."""
    extra = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
    return git.tell("commit-tree", tree, "-p", parent, "-m", message, extra=extra)


def merge(git: Git, one: str, other: str) -> str:
    """The tree of *one* and *other* merged; empty on a conflict."""
    merged = git.ask("merge-tree", "--write-tree", "--no-messages", one, other)
    if merged.code == 1:
        return ""
    if merged.code:
        raise RepositoryError("git_merge_tree", permanent=True)
    return merged.out.split()[0]


def tree_of(git: Git, commit: str) -> str:
    """The tree of *commit*."""
    return git.tell("rev-parse", f"{commit}^{{tree}}")
