"""What every torture has to leave unharmed, as rows."""

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.table import Row
from benchmarks.trial import Facts

CURED = ("undone", "not_cured")
UNHARMED = ("passed", "inconclusive")


def common(part: str, found: Sequence[Facts]) -> Iterator[Row]:
    """The rows of one part: prefixes, doubles, reverts, endings, ends and complaints."""
    harmful, harmless = [one for one in found if one.harmful], [one for one in found if not one.harmful]

    def row(figure: str, goal: str, value: str, met: bool) -> Row:
        return Row(f"{part}: {figure}", goal, value, met and bool(found))

    changed, twice = sum(one.changed for one in found), sum(one.twice for one in found)
    yield row(
        "timelines whose prefix changed", "0", f"{changed} in {sum(one.starts for one in found)} starts", not changed
    )
    yield row("events recorded twice", "0", f"{twice} of {sum(one.events for one in found)}", not twice)
    if harmful:
        reverts = [one.reverts for one in harmful]
        value = f"{min(reverts)} to {max(reverts)} in {len(reverts)} cases"
        yield row("reverts per harmful case", "exactly 1", value, set(reverts) == {1})
        good = all(one.ending == "undone" or (one.ending == "not_cured" and one.reason) for one in harmful)
        yield row("endings of harmful releases", "undone, or not cured and why", endings(harmful), good)
        broken = sum(one.still_broken for one in harmful)
        yield row("harmful releases left in production", "0", str(broken), not broken)
    if harmless:
        reverts = [one.reverts for one in harmless]
        yield row("reverts of harmless releases", "0", str(sum(reverts)), not any(reverts))
        good = all(one.ending in UNHARMED for one in harmless)
        yield row("endings of harmless releases", "passed or inconclusive", endings(harmless), good)
    endless = sum(not one.ending for one in found)
    yield row("cases that never came to an end", "0", str(endless), not endless)
    said = Counter(line for one in found for line in one.complaints)
    value = "; ".join(f"{line} ({count}x)" for line, count in said.most_common(2)) or "0"
    yield row("bugs, tracebacks and wrong exit codes", "0", value, not said)
    gaps, starts = sum(one.gaps for one in found), sum(one.starts for one in found)
    value = f"{gaps} for {starts} starts"
    yield row("gaps noted", "at most one a start", value, all(one.gaps <= one.starts for one in found))


def endings(found: Sequence[Facts]) -> str:
    """How many cases ended how, with their reasons."""
    told = Counter(f"{one.ending or 'no end'}{f' ({one.reason})' if one.reason else ''}" for one in found)
    return ", ".join(f"{count} {what}" for what, count in told.most_common())
