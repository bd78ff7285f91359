"""The chart of a check in words: its axes, its marks, what its colours mean, and what follows from it."""

from datetime import timedelta

from bakewatch.model.chart import Bar, Chart
from bakewatch.model.observation import from_ms
from bakewatch.model.plan import Rule
from bakewatch.model.report import CheckReport, Report, Standing
from bakewatch.report.document import TONE_OF, Figure, Inline, joined, plain, words_of
from bakewatch.report.drawing import Drawing, draw, moment_of
from bakewatch.report.say import Speaker, number
from bakewatch.report.telling.checks import found, ratio

_MOST_SPANS = 6
"""So many unseen stretches are told one by one."""


def figure(report: Report, check: CheckReport, chart: Chart, speaker: Speaker) -> Figure:
    """The *chart* of *check*."""
    drawing = draw(chart, alarming=check.standing is Standing.FAILED)
    marks = tuple(
        joined([plain(speaker.tick(one.at, seconds=True)), speaker.say(f"mark.{one.what.value}")], " ")
        for one in chart.marks
    )
    seconds = any(tick.value % 60 for tick in drawing.ticks)
    return Figure(
        title=speaker.words(check.title),
        about=speaker.say("chart.about", width=_width(chart, speaker), zone=speaker.zone(chart.start)),
        tone=TONE_OF[check.standing],
        drawing=drawing,
        lines=tuple((one.at, number(one.value)) for one in drawing.lines),
        ticks=tuple((one.at, speaker.tick(moment_of(one), seconds=seconds)) for one in drawing.ticks),
        marks=marks,
        legend=_legend(chart, drawing, speaker),
        description=words_of(joined([_highest(chart, speaker), *marks, _unseen(chart, speaker)], "; ")),
        evidence=(*joined(evidence(report, check, speaker), "; "), *plain(".")),
    )


def _width(chart: Chart, speaker: Speaker) -> Inline:
    if chart.width >= 60 and chart.width % 60 == 0:
        return speaker.say("span.whole", minutes=number(chart.width / 60))
    return speaker.say("span.seconds", seconds=number(chart.width))


def _legend(chart: Chart, drawing: Drawing, speaker: Speaker) -> tuple[tuple[str, Inline], ...]:
    """Only what is drawn."""
    usual = "legend.usual" if chart.usual and chart.usual.rate else "legend.usually_none"
    drawn = (
        ("count", "legend.count", drawing.counts),
        ("beyond", "legend.beyond", drawing.beyond),
        ("own", "legend.own", drawing.own),
        ("usual", usual, drawing.expected),
        ("blind", "legend.blind", drawing.blind),
    )
    return tuple((kind, speaker.say(entry)) for kind, entry, boxes in drawn if boxes)


def _highest(chart: Chart, speaker: Speaker) -> Inline:
    values = {"start": speaker.clock(chart.start), "end": speaker.clock(chart.end)}
    highest = max(chart.bars, key=_all, default=Bar(0, 0))
    if not _all(highest):
        return speaker.say("chart.nothing", **values)
    when = speaker.clock(from_ms(highest.start))
    return speaker.say("chart.highest", **values, most=number(_all(highest)), when=when)


def _all(bar: Bar) -> int:
    return bar.count + bar.own


def _unseen(chart: Chart, speaker: Speaker) -> Inline:
    if not chart.blind:
        return ()
    if len(chart.blind) > _MOST_SPANS:
        length = timedelta(milliseconds=sum(one.end - one.start for one in chart.blind))
        return joined([speaker.say("legend.blind"), speaker.span(length)], ": ")
    spans = [plain(f"{speaker.clock(from_ms(one.start))} – {speaker.clock(from_ms(one.end))}") for one in chart.blind]
    return joined([speaker.say("legend.blind"), joined(spans, ", ")], ": ")


def evidence(report: Report, check: CheckReport, speaker: Speaker) -> list[Inline]:
    """What was found, between which bounds the truth lies, and what would have been found."""
    return [found(report, check, speaker), *_bounds(check, speaker), _could_see(check, speaker)]


def _bounds(check: CheckReport, speaker: Speaker) -> list[Inline]:
    one = check.evidence
    if one is None:
        return []
    if check.rule is Rule.ZERO and one.count + one.own:
        return [speaker.say("chart.one_fails")]
    bounds = [speaker.say("facts.upper", upper=speaker.rate(check.upper, check.unit))] if check.upper else []
    if check.rule is Rule.ZERO:
        return bounds
    if one.base_exposure <= 0:
        return [*bounds, speaker.say("chart.no_baseline")]
    if one.ratio is not None:
        return [*bounds, speaker.say("chart.compared", ratio=ratio(one, speaker))]
    return [*bounds, speaker.say("chart.at_least", low=number(one.low))] if one.low else bounds


def _could_see(check: CheckReport, speaker: Speaker) -> Inline:
    if check.evidence is None:
        return ()
    if check.evidence.could_see is None:
        return speaker.say("chart.could_see_nothing") if not check.evidence.fired else ()
    return speaker.say("chart.could_see", could_see=speaker.effect(check, check.evidence.could_see))
