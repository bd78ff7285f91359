"""What all runs of all releases say together: one row per release, and what must hold of all."""

from collections.abc import Iterable, Sequence

from benchmarks.releases_run import NOT_RUN, Run
from benchmarks.table import Row
from live_event.team import change


def rows(runs: Sequence[Run], wanted: Sequence[str], times: int) -> list[Row]:
    """The table of *runs*; each of the *wanted* releases should have been run so many *times*."""
    by_release = {name: [one for one in runs if one.release == name] for name in wanted}
    return [_release(name, found) for name, found in by_release.items()] + _all(by_release, times)


def _release(name: str, runs: Sequence[Run]) -> Row:
    told = change(name)
    parts = [_counted(one.ending for one in runs), f"by {_saw(runs)}" if told.seen_by else _saw(runs)]
    parts += [
        _seconds("detected", [one.detected for one in runs]),
        _seconds("restored", [one.restored for one in runs]),
    ]
    blind = max((one.blind for one in runs), default=0)
    parts.append(f"blind {blind} min" if blind else "")
    goal = " or ".join(told.expected) + (f", by {' or '.join(map(_short, told.seen_by))}" if told.seen_by else "")
    met = bool(runs) and all(one.as_expected and one.right_reason for one in runs)
    return Row(name, goal, "; ".join(filter(None, parts)) or NOT_RUN, met)


def _all(by_release: dict[str, list[Run]], times: int) -> list[Row]:
    runs = [one for found in by_release.values() for one in found]
    harmful = [one for one in runs if change(one.release).harmful]
    caught = sum(one.ending == "undone" and one.right_reason for one in harmful)
    harmless = [one for one in runs if not change(one.release).harmful]
    undone = sum(one.ending == "undone" or one.reverts > 0 for one in harmless)
    judged = [one for one in harmless if "passed" in change(one.release).expected]
    passed = sum(one.ending == "passed" for one in judged)
    done = sum(len(found) >= times for found in by_release.values())
    same = sum(len({one.ending for one in found}) == 1 for found in by_release.values() if found)
    late = [one.detected for one in harmful if one.detected is not None]
    whole = [one.restored for one in harmful if one.restored is not None]
    return [
        Row("runs of each release", str(times), f"{done} of {len(by_release)} releases", done == len(by_release)),
        Row("harmful runs undone, for the right reason", "all", f"{caught} of {len(harmful)}", caught == len(harmful)),
        Row("harmless runs undone", "0", f"{undone} of {len(harmless)}", undone == 0),
        Row("harmless runs passed, where that is expected", "all", f"{passed} of {len(judged)}", passed == len(judged)),
        Row("releases with one verdict over all runs", "all", f"{same} of {len(by_release)}", same == len(by_release)),
        Row("first bad event to detection, median and worst", "told", _spread(late), bool(late)),
        Row("first bad event to restored production, median and worst", "told", _spread(whole), bool(whole)),
    ]


def _saw(runs: Iterable[Run]) -> str:
    """What demanded the undo, or what a pass lacked; what most runs have comes first."""
    found = [_short(name) for one in runs for name in one.culprits or one.reasons]
    return ", ".join(sorted(dict.fromkeys(found), key=lambda name: -found.count(name)))


def _short(name: str) -> str:
    return name.removeprefix("check:")


def _counted(words: Iterable[str]) -> str:
    found = list(words)
    return ", ".join(f"{word} x{found.count(word)}" for word in dict.fromkeys(found))


def _seconds(what: str, values: Iterable[float | None]) -> str:
    known = sorted(one for one in values if one is not None)
    return f"{what} {known[0]:.0f}-{known[-1]:.0f} s" if known else ""


def _spread(values: Sequence[float]) -> str:
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.0f} s, {ordered[-1]:.0f} s" if ordered else "none"
