"""Find a release in the history of the production branch."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import structs

from bakewatch.errors import ConfigError
from bakewatch.model.forge import Pull
from bakewatch.model.release import TRAILER, Merged, MergeKind, Release
from bakewatch.privacy.scrub import clean
from bakewatch.vendors.git.extent import extent
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.pulls import merged_pull, named_pull, title_of


def find_release(
    mirror: Mirror, *, commit: str = "", pull: int | None = None, range_: str = "", told: Pull | None = None
) -> Release:
    """The release that *commit*, *pull* or *range_* (`A..B`) names; the branch's tip when none does.

    *told*: the merged pull request that is meant, where the service that hosts it says so.
    `ConfigError` says why there is no such release, or that its extent cannot be known: it is never guessed.
    """
    tip = mirror.fetch()
    if range_:
        return _of_range(mirror, range_)
    if pull is not None:
        return _of_pull(mirror, pull, told.commit if told is not None else "")
    wanted = mirror.resolve(commit or tip)
    if not wanted:
        raise ConfigError(f"no commit `{commit}`", where=mirror.name, right="a commit of the repository")
    if not mirror.contains(mirror.branch, wanted):
        what = f"{wanted[:12]} is not on {mirror.remote.branch}"
        raise ConfigError(what, where=mirror.name, right="a commit that was merged")
    if told is not None and told.commit:
        release = _of_pull(mirror, told.number, told.commit)
        if release.commit == wanted:
            return release
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


def merges(mirror: Mirror, since: datetime) -> list[Merged]:
    """The first parents of the production branch that were committed from *since* on, oldest first."""
    seconds = int(since.timestamp())
    words = ("--first-parent", "--reverse", f"--since-as-filter=@{seconds}", "--format=%H %ct", mirror.branch, "--")
    lines = (line.split() for line in mirror.git.tell("log", *words).splitlines())
    return [Merged(commit=commit, at=_merged_at(mirror, commit, at)) for commit, at in lines]


def _of_commit(mirror: Mirror, wanted: str) -> Release:
    """A merge commit that says what it merges, an undo of ours, or what is all of the pull request that it names."""
    parents = mirror.git.tell("rev-list", "--parents", "-n", "1", wanted).split()[1:]
    if not parents:
        raise ConfigError(f"{wanted[:12]} is the first commit", where=mirror.name, right="a release has a parent")
    if wanted not in _first_parents(mirror):
        raise ConfigError(
            f"{wanted[:12]} came to {mirror.remote.branch} inside a merge",
            where=mirror.name,
            right="the merge commit, or --range A..B for a rebase merge",
        )
    message = mirror.git.tell("log", "-1", "--format=%B", wanted)
    if (len(parents) > 1 and merged_pull(message)) or undoes(mirror, ["-1", wanted]):
        return _release(mirror, parents[0], wanted)
    # Of a merge made on a person's machine, the first parent may be that person's own work: what it brought is others'.
    alone = f"--range {parents[0][:12]}..{wanted[:12]} for " + (
        "all that it merged" if parents[1:] else "this commit alone"
    )
    pull = named_pull(message)
    if not pull:
        raise ConfigError(
            f"{wanted[:12]} does not say whether it is the whole release: it names no pull request",
            where=mirror.name,
            right=f"{alone}, or --pr N for a rebase merge",
        )
    release = _of_pull(mirror, pull)
    if release.commit != wanted:
        raise ConfigError(
            f"{wanted[:12]} is not what #{pull} brought to {mirror.remote.branch}, which ends with "
            f"{release.commit[:12]}",
            where=mirror.name,
            right=f"--pr {pull}, or {alone}",
        )
    return release


def _of_pull(mirror: Mirror, pull: int, merged: str = "") -> Release:
    release = _release(mirror, *extent(mirror, pull, merged))
    return structs.replace(release, pulls=tuple(dict.fromkeys([pull, *release.pulls])))


def _of_range(mirror: Mirror, range_: str) -> Release:
    first, dots, last = range_.partition("..")
    parent, commit = mirror.resolve(first), mirror.resolve(last)
    if not dots or not parent or not commit:
        raise ConfigError(f"no range `{range_}`", where=mirror.name, right="A..B, two commits of the branch")
    line = _first_parents(mirror)
    if commit not in line or parent not in line[line.index(commit) + 1 :]:
        raise ConfigError(f"`{range_}` is no stretch of {mirror.remote.branch}", where=mirror.name, right="A before B")
    return _release(mirror, parent, commit)


def _first_parents(mirror: Mirror) -> list[str]:
    """The production branch, newest first, merges as one commit each."""
    return mirror.git.tell("rev-list", "--first-parent", mirror.branch).split()


def _release(mirror: Mirror, parent: str, commit: str) -> Release:
    """The release that is the stretch of the branch after *parent* up to *commit*."""
    seconds, _, message = mirror.git.tell("log", "-1", "--format=%ct %B", commit).partition(" ")
    brought = mirror.git.tell("log", "-z", "--format=%B", f"{parent}..{commit}").split("\0")
    pulls = (named_pull(one) for one in [message, *reversed(brought)])
    reverts = [value for _, value in undoes(mirror, [f"{parent}..{commit}"])]
    return Release(
        repository=mirror.name,
        branch=mirror.remote.branch,
        commit=commit,
        parent=parent,
        merged_at=_merged_at(mirror, commit, seconds),
        kind=_kind(mirror, parent, commit),
        pulls=tuple(dict.fromkeys(number for number in pulls if number)),
        title=clean(title_of(message), 200),
        reverts=reverts[0] if reverts else "",
    )


def _merged_at(mirror: Mirror, commit: str, seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        what = f"{commit[:12]} does not say when it was made"
        raise ConfigError(what, where=mirror.name, right="a commit with a legible date") from None


def _kind(mirror: Mirror, parent: str, commit: str) -> MergeKind:
    """A stretch of several commits was rebased; one commit is a merge or all of its change."""
    first, *others = mirror.git.tell("rev-list", "--parents", "-n", "1", commit).split()[1:]
    if first != parent:
        return MergeKind.REBASE
    return MergeKind.MERGE if others else MergeKind.SQUASH
