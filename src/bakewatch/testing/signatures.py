"""Signatures of scripted lines, as a source would answer a question about them."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from bakewatch.model.observation import Bucket, Question, Signature, from_ms


def lines(
    written: Callable[[datetime, str], Iterable[int]], served: Callable[[datetime], str], start: int, end: int
) -> Counter[int]:
    """The signatures of what is *written* every ten seconds between two moments, in milliseconds."""
    moments = map(from_ms, range(-(-start // 10_000) * 10_000, end, 10_000))
    return Counter(one for moment in moments for one in written(moment, served(moment)))


def listed(question: Question, at: int, given: Counter[int], actors: int) -> Bucket:
    """A bucket of one line and of the signatures *given* that the question does not know yet."""
    if question.known is None:
        return Bucket(at=at, count=given.total(), of=1)
    new = {one: count for one, count in given.items() if one not in question.known}
    told = actors if new else 0
    rows = tuple(Signature(id=one, count=count, actors=told) for one, count in new.items())
    return Bucket(at=at, count=sum(new.values()), of=1, actors=told, signatures=rows)
