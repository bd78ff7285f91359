"""How much of a file could be read, slot by slot of event time: a zero amid lines that nobody could read is no zero.

A line that cannot be read has no time of its own. It lies somewhere between the good lines around it in the file, so it
counts in every slot from the one to the other; at the end of a file, in every slot until the file was written last.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from bakewatch.model.observation import Observation, to_ms

SLOT = 10
"""Seconds."""

TOLERATED = 0.01
"""A slot in which a smaller share of the lines is malformed counts as read."""

BLIND, MANY = 0.5, 5
"""A slot in which such a share and so many lines are malformed was not seen, whatever was counted in it: below that,
what is counted is off by less than a factor of two, or by less than a rule needs to act."""

_PREFIX = len("2026-02-07 02:46:1")
"""Characters of a moment that name its slot."""

_FAR = 24 * 3600 // SLOT
"""Good lines that are further apart than so many slots have no time in common."""

_KEPT = 20_000
"""Slots that are remembered: more than two days."""


class Stretch(NamedTuple):
    """Slots that could not be read well enough, in milliseconds since 1970."""

    start: int
    end: int
    blind: bool


class _Judged(NamedTuple):
    unread: bool
    blind: bool


class Legible:
    """What could be read of one file."""

    def __init__(self) -> None:
        self._good: dict[int, int] = {}
        self._bad: dict[int, int] = {}
        self._at: int | None = None
        """The slot of the last good line."""
        self._pending = 0
        """Malformed lines since then."""
        self._barren = False
        """The lines that came last were all malformed."""
        self._prefix, self._slot = "", 0

    def good(self, moment: str) -> None:
        """A line of *moment* (UTC, `2026-02-07 02:46:18.123456`) was read."""
        prefix = moment[:_PREFIX]
        if prefix != self._prefix:  # neighbours share it, so the text is seldom parsed
            self._prefix = prefix
            self._slot = int(datetime.fromisoformat(f"{prefix}0").replace(tzinfo=UTC).timestamp()) // SLOT
        slot = self._slot
        if self._pending:
            first, last = sorted((slot if self._at is None else self._at, slot))
            for one in range(max(first, last - _FAR), last + 1):
                self._bad[one] = self._bad.get(one, 0) + self._pending
            self._pending = 0
        self._good[slot] = self._good.get(slot, 0) + 1
        self._at, self._barren = slot, False

    def bad(self, lines: int = 1) -> None:
        """So many *lines* were malformed."""
        self._pending += lines

    def came(self, good: int, bad: int) -> None:
        """So many lines were new when the file was read last."""
        if good or bad:
            self._barren = not good
        for slots in (self._good, self._bad):
            if len(slots) > 2 * _KEPT:
                for slot in sorted(slots)[:-_KEPT]:
                    del slots[slot]

    def stretches(self, start: int, end: int, written: float) -> Iterator[Stretch]:
        """What of the time from *start* to *end* (milliseconds since 1970) could not be read well enough.

        *written*: when the file was written last, in seconds since 1970.
        """
        first, last = start // (SLOT * 1000), -(-end // (SLOT * 1000))
        for slot in sorted(slot for slot in self._bad if first <= slot < last):
            yield from self._judged(slot, slot + 1, self._judge(slot))
        if self._pending:
            at = first if self._at is None else self._at
            until = max(int(written) // SLOT, first - 1 if self._at is None else self._at)
            unknown = self._at is None or self._barren
            judged = _Judged(True, True) if unknown else self._judge(at, self._pending)
            yield from self._judged(max(first, at), min(last, until + 1), judged)

    def _judged(self, first: int, last: int, judged: _Judged) -> Iterator[Stretch]:
        if judged.unread and first < last:
            yield Stretch(first * SLOT * 1000, last * SLOT * 1000, judged.blind)

    def _judge(self, slot: int, more: int = 0) -> _Judged:
        bad = self._bad.get(slot, 0) + more
        share = bad / (bad + self._good.get(slot, 0))
        return _Judged(share >= TOLERATED, share >= BLIND and bad >= MANY)


def read_from(answer: Observation, unread: Sequence[Stretch]) -> int:
    """From when on *answer* can be given in spite of its *unread* stretches, in milliseconds since 1970.

    1. What was counted in a stretch that is not blind stands: malformed lines do not undo what others say.
    2. Nothing else does: no zero, and no small number amid lines of which most are malformed.
    """
    step = max(1, round(answer.width * 1000))
    hits = [bucket.at for bucket in answer.buckets if bucket.count or bucket.own]
    blind = max((one.end for one in unread if one.blind), default=0)
    rest = [one for one in unread if one.end > blind]
    if any(blind <= at < one.end and one.start < at + step for one in rest for at in hits):
        return max(blind, to_ms(answer.window.start))
    return max([to_ms(answer.window.start), *(one.end for one in unread)])
