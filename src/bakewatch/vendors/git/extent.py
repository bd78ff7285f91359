"""How much of the production branch a pull request is: certain, or a clear error.

A message alone is not certain: `(#7)` stands at the end of a squash, of the last of several rebased commits, and of
whatever a person wrote about it. Hosting services keep the head of a pull request, so the branch can be compared with
what was proposed.
"""

from typing import NamedTuple

from bakewatch.errors import ConfigError
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.pulls import merged_pull, named_pull
from bakewatch.vendors.git.trees import merge, tree_of, write_commit

_NOBODY = {"NAME": "bakewatch", "EMAIL": "bakewatch@localhost", "DATE": "@0 +0000"}


class _Named(NamedTuple):
    """A commit of the production branch whose message names the pull request."""

    commit: str
    parents: list[str]
    message: str


def extent(mirror: Mirror, pull: int, merged: str = "") -> tuple[str, str]:
    """The stretch (parent, last commit) of the production branch that pull request *pull* became.

    1. The hosting service says which commit it became (*merged*): a merge, or what all of its head was brought by.
    2. One merge commit says so in the words of a hosting service.
    3. The remote keeps the pull request's head: its commits follow one another on the branch (rebased), or one commit
       that names it brought exactly what it proposed.
    4. The remote keeps no heads at all: only one commit names it.
    """
    told = _told(mirror, pull, merged) if merged else None
    if told:
        return told
    named = _named(mirror, pull)
    certain = [one for one in named if len(one.parents) > 1 and merged_pull(one.message)]
    if not certain:
        head = mirror.pull_head(pull)
        stretch = _rebased(mirror, head) if head else None
        if stretch:
            return stretch
        certain = named if head is None else [one for one in named if head and _brought(mirror, one, head)]
    if len(certain) == 1:
        return certain[0].parents[0], certain[0].commit
    if not named:
        raise ConfigError(
            f"no merge of #{pull} on {mirror.remote.branch}",
            where=mirror.name,
            right="--commit with the merge commit, or --range A..B for a rebase merge",
        )
    last = named[0].commit[:12]
    raise ConfigError(
        f"what #{pull} brought to {mirror.remote.branch} cannot be known from "
        + ", ".join(one.commit[:12] for one in named),
        where=mirror.name,
        right=f"--range A..B, such as --range {last}^..{last} for that commit alone",
    )


def _told(mirror: Mirror, pull: int, merged: str) -> tuple[str, str] | None:
    """The stretch that ends with *merged*, if that is certain."""
    if not mirror.contains(mirror.branch, merged):
        return None
    one = _Named(merged, mirror.git.tell("log", "-1", "--format=%P", merged).split(), "")
    if len(one.parents) > 1:
        return one.parents[0], merged
    head = mirror.pull_head(pull) if one.parents else None
    stretch = _rebased(mirror, head) if head else None
    if stretch and stretch[1] == merged:
        return stretch
    return (one.parents[0], merged) if head and _brought(mirror, one, head) else None


def _named(mirror: Mirror, pull: int) -> list[_Named]:
    """The commits of the production branch, newest first and merges as one commit each, that name *pull*."""
    about = ("--fixed-strings", f"--grep=#{pull}", f"--grep=!{pull}")
    told = mirror.git.tell("log", "--first-parent", "-z", "--format=%H%x00%P%x00%B", *about, mirror.branch, "--")
    fields = iter(told.split("\0"))
    # What follows the last record is no record.
    records = zip(fields, fields, fields, strict=False)
    commits = (_Named(commit, parents.split(), message) for commit, parents, message in records)
    return [one for one in commits if one.parents and named_pull(one.message) == pull]


def _rebased(mirror: Mirror, head: str) -> tuple[str, str] | None:
    """The stretch of the branch that rebasing the pull request up to *head* made, if that is certain.

    Rebasing changes a commit but not its patch, so git finds them by patch-id. Certain means: each commit of the
    request is on the branch, and they follow one another without a foreign one in between.
    """
    wanted = _patches(mirror, head, "--right-only")
    there = [commit for commit, same in _patches(mirror, head, "--left-only") if same]
    if not wanted or not all(same for _, same in wanted) or len(there) != len(wanted):
        return None
    line = mirror.git.tell("rev-list", "--first-parent", mirror.branch).split()
    at = line.index(there[0]) if there[0] in line else len(line)
    end = at + len(there)
    return (line[end], there[0]) if line[at:end] == there and end < len(line) else None


def _patches(mirror: Mirror, head: str, side: str) -> list[tuple[str, bool]]:
    """The commits on one *side* of where branch and *head* part, newest first: is its patch on the other side too?"""
    told = mirror.git.tell(
        "log", "--cherry-mark", side, "--topo-order", "--format=%m %H", f"{mirror.branch}...{head}", "--"
    )
    return [(line[2:], line.startswith("=")) for line in told.splitlines()]


def _brought(mirror: Mirror, one: _Named, head: str) -> bool:
    """Did this one commit bring all that the pull request up to *head* proposed, and nothing else?

    A merge did when *head* is what it merged. A squash did when its change, made where the pull request began, gives
    the tree of *head*: a three-way merge whose base is the commit before it. The last of several rebased commits would
    leave the others out. A head that is on the branch itself was fast-forwarded, and nobody knows where it began.
    """
    before, *merged = one.parents
    if merged:
        return merged == [head]
    git = mirror.git
    start = git.ask("merge-base", before, head).out.strip()
    if not start or mirror.contains(mirror.branch, head):
        return False
    other = write_commit(git, f"{start}^{{tree}}", before, "where the pull request began", _NOBODY)
    return merge(git, one.commit, other) == tree_of(git, head)
