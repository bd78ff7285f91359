"""Find a release in the history of the production branch."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from bakewatch.errors import ConfigError
from bakewatch.model.release import MergeKind, Release
from bakewatch.privacy.scrub import clean
from bakewatch.vendors.git.mirror import Mirror

TRAILER = "Bakewatch-Undoes"

_MERGED = re.compile(r"^Merge pull request #(\d+)\b", re.MULTILINE)
_SQUASHED = re.compile(r"\(#(\d+)\)\s*$", re.MULTILINE)


def find_release(
    mirror: Mirror,
    *,
    commit: str = "",
    pull: int | None = None,
    range_: str = "",
    plan_paths: Sequence[str] = (),
    migrations: Sequence[str] = (),
) -> Release:
    """The release that *commit*, *pull* or *range_* (`A..B`, a rebase merge) names; the branch's tip when none does.

    *plan_paths*: the plan and the journeys; *migrations*: prefixes. `ConfigError` says why there is no such release.
    """
    tip = mirror.fetch()
    if range_:
        return _of_range(mirror, range_, plan_paths, migrations)
    wanted = _of_pull(mirror, pull) if pull is not None else mirror.resolve(commit or tip)
    if not wanted:
        raise ConfigError(f"no commit `{commit}`", where=mirror.name, right="a commit of the repository")
    _must_be_on_branch(mirror, wanted)
    parents = mirror.git.tell("rev-list", "--parents", "-n", "1", wanted).split()[1:]
    if not parents:
        raise ConfigError(f"{wanted[:12]} is the first commit", where=mirror.name, right="a release has a parent")
    kind = MergeKind.MERGE if len(parents) > 1 else MergeKind.SQUASH
    if wanted not in mirror.git.tell("rev-list", "--first-parent", mirror.branch).split():
        raise ConfigError(
            f"{wanted[:12]} came to {mirror.remote.branch} inside a merge",
            where=mirror.name,
            right="the merge commit, or --range A..B for a rebase merge",
        )
    return _release(mirror, wanted, parents[0], kind, plan_paths, migrations)


def undoes(mirror: Mirror, revisions: Sequence[str]) -> list[tuple[str, str]]:
    """(commit, bake id) of every trailer of ours among *revisions* (as `git log` takes them), newest first."""
    told = mirror.git.tell("log", f"--format=%H %(trailers:key={TRAILER},valueonly,separator=%x20)", *revisions, "--")
    pairs = (line.partition(" ") for line in told.splitlines())
    return [(commit, value) for commit, _, values in pairs for value in values.split()]


def _of_pull(mirror: Mirror, pull: int) -> str:
    told = mirror.git.tell("log", "--first-parent", "--format=%H%x00%s%x00", mirror.branch)
    for line in told.splitlines():
        commit, subject, *_ = line.split("\0")
        if pull in _pulls(subject):
            return commit
    raise ConfigError(
        f"no merge of #{pull} on {mirror.remote.branch}",
        where=mirror.name,
        right="--commit with the merge commit, or --range A..B for a rebase merge",
    )


def _of_range(mirror: Mirror, range_: str, plan_paths: Sequence[str], migrations: Sequence[str]) -> Release:
    first, dots, last = range_.partition("..")
    parent, commit = mirror.resolve(first), mirror.resolve(last)
    if not dots or not parent or not commit:
        raise ConfigError(f"no range `{range_}`", where=mirror.name, right="A..B, two commits of the branch")
    _must_be_on_branch(mirror, commit)
    line = mirror.git.tell("rev-list", "--first-parent", mirror.branch).split()
    if commit not in line or parent not in line[line.index(commit) + 1 :]:
        raise ConfigError(f"`{range_}` is no stretch of {mirror.remote.branch}", where=mirror.name, right="A before B")
    return _release(mirror, commit, parent, MergeKind.REBASE, plan_paths, migrations)


def _must_be_on_branch(mirror: Mirror, commit: str) -> None:
    if not mirror.contains(mirror.branch, commit):
        raise ConfigError(
            f"{commit[:12]} is not on {mirror.remote.branch}", where=mirror.name, right="a commit that was merged"
        )


def _release(
    mirror: Mirror, commit: str, parent: str, kind: MergeKind, plan_paths: Sequence[str], migrations: Sequence[str]
) -> Release:
    seconds, _, message = mirror.git.tell("log", "-1", "--format=%ct %B", commit).partition(" ")
    merged = mirror.git.tell("log", "--format=%s", f"{parent}..{commit}").splitlines()
    changed = mirror.git.tell("diff", "--name-only", "-z", "--no-renames", parent, commit).split("\0")
    reverts = [value for _, value in undoes(mirror, [f"{parent}..{commit}"])]
    own = _pulls(message.partition("\n")[0])
    return Release(
        repository=mirror.name,
        branch=mirror.remote.branch,
        commit=commit,
        parent=parent,
        merged_at=datetime.fromtimestamp(int(seconds), UTC),
        kind=kind,
        pulls=tuple(dict.fromkeys([*own, *(number for subject in reversed(merged) for number in _pulls(subject))])),
        title=clean(_title(message), 200),
        reverts=reverts[0] if reverts else "",
        touches_plan=any(_under(path, plan_paths) for path in changed),
        touches_migrations=any(path.startswith(tuple(migrations)) for path in changed) if migrations else False,
    )


def _title(message: str) -> str:
    """A merge commit's own subject says only which branch; its body has the pull request's title."""
    subject, _, body = message.strip().partition("\n")
    first = next((line for line in body.splitlines() if line.strip()), "")
    return first if _MERGED.match(subject) and first else subject


def _pulls(subject: str) -> list[int]:
    found = _MERGED.findall(subject) or _SQUASHED.findall(subject)
    return [int(number) for number in found]


def _under(path: str, plan_paths: Sequence[str]) -> bool:
    return any(path == one or path.startswith(one.rstrip("/") + "/") for one in plan_paths)
