"""From samples to answers: a question's `where` names a measure, and its answer is how much of it there was."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bakewatch.errors import ConfigError
from bakewatch.measured.samples import Interval, Sample, intervals
from bakewatch.model.observation import Bucket, Observation, Question, Window, to_ms

NO_SAMPLES = "no_samples"
"""The gap of a window that no two samples tell of."""

LATER = 0.1
"""Of an interval that tells of the past, at most this part may lie after it: the release could have been at work."""


@dataclass(frozen=True)
class Measure:
    """One counter, in the readings of its family."""

    family: str
    unit: int = 1
    alive: bool = False
    """Its family never stands still and is set to zero as one: what does not move is an old copy, and no quiet time."""


Measures = Mapping[str, Measure]
"""What a source may be asked for, by name."""


@dataclass(frozen=True)
class Answers:
    """Answers questions for *measures* out of *samples*."""

    measures: Measures
    samples: Sequence[Sample]
    troubles: Mapping[str, str]
    """The code of each family that could not be read just now."""

    def to(self, question: Question, window: Window, width: timedelta) -> Observation:
        """The answer to *question*.

        A bucket stands where an interval between two samples begins; its `of` is the length of the interval. An
        interval that began before the window is left out, lest the past be counted as present; only where the past
        is asked for it stands at the window's beginning.
        """
        buckets: tuple[Bucket, ...] = ()
        gap = "bad_question"
        measure, step = self.measures.get(question.where), max(1, round(width / timedelta(milliseconds=1)))
        if measure:
            gap = self.troubles.get(measure.family, "") or self._unsupported(question.where, measure)
        if measure and not gap:
            found = intervals(self.samples, measure.family, question.where, measure.unit, alive=measure.alive)
            buckets = buckets_of(found, window, step, question.past)
            gap = "" if buckets else NO_SAMPLES
        return Observation(question=question.name, window=window, width=step / 1000, buckets=buckets, gap=gap)

    def _unsupported(self, name: str, measure: Measure) -> str:
        newest = self.samples[-1].readings.get(measure.family) if self.samples else None
        return "" if newest and name in newest.counts else "unsupported"


def check(question: Question, measures: Measures) -> None:
    """`ConfigError` when *question* names none of *measures*, or asks for what counters cannot tell."""
    if question.signatures:
        right = "a stream of log lines"
        raise ConfigError("a database's counters have no messages to tell apart", where="stream", right=right)
    if question.where not in measures:
        raise ConfigError(f"no measure `{question.where}`", where="where", right=f"one of: {', '.join(measures)}")
    for name in ("of", "own", "actor", "healthy", "value", "distinct", "spread"):
        if getattr(question, name):
            raise ConfigError("cannot be asked of a database's counters", where=name, right="leave it out")


def buckets_of(found: Iterable[Interval], window: Window, step: int, past: bool) -> tuple[Bucket, ...]:
    """The buckets of *window*, *step* milliseconds wide; *past*: of a window that asks for the past."""
    start, end = to_ms(window.start), to_ms(window.end)
    sums: dict[int, Bucket] = {}
    for one in found:
        if one.end <= start or one.start >= end or (one.start < start and not past):
            continue
        if past and one.end - end > LATER * (one.end - one.start):
            continue
        at = max(one.start, start) // step * step
        before = sums.get(at, Bucket(at))
        sums[at] = Bucket(at, before.count + one.count, before.of + one.end - one.start)
    return tuple(sums[at] for at in sorted(sums))
