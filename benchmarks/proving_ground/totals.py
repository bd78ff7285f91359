"""What all runs of all releases say together: one row per release, and what must hold of all."""

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import median

from bakewatch.stats.intervals import share_interval
from benchmarks.proving_ground.run import NOT_RUN, Run
from benchmarks.table import Row
from live_event.team import change

EXPECTED_SHARE = 38 / 40
"""So large a share of the runs should end as expected; every miss is shown in its row."""
SEEN = 0.8
"""So large a share of the planned minutes every check must have seen where a release passes."""


def rows(runs: Sequence[Run], wanted: Sequence[str], times: int) -> list[Row]:
    """The table of *runs*; each of the *wanted* releases should have been run so many *times*."""
    by_release = {name: [one for one in runs if one.release == name] for name in wanted}
    return [_release(name, found) for name, found in by_release.items()] + _all(by_release, times)


def _release(name: str, runs: Sequence[Run]) -> Row:
    told = change(name)
    parts = [_counted(one.ending for one in runs), f"by {_saw(runs)}" if told.undoable else _saw(runs)]
    parts += [
        _seconds("detected", [one.detected for one in runs]),
        _seconds("restored", [one.restored for one in runs]),
    ]
    blind = max((one.blind for one in runs), default=0)
    parts.append(f"blind {blind} min" if blind else "")
    goal = " or ".join(told.expected) + (f", by {' or '.join(map(short, told.seen_by))}" if told.seen_by else "")
    met = bool(runs) and all(one.as_expected and one.right_reason for one in runs)
    figure = f"{'harmful' if told.harmful else 'harmless'}: {name} ({told.kind})"
    return Row(figure, goal, "; ".join(filter(None, parts)) or NOT_RUN, met)


def _all(by_release: dict[str, list[Run]], times: int) -> list[Row]:
    runs = [one for found in by_release.values() for one in found]
    due = times * len(by_release)
    ran = [one for one in runs if one.ending != NOT_RUN]
    right = sum(one.as_expected and one.right_reason for one in ran)
    undoable = [one for one in runs if change(one.release).undoable]
    caught = sum(one.ending == "undone" and one.right_reason for one in undoable)
    undone = [one for one in runs if one.ending == "undone" or one.reverts]
    justly = sum(change(one.release).undoable for one in undone)
    harmless = [one for one in ran if not change(one.release).harmful]
    wronged = sum(one in undone for one in harmless)
    passed = [one for one in runs if one.ending == "passed"]
    unwatched = sum("passed" not in change(one.release).expected or one.seen < SEEN for one in passed)
    late = [one.detected for one in undoable if one.detected is not None]
    whole = [one.restored for one in undoable if one.restored is not None]
    least = ceil(EXPECTED_SHARE * due)
    return [
        Row("all: runs", str(due), str(len(ran)), len(ran) == due),
        Row("all: verdict and reason as expected", f"at least {least} of {due}", f"{right} of {due}", right >= least),
        Row("rollbacks: recall over what can be undone", "all", _share(caught, len(undoable)), caught == len(undoable)),
        Row("rollbacks: precision", "all", _share(justly, len(undone)), justly == len(undone)),
        Row("harmless releases undone", "0", f"{wronged} of {len(harmless)}", wronged == 0),
        Row("passes of what was harmful or not watched", "0", f"{unwatched} of {len(passed)}", unwatched == 0),
        Row("first bad event to detection: median, worst", "told", _spread(late), bool(late)),
        Row("first bad event to restored production: median, worst", "told", _spread(whole), bool(whole)),
    ]


def short(name: str) -> str:
    """A check by its name alone."""
    return name.removeprefix("check:")


def _share(hits: int, trials: int) -> str:
    low, high = share_interval(hits, trials)
    return f"{hits} of {trials} (95% interval {low:.0%} to {high:.0%})"


def _saw(runs: Iterable[Run]) -> str:
    """What demanded the undo, or what a pass lacked; what most runs have comes first."""
    found = [short(name) for one in runs for name in one.culprits or one.reasons]
    return ", ".join(sorted(dict.fromkeys(found), key=lambda name: -found.count(name)))


def _counted(words: Iterable[str]) -> str:
    found = list(words)
    return ", ".join(word + (f" x{found.count(word)}" if len(found) > 1 else "") for word in dict.fromkeys(found))


def _seconds(what: str, values: Iterable[float | None]) -> str:
    known = sorted(one for one in values if one is not None)
    if not known:
        return ""
    return f"{what} {known[0]:.0f} s" if len(known) == 1 else f"{what} {known[0]:.0f}-{known[-1]:.0f} s"


def _spread(values: Sequence[float]) -> str:
    return f"{median(values):.0f} s, {max(values):.0f} s" if values else "none"
