"""Which canaries came back, and how long they took."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bakewatch.judge.series import Series
from bakewatch.model.bake import Watch
from bakewatch.model.observation import Bucket, CanarySent, to_ms
from bakewatch.model.plan import canary_name


@dataclass(frozen=True)
class Canaries:
    """The canaries that were sent into one stream, in milliseconds since 1970. One that could not be is none."""

    sent: tuple[int, ...]
    """In order of time."""
    returned: frozenset[int]

    @classmethod
    def of(cls, watch: Watch, stream: str, series: Mapping[str, Series]) -> "Canaries":
        """Those of *watch* in *stream*, sought in its newest answers."""
        sent = tuple(sorted(at for look in watch.looks for at in sent_in(look.canaries, stream)))
        cells = series.get(canary_name(stream), ())
        step = round(watch.plan.span(watch.plan.bake.bucket).total_seconds() * 1000)
        return cls(sent, frozenset(_found((cell.bucket for cell in cells), sent, max(1, step))))

    @property
    def missing(self) -> frozenset[int]:
        """Those that did not come back, or not yet."""
        return frozenset(self.sent) - self.returned

    def first_from(self, moment: int) -> int | None:
        """The first one sent at *moment* or later."""
        return next((at for at in self.sent if at >= moment), None)


def sent_in(canaries: Iterable[CanarySent], stream: str) -> list[int]:
    """When those for *stream* among *canaries* of a look were sent."""
    return [to_ms(one.at) for one in canaries if one.stream == stream and not one.problem]


def delays_of(watch: Watch, stream: str) -> Iterator[int]:
    """From sending each canary to the end of the first window whose answer contained it, in milliseconds.

    A canary that an unanswered question might have shown earlier teaches nothing.
    """
    name = canary_name(stream)
    sent: list[int] = []
    settled: set[int] = set()
    for look in watch.looks:
        sent += sent_in(look.canaries, stream)
        for answer in look.observations:
            if answer.question == name and answer.gap:
                settled.update(sent)
            elif answer.question == name:
                start, end = to_ms(answer.window.start), to_ms(answer.window.end)
                sent = [at for at in sent if at >= start]
                found = _found(answer.buckets, sent, max(1, round(answer.width * 1000)))
                yield from (end - at for at in found - settled)
                settled |= found


def _found(buckets: Iterable[Bucket], sent: Sequence[int], step: int) -> set[int]:
    """Those of *sent* (in order of time) that the *buckets* count.

    A line bears the time at which it was written, which is a little later than we sent it, or earlier by another
    clock: a canary may lie in its own bucket or in a neighbour of it.
    """
    left = {bucket.at: bucket.count + bucket.own for bucket in buckets}
    found: set[int] = set()
    for at in sent:
        own = at // step * step
        hit = next((bucket for bucket in (own, own + step, own - step) if left.get(bucket, 0) > 0), None)
        if hit is not None:
            left[hit] -= 1
            found.add(at)
    return found
