"""A report as it is shown at a pull request and at a commit."""

from bakewatch.model.forge import ANSWERS, COMMAND, Bulletin, Mark, Trace
from bakewatch.model.report import Report, Stage
from bakewatch.model.rollback import Layer
from bakewatch.model.timeline import Timeline
from bakewatch.model.verdict import Ending, Outcome
from bakewatch.report import markdown, summary
from bakewatch.report.document import code
from bakewatch.report.say import Speaker
from bakewatch.report.story import read

_MARKS = {Ending.PASSED: Mark.SUCCESS, Ending.INCONCLUSIVE: Mark.NEUTRAL}


def bulletin(report: Report, language: str, trace: Trace) -> Bulletin:
    """*report* in *language*: its summary, how to answer where it asks, and all of it folded away below."""
    first, *rest = summary.lines(report, language)
    told = "\n".join(map(markdown.item, rest))
    whole = markdown.render(report, language)
    title = whole.partition("\n")[0].lstrip("# ")
    asked = _question(report, language)
    told = f"{markdown.strong(first)}\n\n{asked}{told}"
    text = f"{told}\n\n<details>\n<summary>{title}</summary>\n\n{whole}\n</details>\n"
    return Bulletin(
        bake_id=report.release.bake_id,
        commit=report.release.commit,
        pulls=report.release.pulls,
        mark=mark(report),
        title=first,
        text=text,
        trace=trace,
    )


def _question(report: Report, language: str) -> str:
    """How the question is answered at the pull request; nothing while none is open there."""
    until = report.undo.asked_until
    if report.stage is not Stage.ASKING or until is None or not report.release.pulls:
        return ""
    speaker = Speaker(report, language)
    words = {answer: code(f"{COMMAND} {answer}") for answer in ANSWERS}
    return f"> {markdown.line(speaker.say('text.answer', until=speaker.time(until), **words))}\n\n"


def trace(timeline: Timeline) -> Trace:
    """What a machine without the record must know of *timeline*."""
    story = read(timeline)
    confirmed, verdict = story.bake.confirmed, story.concluded.verdict if story.concluded else None
    failed = verdict if verdict is not None and verdict.outcome is Outcome.FAIL else None
    moves = [one.rollback for one in story.rolled_back if one.rollback.layer is Layer.PLATFORM]
    return Trace(
        attempt=story.opened.attempt,
        live_since=confirmed.live_since if confirmed is not None and story.live else None,
        triggers=failed.triggers if failed is not None else (),
        culprits=tuple(one.about for one in failed.reasons) if failed is not None else (),
        back=next((one.deployment for one in moves if not one.problem), ""),
        ending=story.closed.ending if story.closed is not None else None,
    )


def mark(report: Report) -> Mark:
    """How the case stands: no mark but that of a pass is a good one, and only a harmful release gets a bad one."""
    if report.stage is not Stage.FINAL and report.outcome is None:
        return Mark.PENDING
    if report.ending in _MARKS:
        return _MARKS[report.ending]
    if report.outcome is Outcome.FAIL:
        return Mark.FAILURE
    return Mark.SUCCESS if report.outcome is Outcome.PASS else Mark.NEUTRAL
