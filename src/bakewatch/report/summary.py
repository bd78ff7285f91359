"""A report in a few lines of plain text, for whoever prints it: nothing in them acts on a terminal."""

from bakewatch.model.report import CriterionReport, Report, Stage
from bakewatch.report.document import Inline, joined, plain, words_of
from bakewatch.report.inert import inert
from bakewatch.report.say import Speaker
from bakewatch.report.telling import broken, verdict
from bakewatch.report.telling.checks import summary
from bakewatch.report.telling.criteria import running_box
from bakewatch.report.telling.opening import pulls


def lines(report: Report, language: str) -> tuple[str, ...]:
    """The verdict, what was seen of each criterion, and how long production was broken."""
    speaker = Speaker(report, language)
    what = joined([plain(report.service), pulls(report, speaker)], " · ")
    told = [joined([what, verdict(report, speaker)], ": ")]
    told += [_criterion(report, one, speaker) for one in (*report.criteria, report.others) if one is not None]
    if report.broken is not None:
        told.append(joined([speaker.say("label.broken"), broken(report, speaker)], ": "))
    return tuple(inert(words_of(line)) for line in told)


def _criterion(report: Report, criterion: CriterionReport, speaker: Speaker) -> Inline:
    running = criterion.at is None and report.stage is not Stage.FINAL
    stands = running_box(report, speaker) if running else speaker.say(f"standing.{criterion.standing.value}")
    walked = [
        joined([speaker.words(one.title), speaker.say(f"standing.{one.standing.value}")], ": ")
        for one in criterion.journeys
    ]
    seen = joined([summary(criterion.checks, speaker), *walked], "; ")
    name = plain(criterion.id) or speaker.say("heading.others")
    return joined([joined([name, stands], ": "), seen], " — ")
