"""What a rebase merge brought: found by comparing the pull request's own commits with those on the branch."""

from bakewatch.vendors.git.mirror import Mirror


def rebased(mirror: Mirror, pull: int) -> tuple[str, str] | None:
    """The stretch (parent, last commit) of the production branch that pull request *pull* became, if that is certain.

    The hosting service keeps a pull request's head under `refs/pull/N/head`. Rebasing changes a commit but not its
    patch, so git finds them by patch-id. Certain means: each commit of the request is on the branch, and they follow
    one another without a foreign one in between.
    """
    head = mirror.fetch_pull(pull)
    if not head:
        return None
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
