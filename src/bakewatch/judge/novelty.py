"""Rule `novelty`: signatures that history did not have, and what they may do."""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import structs

from bakewatch.judge.series import Series
from bakewatch.judge.sight import Sight
from bakewatch.model.habit import Trust
from bakewatch.model.plan import Check, Rule
from bakewatch.model.verdict import Evidence, Reason

TWICE = 2
"""So many events in as many buckets, or so many actors in one of them, make a new signature more than an accident."""
TOLD = 3
"""So many new signatures are told one by one."""


@dataclass
class _Seen:
    """One new signature since the deploy."""

    name: str
    count: int = 0
    buckets: int = 0
    actors: int = 0
    """The most that one bucket had."""


def is_sure(cells: Series) -> bool:
    """Was a new signature seen twice, or by two signed-in actors, in *cells* after the warm-up?"""
    return any((one.count >= TWICE and one.buckets >= TWICE) or one.actors >= TWICE for one in _seen(cells))


def refused(sight: Sight, check: Check) -> Evidence:
    """The check cannot tell new from old: it never fires, and carries no pass."""
    novelty, view = sight.watch.novelty(check), sight.view(check)
    numbers = {"surprised": float(novelty.surprised), "windows": float(novelty.windows)}
    why = Reason(code="novelty_refused", about=f"check:{check.name}", numbers=numbers, detail=novelty.why)
    return Evidence(
        check=check.name,
        fired=False,
        seen=view.share,
        blind_minutes=len(view.blind),
        reasons=(*view.obstacles, why),
    )


def told(sight: Sight, one: Evidence) -> Evidence:
    """*one*; of rule `novelty` with the signatures that are new, by their hashes."""
    check = sight.plan.check(one.check)
    if check.rule is not Rule.NOVELTY or sight.watch.novelty(check).trust is Trust.REFUSED:
        return one
    return structs.replace(one, reasons=(*one.reasons, *_named(check, _seen(sight.series.get(check.name, ())))))


def _named(check: Check, seen: list[_Seen]) -> Iterator[Reason]:
    about = f"check:{check.name}"
    if seen:
        numbers = {"signatures": float(len(seen)), "count": float(sum(one.count for one in seen))}
        yield Reason(code="new_signatures", about=about, numbers=numbers)
    for one in seen[:TOLD]:
        yield Reason(code="new_signature", about=about, numbers={"count": float(one.count)}, detail=one.name)


def _seen(cells: Series) -> list[_Seen]:
    """What *cells* had of each new signature, most events first."""
    found: dict[int, _Seen] = {}
    for cell in cells:
        for signature in cell.bucket.signatures:
            one = found.setdefault(signature.id, _Seen(signature.name))
            one.count += signature.count
            one.buckets += 1
            one.actors = max(one.actors, signature.actors)
    return sorted(found.values(), key=lambda one: (-one.count, one.name))
