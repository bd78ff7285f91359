"""Find a release in the history of the production branch."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import structs

from bakewatch.errors import ConfigError
from bakewatch.model.release import MergeKind, Release
from bakewatch.privacy.scrub import clean
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.rebased import rebased

TRAILER = "Bakewatch-Undoes"

_MERGED = re.compile(r"^Merge pull request #(\d+)\b", re.MULTILINE)
_SQUASHED = re.compile(r"\(#(\d+)\)\s*$", re.MULTILINE)


def find_release(mirror: Mirror, *, commit: str = "", pull: int | None = None, range_: str = "") -> Release:
    """The release that *commit*, *pull* or *range_* (`A..B`) names; the branch's tip when none does.

    `ConfigError` says why there is no such release, or that its extent cannot be known: it is never guessed.
    """
    tip = mirror.fetch()
    if range_:
        return _of_range(mirror, range_)
    if pull is not None:
        return _of_pull(mirror, pull)
    wanted = mirror.resolve(commit or tip)
    if not wanted:
        raise ConfigError(f"no commit `{commit}`", where=mirror.name, right="a commit of the repository")
    if not mirror.contains(mirror.branch, wanted):
        what = f"{wanted[:12]} is not on {mirror.remote.branch}"
        raise ConfigError(what, where=mirror.name, right="a commit that was merged")
    return _of_commit(mirror, wanted)


def touched(mirror: Mirror, release: Release, which: Callable[[str], bool]) -> bool:
    """Does the release's diff touch a path of which *which* says yes? A rename touches both of its paths."""
    told = mirror.git.tell("diff", "--name-only", "-z", "--no-renames", release.parent, release.commit)
    return any(which(path) for path in told.split("\0") if path)


def undoes(mirror: Mirror, revisions: Sequence[str]) -> list[tuple[str, str]]:
    """(commit, bake id) of every trailer of ours among *revisions* (as `git log` takes them), newest first."""
    told = mirror.git.tell("log", f"--format=%H %(trailers:key={TRAILER},valueonly,separator=%x20)", *revisions, "--")
    pairs = (line.partition(" ") for line in told.splitlines())
    return [(commit, value) for commit, _, values in pairs for value in values.split()]


def _of_commit(mirror: Mirror, wanted: str) -> Release:
    """A merge commit, or one commit that says by itself that it is all of its pull request."""
    parents = mirror.git.tell("rev-list", "--parents", "-n", "1", wanted).split()[1:]
    if not parents:
        raise ConfigError(f"{wanted[:12]} is the first commit", where=mirror.name, right="a release has a parent")
    if wanted not in _first_parents(mirror):
        raise ConfigError(
            f"{wanted[:12]} came to {mirror.remote.branch} inside a merge",
            where=mirror.name,
            right="the merge commit, or --range A..B for a rebase merge",
        )
    kind = MergeKind.MERGE if len(parents) > 1 else MergeKind.SQUASH
    release = _release(mirror, wanted, parents[0], kind)
    if kind is MergeKind.SQUASH and not release.pulls and not release.reverts:
        raise ConfigError(
            f"{wanted[:12]} does not say whether it is the whole release: it names no pull request",
            where=mirror.name,
            right=f"--range {parents[0][:12]}..{wanted[:12]} for this commit alone, or --pr N for a rebase merge",
        )
    return release


def _of_pull(mirror: Mirror, pull: int) -> Release:
    told = mirror.git.tell("log", "--first-parent", "--format=%H%x00%s%x00", mirror.branch)
    for line in told.splitlines():
        commit, subject, *_ = line.split("\0")
        if pull in _pulls(subject):
            return _of_commit(mirror, commit)
    found = rebased(mirror, pull)
    if found is None:
        raise ConfigError(
            f"no merge of #{pull} on {mirror.remote.branch}",
            where=mirror.name,
            right="--commit with the merge commit, or --range A..B for a rebase merge",
        )
    parent, commit = found
    release = _release(mirror, commit, parent, MergeKind.REBASE)
    return structs.replace(release, pulls=tuple(dict.fromkeys([pull, *release.pulls])))


def _of_range(mirror: Mirror, range_: str) -> Release:
    first, dots, last = range_.partition("..")
    parent, commit = mirror.resolve(first), mirror.resolve(last)
    if not dots or not parent or not commit:
        raise ConfigError(f"no range `{range_}`", where=mirror.name, right="A..B, two commits of the branch")
    line = _first_parents(mirror)
    if commit not in line or parent not in line[line.index(commit) + 1 :]:
        raise ConfigError(f"`{range_}` is no stretch of {mirror.remote.branch}", where=mirror.name, right="A before B")
    alone = line[line.index(commit) + 1] == parent
    return _release(mirror, commit, parent, MergeKind.SQUASH if alone else MergeKind.REBASE)


def _first_parents(mirror: Mirror) -> list[str]:
    """The production branch, newest first, merges as one commit each."""
    return mirror.git.tell("rev-list", "--first-parent", mirror.branch).split()


def _release(mirror: Mirror, commit: str, parent: str, kind: MergeKind) -> Release:
    seconds, _, message = mirror.git.tell("log", "-1", "--format=%ct %B", commit).partition(" ")
    merged = mirror.git.tell("log", "--format=%s", f"{parent}..{commit}").splitlines()
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
    )


def _title(message: str) -> str:
    """A merge commit's own subject says only which branch; its body has the pull request's title."""
    subject, _, body = message.strip().partition("\n")
    first = next((line for line in body.splitlines() if line.strip()), "")
    return first if _MERGED.match(subject) and first else subject


def _pulls(subject: str) -> list[int]:
    found = _MERGED.findall(subject) or _SQUASHED.findall(subject)
    return [int(number) for number in found]
