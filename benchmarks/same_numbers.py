"""The example's bakes, judged from files by the embedded engine, asked again of hosted logs with the same lines."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from msgspec import structs

from bakewatch.durable import history
from bakewatch.model.bake import Watch, begin
from bakewatch.model.observation import Bucket, Observation, Window, to_ms
from bakewatch.model.timeline import Baselined, Concluded, Confirmation, Confirmed, Looked, Opened, Studied, Timeline
from bakewatch.testing.supabase import TOKEN, Project, StandIn
from bakewatch.vendors.supabase.logs import LogsSettings, SupabaseLogs
from benchmarks.table import Row

FIGURE = "the example's bakes: numbers in the timeline that hosted logs give otherwise"
AT_ONCE = 5000
SOURCE = "logs"

Numbers = dict[tuple[str, int], Bucket]
"""By question and start of the bucket."""


def same_numbers(demo: Path) -> Row:
    """What two engines say of the same lines. *demo*: the folder of a finished demonstration of the example."""
    data = demo / ".bakewatch" / "data"
    cases = [one.id for one in history.cases(data)] if data.is_dir() else []
    if not cases:
        return Row(FIGURE, "0", f"not run: no cases in {demo}", False)
    compared, different = 0, list[str]()
    with StandIn(Project(_now)) as server:
        server.limits.totals.clear()
        server.limits.totals[""] = 10_000
        for lines in _chunks(_lines(demo / "logs")):
            server.logs.write(*lines)
        settings = LogsSettings(project=server.project.ref, api=server.url, queries_per_minute=120)
        hosted = SupabaseLogs(settings, TOKEN, _now)
        for name in cases:
            for recorded, told in _pairs(history.timeline(data, name), hosted):
                compared += len(recorded | told)
                different += [key[0] for key in recorded | told if recorded.get(key) != told.get(key)]
    names = ", ".join(sorted(set(different)))
    value = f"{len(different)} of {compared} buckets in {len(cases)} bakes" + (f": {names}" if names else "")
    return Row(FIGURE, "0", value, compared > 0 and not different)


def _now() -> datetime:
    return datetime.now(UTC)


def _lines(folder: Path) -> Iterator[dict[str, object]]:
    for path in sorted(folder.glob("*.ndjson")):
        with path.open() as file:
            yield from map(json.loads, file)


def _chunks(lines: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    while some := list(islice(lines, AT_ONCE)):
        yield some


def _pairs(timeline: Timeline, hosted: SupabaseLogs) -> Iterator[tuple[Numbers, Numbers]]:
    """What was recorded before the deploy and during the bake, and what hosted logs say of the same times."""
    watch = _watch(timeline)
    if watch is None:
        return
    asked = {one.name: one for one in watch.questions() if watch.plan.source_of(one) == SOURCE}
    before = [one for one in watch.baseline if one.question in asked and not one.gap]
    for window in {one.window for one in before}:
        these = [one for one in before if one.window == window]
        told = hosted.observe([asked[one.question] for one in these], window, timedelta(seconds=these[0].width))
        yield _folded(these), _folded(told)
    looked = [one for look in watch.looks for one in look.observations if one.question in asked and not one.gap]
    names = sorted({one.question for one in looked})
    # What may still have been late when it was asked last is left out.
    end = max(one.window.end for one in looked) - watch.plan.span(watch.plan.bake.lateness)
    window = Window(watch.live_since, max(one.window.end for one in looked))
    told = hosted.observe([asked[one] for one in names], window, watch.plan.span(watch.plan.bake.bucket))
    yield _until(end, _folded(looked)), _until(end, _folded(told))


def _folded(answers: Sequence[Observation]) -> Numbers:
    """What *answers* say together: a later one replaces what an earlier one said of the same time."""
    numbers: Numbers = {}
    for answer in answers:
        assert not answer.gap, answer.gap
        start, end = to_ms(answer.window.start) - round(answer.width * 1000), to_ms(answer.window.end)
        for key in [key for key in numbers if key[0] == answer.question and start < key[1] < end]:
            del numbers[key]
        numbers |= {(answer.question, one.at): one for one in answer.buckets}
    return numbers


def _until(end: datetime, numbers: Numbers) -> Numbers:
    return {key: one for key, one in numbers.items() if key[1] < to_ms(end)}


def _watch(timeline: Timeline) -> Watch | None:
    """The bake of *timeline*, with what was learnt before it."""
    opened, watch = timeline[0], None
    assert isinstance(opened, Opened)
    for place, event in enumerate(timeline):
        if isinstance(event, Confirmed) and event.confirmation is Confirmation.LIVE and not event.undo:
            watch = begin(opened.plan, opened.release, timeline[:place], event.at, event)
        elif watch is not None and isinstance(event, Looked):
            watch = structs.replace(watch, looks=(*watch.looks, event))
        elif isinstance(event, Concluded):
            break
    if watch is None:
        return None
    for event in timeline:
        if isinstance(event, Baselined):
            watch = structs.replace(watch, baseline=event.observations, levels=event.levels)
        elif isinstance(event, Studied):
            watch = structs.replace(watch, habits=event.habits)
    return watch
