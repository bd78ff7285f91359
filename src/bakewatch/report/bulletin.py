"""A report as it is shown at a pull request and at a commit."""

from bakewatch.model.forge import Bulletin, Mark
from bakewatch.model.report import Report, Stage
from bakewatch.model.verdict import Ending, Outcome
from bakewatch.report import markdown, summary

_MARKS = {Ending.PASSED: Mark.SUCCESS, Ending.INCONCLUSIVE: Mark.NEUTRAL}


def bulletin(report: Report, language: str) -> Bulletin:
    """*report* in *language*: its summary, and all of it folded away below."""
    first, *rest = summary.lines(report, language)
    told = "\n".join(map(markdown.item, rest))
    whole = markdown.render(report, language)
    title = whole.partition("\n")[0].lstrip("# ")
    text = f"{markdown.strong(first)}\n\n{told}\n\n<details>\n<summary>{title}</summary>\n\n{whole}\n</details>\n"
    return Bulletin(
        bake_id=report.release.bake_id,
        commit=report.release.commit,
        pulls=report.release.pulls,
        mark=mark(report),
        title=first,
        text=text,
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
