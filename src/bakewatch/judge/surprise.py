"""Rule `novelty` on ordinary time: how often would it have fired when nothing happened?

History is cut into windows as long as a bake. After a first part, from which only is learnt what there is, each window
is asked whether a signature came in it that no earlier time had. That share decides what a new signature may do.
"""

from dataclasses import dataclass, field

from bakewatch.judge.measure import Measure, blocks, history
from bakewatch.judge.series import Series, first_seen
from bakewatch.judge.sight import Sight
from bakewatch.model.habit import Habit, Novelty, Trust
from bakewatch.model.plan import Check, Plan
from bakewatch.stats import noise, season
from bakewatch.stats.intervals import chance_of_first, share_bound
from bakewatch.stats.noise import BASELINES, BLOCK

FEWEST = 36
"""From fewer windows of history nothing is said: what they never had comes in the next with a chance above 1 %. With a
bake of 30 minutes they are 18 hours."""
DAYS = 2
"""With less than so many days of ordinary windows nothing acts: the hour of the bake may not have been seen before."""
MOST_KNOWN = 2000
"""Where there are more signatures, messages have no templates."""
MOST_NOVEL = 0.5
"""Where a larger share of windows has a new signature, newness says nothing."""


@dataclass
class _Window:
    """A stretch of history as long as a bake."""

    at: int
    blocks: int = 0
    """So many of its blocks were answered."""
    alive: bool = False
    """There was any line of the stream."""
    new: dict[int, int] = field(default_factory=dict)
    """Signatures that no earlier time had, and when they came."""


def surprises(sight: Sight, check: Check, share: float) -> Habit:
    """What `sight.past` tells of *check*, whose part of the false-alarm rate is *share*.

    A window that was not wholly answered, or in which the stream was silent, is no ordinary one: it speaks neither for
    the check nor against it.
    """
    past = history(sight, check)
    windows = _windows(sight, past)
    ordinary = [one for one in windows if one.alive and one.blocks == _size(sight.plan)]
    replayed = ordinary[_learning(sight.plan, len(ordinary)) :]
    surprised = sum(bool(one.new) for one in replayed)
    known = sorted({signature for one in windows for signature in one.new})
    trust, why = _trust(sight.plan, len(ordinary), surprised, len(known), share)
    novelty = Novelty(
        trust=trust,
        windows=len(replayed),
        surprised=surprised,
        upper=round(share_bound(surprised, len(replayed)), 6) if replayed else 1.0,
        why=why,
    )
    days = round(len(past) / season.DAY, 2)
    if trust is Trust.REFUSED:
        return Habit(days=days, novelty=novelty)
    since, lately = replayed[0].at, past[-1].end - sight.span(f"{BASELINES[-1]:g}m")
    firsts = sorted(at for one in windows if one.at >= since for at in one.new.values())
    counted = first_seen(tuple(cell for cell in past if cell.bucket.at >= since), firsts)
    _, count, exposure = blocks(sight, Measure(sight.plan, check), counted)
    return Habit(
        noise=noise.fit(count, exposure),
        days=days,
        novelty=novelty,
        known=tuple(known),
        firsts=tuple(at for at in firsts if at >= lately),
    )


def _trust(plan: Plan, ordinary: int, surprised: int, known: int, share: float) -> tuple[Trust, str]:
    """What a new signature may do; why, where it is refused, and where only a longer history would let it act.

    It may act when no larger *share* of the replayed windows had one, and they are so many that what they never had
    comes in the next with no larger chance. Those that are only learnt from cannot tell that nothing new comes.
    """
    replayed = ordinary - _learning(plan, ordinary)
    if ordinary < FEWEST:
        return Trust.REFUSED, "short_history"
    if known > MOST_KNOWN:
        return Trust.REFUSED, "too_many_signatures"
    if surprised > MOST_NOVEL * replayed:
        return Trust.REFUSED, "too_novel"
    if surprised > share * replayed:
        return Trust.COUNTS, ""
    long = ordinary * _size(plan) >= DAYS * season.DAY and chance_of_first(replayed) <= share
    return (Trust.ACTS, "") if long else (Trust.COUNTS, "short_novelty")


def _windows(sight: Sight, past: Series) -> list[_Window]:
    """The windows of *past*, in order."""
    width, size = sight.span(f"{BLOCK:g}m"), _size(sight.plan)
    known = set[int]()
    windows: dict[int, _Window] = {}
    for cell in past:
        at = cell.bucket.at
        one = windows.setdefault(at // width // size, _Window(at))
        one.blocks += 1
        one.alive = one.alive or cell.bucket.of > 0
        new = {signature.id for signature in cell.bucket.signatures} - known
        known |= new
        one.new |= dict.fromkeys(new, at)
    return list(windows.values())


def _size(plan: Plan) -> int:
    """The blocks of a window."""
    return max(1, -(-plan.span(plan.bake.duration) // plan.span(f"{BLOCK:g}m")))


def _learning(plan: Plan, windows: int) -> int:
    """From so many windows is only learnt: a third, and a day at least where there are two."""
    day = season.DAY // _size(plan)
    return max(windows // 3, min(day, windows // 2))
