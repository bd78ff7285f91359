"""The chart of a check: its counts over event time, what was usual before, what was not seen, and what happened."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bakewatch.model.chart import Bar, Blind, Chart, Mark, Marked, Usual
from bakewatch.model.observation import Observation, from_ms, to_ms
from bakewatch.model.plan import Check, Rule, canary_name
from bakewatch.model.timeline import Confirmed
from bakewatch.model.verdict import Evidence
from bakewatch.report.series import Cell, Cells, cells, counted, exposure
from bakewatch.report.story import Story

MOST_BARS = 120
LEAD = 0.06
"""The share of the chart that lies before the deploy."""
_STEPS = (1, 2, 3, 6, 12, 18, 30, 60, 90, 180, 360)
"""So many buckets may make one bar: ten seconds each, these are even parts of minutes and hours."""


def chart(story: Story, check: Check, evidence: Evidence | None) -> Chart | None:
    """The chart of *check*; None when nothing was answered since the deploy."""
    known = cells(_answers(story, check.name))
    confirmed = story.bake.confirmed
    if not known or confirmed is None or confirmed.live_since is None:
        return None
    bucket = max(1, round(story.plan.span(story.plan.bake.bucket).total_seconds() * 1000))
    first, last = to_ms(confirmed.live_since), _end(story, known)
    width = bucket * next((step for step in _STEPS if (last - first) / (bucket * step) <= MOST_BARS), _STEPS[-1])
    marks = tuple(sorted(_marks(story, check, confirmed, evidence), key=lambda one: one.at.replace(microsecond=0)))
    start, end = min(one.at for one in marks), max([from_ms(last), *(one.at for one in marks)])
    return Chart(
        start=start - LEAD * (end - start),
        end=end,
        width=width / 1000,
        bars=tuple(_bars(story, check, known, width)),
        blind=_blind(story, check, known, first),
        usual=_usual(story, check),
        marks=marks,
    )


def _answers(story: Story, question: str) -> Iterator[Observation]:
    looks = (*story.bake.looks, *story.proof.looks)
    return (one for look in looks for one in look.observations if one.question == question)


def _end(story: Story, known: Cells) -> int:
    """The end of what is known; while the case is open, the planned end."""
    last = max(cell.end for cell in known.values())
    return last if story.ended is not None or story.ends is None else max(last, to_ms(story.ends))


def _bars(story: Story, check: Check, known: Cells, width: int) -> Iterator[Bar]:
    stream = story.plan.streams[check.stream]
    merged: dict[int, list[Cell]] = {}
    for at in sorted(known):
        merged.setdefault(at // width, []).append(known[at])
    for parts in merged.values():
        yield Bar(
            start=parts[0].start,
            end=parts[-1].end,
            count=sum(counted(cell, check) for cell in parts),
            own=sum(cell.bucket.own for cell in parts),
            exposure=round(sum(exposure(cell, check, stream) for cell in parts), 3),
        )


def _usual(story: Story, check: Check) -> Usual | None:
    """Rate and dispersion of the history's buckets."""
    if story.bake.baselined is None or check.rule is Rule.NOVELTY:  # of what is new nothing is usual
        return None
    plan, answers = story.plan, story.bake.baselined.observations
    stream = plan.streams[check.stream]
    past = cells(one for one in answers if one.question == check.name)
    pairs = [(counted(cell, check), exposure(cell, check, stream)) for cell in past.values()]
    return usual([pair for pair in pairs if pair[1] > 0])


def usual(pairs: Sequence[tuple[int, float]]) -> Usual | None:
    """From (count, exposure) of each bucket: the rate, and Pearson's chi-square over its degrees of freedom."""
    exposed = sum(of for _, of in pairs)
    if not exposed:
        return None
    rate = sum(count for count, _ in pairs) / exposed
    if not rate or len(pairs) < 2:
        return Usual(rate=rate)
    squares = sum((count - rate * of) ** 2 / (rate * of) for count, of in pairs)
    return Usual(rate=rate, dispersion=max(1.0, squares / (len(pairs) - 1)))


def _marks(story: Story, check: Check, confirmed: Confirmed, evidence: Evidence | None) -> Iterator[Mark]:
    if confirmed.live_since is not None:
        yield Mark(what=Marked.DEPLOYED, at=confirmed.live_since)
    yield Mark(what=Marked.CONFIRMED, at=confirmed.at)
    if evidence is not None and (evidence.fired or f"check:{check.name}" in story.culprits):
        yield from _beginning(story, confirmed, evidence)
    if story.fired:
        yield Mark(what=Marked.FIRED, at=story.fired[0].at)
    restored = story.proof.confirmed
    if restored is not None and restored.live_since is not None:
        yield Mark(what=Marked.UNDO_LIVE, at=restored.live_since)


def _beginning(story: Story, confirmed: Confirmed, evidence: Evidence) -> Iterator[Mark]:
    """The first event; or where a comparison found that the harm began, in minutes after the warm-up."""
    minute = next((one.numbers.get("minute") for one in evidence.reasons if one.code == "onset"), None)
    if minute is not None:
        after = story.plan.span(story.plan.bake.warm_up) + minute * story.plan.minute
        yield Mark(what=Marked.ONSET, at=confirmed.at + after)
    elif evidence.first_at is not None:
        yield Mark(what=Marked.FIRST_BAD, at=evidence.first_at)


def _blind(story: Story, check: Check, known: Cells, first: int) -> tuple[Blind, ...]:
    """From *first* on: what no answer covers, and the whole minutes in which a stream was not proved to flow."""
    spans, reached = [], first
    for at in sorted(known):
        spans.append((reached, known[at].start))
        reached = max(reached, known[at].end)
    if story.ended is None:
        spans.append((reached, _due(story, story.now)))
    for stream in dict.fromkeys((check.stream, check.of_stream or check.stream)):
        spans += _unproved(story, stream)
    return tuple(_united(spans))


def _due(story: Story, moment: datetime) -> int:
    """What is older should have come by *moment*."""
    return to_ms(moment - story.plan.span(story.plan.bake.settle))


def _unproved(story: Story, stream: str) -> Iterator[tuple[int, int]]:
    """The whole minutes of both watches in which no canary was sent into *stream*, or one did not come back."""
    if story.plan.streams[stream].measured:
        return
    back = cells(_answers(story, canary_name(stream)))
    for phase, ended in ((story.bake, story.ended), (story.proof, story.proved.at if story.proved else None)):
        if phase.confirmed is None:
            continue
        sent = [to_ms(one.at) for look in phase.looks for one in look.canaries if one.stream == stream]
        due, minute = _due(story, ended or story.now), max(1, round(story.plan.minute.total_seconds() * 1000))
        for start in range(to_ms(phase.confirmed.at), due - minute + 1, minute):
            ours = [at for at in sent if start <= at < start + minute]
            if not ours or not all(_came_back(back, at) for at in ours):
                yield start, start + minute


def _came_back(back: Cells, sent: int) -> bool:
    """A line bears a time a little off the one at which it was sent: it may lie in a neighbour of its bucket."""
    return any(
        cell.bucket.count + cell.bucket.own > 0
        for cell in back.values()
        if cell.start - (cell.end - cell.start) <= sent < cell.end + (cell.end - cell.start)
    )


def _united(spans: Iterable[tuple[int, int]]) -> Iterator[Blind]:
    """*spans* in order of time, none of them empty, those that touch made one."""
    last: Blind | None = None
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if last is not None and start > last.end:
            yield last
            last = None
        last = Blind(start=start if last is None else last.start, end=max(end, end if last is None else last.end))
    if last is not None:
        yield last
