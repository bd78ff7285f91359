"""The requests of a journey's walks, for a page."""

from collections.abc import Iterator

from bakewatch.model.journey import JourneyRun, Step, Walked
from bakewatch.model.report import JourneyReport
from bakewatch.report.document import Inline, Steps, code, plain
from bakewatch.report.say import Speaker, number

_COLUMNS = ("steps.method", "steps.path", "steps.status", "steps.ms", "steps.code")


def steps(journey: JourneyReport, speaker: Speaker) -> Iterator[Steps]:
    """Those of the last walk, and of the first one that failed."""
    runs = (journey.last,) if journey.broken in (None, journey.last) else (journey.last, journey.broken)
    return (_walk(run, speaker) for run in runs if run is not None and run.steps)


def _walk(run: JourneyRun, speaker: Speaker) -> Steps:
    return Steps(
        title=speaker.say("steps.title", at=speaker.clock(run.at), walked=speaker.say(f"walked.{run.walked.value}")),
        head=tuple(speaker.say(column) for column in _COLUMNS),
        rows=tuple(_row(step, speaker) for step in run.steps),
        broken=run.walked is Walked.FAILED,
    )


def _row(step: Step, speaker: Speaker) -> tuple[Inline, ...]:
    status = plain(str(step.status)) if step.status else speaker.say("steps.no_answer")
    return plain(step.method), code(step.path), status, plain(number(step.ms)), code(step.code)
