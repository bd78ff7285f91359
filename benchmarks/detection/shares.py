"""Rows about how often a judge is wrong."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from bakewatch.stats.intervals import share_bound
from benchmarks.detection.late import EXPECTED, EXPECTED_30, NAIVE, NAIVE_30
from benchmarks.detection.results import OURS, OURS_30, PLAIN, Late, NotWorse, Quiet, Real
from benchmarks.table import Row

Key = tuple[str, float]
"""The noise and the requests per minute of a cell."""


def per_cell(found: Sequence[Quiet]) -> dict[Key, Quiet]:
    """The services of each cell taken together."""

    def key(one: Quiet) -> Key:
        return one.noise, one.per_minute

    return {cell: merged(list(some)) for cell, some in groupby(sorted(found, key=key), key=key)}


def merged(found: Sequence[Quiet]) -> Quiet:
    """All watches together, under the name of the first cell."""
    tuned = {
        peer: [sum(counts) for counts in zip(*(one.tuned[peer] for one in found if one.peers), strict=True)]
        for peer in next((one.tuned for one in found if one.peers), {})
    }
    return Quiet(
        noise=found[0].noise,
        per_minute=found[0].per_minute,
        watches=sum(one.watches for one in found),
        false=_added(one.false for one in found),
        ten=sum(one.ten for one in found),
        releases=sum(one.releases for one in found),
        peers=sum(one.peers for one in found),
        documented=_added(one.documented for one in found),
        tuned=tuned,
    )


def named(noise: str, per_minute: float) -> str:
    """A cell in words."""
    return f"{noise} {per_minute:,.0f}/min"


def percent(part: float, whole: float = 1.0) -> str:
    """A share with two digits behind the point."""
    return f"{100 * part / whole:.2f} %"


def quiet_rows(found: Sequence[Quiet]) -> Iterator[Row]:
    """False alarms on simulated services: ours with their goals, the others' beside them."""
    cells, whole = per_cell(found), merged(found)
    for name, looks in ((OURS, "looks every 5 s"), (OURS_30, "looks every 30 s")):
        false = whole.false[name]
        value = f"{percent(false, whole.watches)} of {whole.watches:,} watches in {len(cells)} cells"
        yield Row(f"false alarms, {looks}: pooled", "<= 1 %", value, false <= 0.01 * whole.watches)
        bounds = {cell: share_bound(one.false[name], one.watches) for cell, one in cells.items()}
        worst = max(bounds, key=bounds.__getitem__)
        value = f"{percent(bounds[worst])} ({named(*worst)}: {cells[worst].false[name]} of {cells[worst].watches:,})"
        yield Row(f"false alarms, {looks}: worst cell's 95 % bound", "<= 1.3 %", value, bounds[worst] <= 0.013)
    hit, worst = whole.ten, max(cells, key=lambda cell: cells[cell].ten / cells[cell].releases)
    value = f"{percent(hit, whole.releases)} of {whole.releases:,} releases; worst {_of(cells, worst, _ten)}"
    yield Row("false alarms of ten checks in a release: pooled", "<= 1 %", value, hit <= 0.01 * whole.releases)
    for name in (PLAIN, *whole.documented):
        value = f"{_share(name)(whole)}; worst {_worst(cells, name)}"
        yield Row(f"false alarms of others: {name}", "stated", value, True)


def real_rows(found: Real) -> Iterator[Row]:
    """False alarms on a real trace: ours, and the others' beside them."""
    hits, bound = found.false[OURS], share_bound(found.false[OURS], found.watches)
    value = f"{percent(hits, found.watches)} of {found.watches:,} watches, bound {percent(bound)}"
    met = hits <= 0.01 * found.watches and bound <= 0.016
    yield Row(f"false alarms on real traffic ({found.name})", "<= 1 %, 95 % bound <= 1.6 %", value, met)
    for name, hits in found.false.items():
        if name != OURS:
            yield Row(
                f"false alarms of others on real traffic ({found.name}): {name}",
                "stated",
                percent(hits, found.watches),
                True,
            )


def not_worse_row(found: Sequence[NotWorse]) -> Row:
    """How often "not worse than 2x" is said of what is twice as bad."""
    watches = sum(one.watches for one in found)
    worst = max(found, key=lambda one: one.wrong / one.watches)
    times = [one.median for one in found if one.right >= one.watches / 2 and one.median is not None]
    when = (
        f"in the median after {min(times):.1f} to {max(times):.1f} min where it mostly is" if times else "nowhere soon"
    )
    value = (
        f"{percent(sum(one.wrong for one in found), watches)}; worst {percent(worst.wrong, worst.watches)}"
        f" ({named(worst.noise, worst.per_minute)}); said of {percent(sum(one.right for one in found), watches)}"
        f" without a change, {when}"
    )
    return Row('wrongly "not worse than 2x", in every cell', "<= 5 %", value, worst.wrong <= 0.05 * worst.watches)


def late_rows(found: Sequence[Late]) -> Iterator[Row]:
    """False alarms where requests come 30 s late and errors 2 s."""
    still = [one for one in found if one.effect == 1]
    five = [one for one in found if one.effect == 5]

    def took(name: str) -> str:
        return ", ".join(f"{one.delays[name].mean or 0:.2f}" for one in five)

    def share(some: Sequence[Late], name: str) -> float:
        kept = sum(one.delays[name].kept for one in some)
        return sum(one.delays[name].found * one.delays[name].kept for one in some) / kept

    for name, expected, naive, looks in (
        (OURS, EXPECTED, NAIVE, "looks every 5 s"),
        (OURS_30, EXPECTED_30, NAIVE_30, "looks every 30 s"),
    ):
        false = share(still, name)
        cells = " and ".join(dict.fromkeys(named(one.noise, one.per_minute) for one in five))
        value = (
            f"{percent(false)}, naively {percent(share(still, naive))}, with expected arrival"
            f" {percent(share(still, expected))}; 5x in {took(name)} min, with expected arrival in {took(expected)}"
            f" ({cells})"
        )
        yield Row(f"false alarms with late logs, {looks}", "<= 1 %", value, false <= 0.01)


def _added(counts: Iterator[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


def _ten(one: Quiet) -> str:
    return percent(one.ten, one.releases)


def _share(name: str) -> Callable[[Quiet], str]:
    return lambda one: percent(*_false(one, name))


def _false(one: Quiet, name: str) -> tuple[int, int]:
    """How often that judge alarmed, of how many watches."""
    return (one.false[name], one.watches) if name in one.false else (one.documented[name], one.peers)


def _worst(cells: Mapping[Key, Quiet], name: str) -> str:
    shares = {cell: hits / watches for cell, (hits, watches) in ((c, _false(q, name)) for c, q in cells.items())}
    return _of(cells, max(shares, key=shares.__getitem__), _share(name))


def _of(cells: Mapping[Key, Quiet], cell: Key, told: Callable[[Quiet], str]) -> str:
    return f"{told(cells[cell])} ({named(*cell)})"
