"""Charts: what is known of each bucket, what was usual, what was not seen, what happened, and where it is drawn."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bakewatch.model.chart import Bar, Blind, Chart, Mark, Marked, Usual
from bakewatch.model.observation import Bucket, CanarySent, Observation, Window, from_ms, to_ms
from bakewatch.model.plan import Check, Rule, Stream
from bakewatch.model.report import CheckReport, Report
from bakewatch.model.timeline import Event
from bakewatch.model.verdict import Reason
from bakewatch.report import html, markdown, published
from bakewatch.report.charts import MOST_BARS, usual
from bakewatch.report.compose import compose
from bakewatch.report.drawing import draw, tallest
from bakewatch.report.series import cells, counted, exposure
from bakewatch.report.story import read

from . import timelines as told
from .test_inert import Tags


def check_of(report: Report, name: str) -> CheckReport:
    parts = [*report.criteria, *([report.others] if report.others else [])]
    return next(check for criterion in parts for check in criterion.checks if check.name == name)


def chart_of(timeline: tuple[Event, ...], name: str = "api_400", now: datetime | None = None) -> Chart:
    chart = check_of(compose(timeline, now), name).chart
    assert chart is not None
    return chart


def answer(start: float, end: float, *buckets: Bucket, gap: str = "") -> Observation:
    window = Window(from_ms(round(start * 1000)), from_ms(round(end * 1000)))
    return Observation(question="q", window=window, width=10.0, buckets=buckets, gap=gap)


def test_the_newest_answer_about_a_bucket_counts_and_a_gap_covers_nothing() -> None:
    known = cells(
        [
            answer(3, 30, Bucket(at=0, count=1), Bucket(at=10_000, count=2)),
            answer(10, 45, Bucket(at=10_000, count=5)),
            answer(40, 90, gap="timeout"),
        ]
    )
    assert {at: cell.bucket.count for at, cell in known.items()} == {0: 1, 10_000: 5, 20_000: 0, 30_000: 0, 40_000: 0}
    assert (known[0].start, known[0].end, known[40_000].end) == (3_000, 10_000, 45_000)


def test_a_count_is_told_against_what_the_rule_counts_it_against() -> None:
    (cell,) = cells([answer(0, 10, Bucket(at=0, count=7, of=40, spread=(3, 0, 2)))]).values()
    stream = Stream(source="logs")

    def against(rule: Rule, of: str = "", measured: bool = False) -> tuple[int, float]:
        check = Check(name="q", stream="s", rule=rule, of=of)
        return counted(cell, check), exposure(cell, check, structs.replace(stream, measured=measured))

    assert against(Rule.VOLUME) == (7, 10.0)
    assert against(Rule.PROPORTION, of="true") == against(Rule.SLOWER) == (7, 40.0)
    assert against(Rule.VOLUME, measured=True) == (7, 0.04)
    assert against(Rule.AMPLIFICATION) == (9, 5.0)


@pytest.mark.parametrize("story", [*told.FINAL, *told.UNFINISHED])
def test_a_chart_adds_up_to_what_was_counted_in_few_bars(story: str) -> None:
    timeline = {**told.FINAL, **told.UNFINISHED}[story]()
    sorted_out = read(timeline)
    for check in told.PLAN.checks:
        chart = check_of(compose(timeline), check.name).chart
        looks = (*sorted_out.bake.looks, *sorted_out.proof.looks)
        known = cells(one for look in looks for one in look.observations if one.question == check.name)
        assert (chart is None) == (not known)
        if chart is not None:
            assert len(chart.bars) <= MOST_BARS + 2
            assert sum(bar.count for bar in chart.bars) == sum(cell.bucket.count for cell in known.values())
            assert sum(bar.own for bar in chart.bars) == sum(cell.bucket.own for cell in known.values())


def test_a_case_that_was_never_live_has_no_chart() -> None:
    assert "<figure" not in html.render(compose(told.never_deployed()), "en")


def test_marks_say_what_happened_in_order() -> None:
    chart = chart_of(told.undone())
    assert [mark.what for mark in chart.marks] == [
        Marked.DEPLOYED,
        Marked.FIRST_BAD,
        Marked.CONFIRMED,
        Marked.FIRED,
        Marked.UNDO_LIVE,
    ]
    assert chart.start < chart.marks[0].at < chart.marks[-1].at < chart.end


def test_harm_that_began_later_is_marked_where_the_comparison_found_it() -> None:
    onset = Reason(code="onset", about="check:api_409", numbers={"minute": 11.5})
    late = told.healthy("api_409", fired=True, reasons=(onset,), first_at=told.at(4))
    seen = told.answers(told.LIVE, told.at(20))
    timeline = (*told.opened(), *told.live(), *told.look(40, told.at(20), (late,), observations=seen))
    (mark,) = [mark for mark in chart_of(timeline, "api_409").marks if mark.what is Marked.ONSET]
    assert mark.at == told.STARTED + timedelta(minutes=1.5 + 11.5)


def test_what_no_answer_covers_and_what_no_canary_proves_is_blind() -> None:
    def story(moment: datetime, *canaries: CanarySent, lost: bool = False) -> Chart:
        seen = [*told.answers(told.LIVE, told.at(5)), *told.answers(told.at(8), told.at(12))]
        if lost:
            seen = [structs.replace(one, buckets=()) if one.question.startswith("canary") else one for one in seen]
        looked = told.look(9, told.at(12), (), observations=tuple(seen), canaries=canaries)
        return chart_of((*told.opened(), *told.live(), *looked), now=moment)

    minutes = [CanarySent(stream="edge_logs", at=told.at(1.8 + minute)) for minute in range(20)]
    between = Blind(to_ms(told.at(5)), to_ms(told.at(8)) // 10_000 * 10_000)
    assert between.start in range(story(told.at(12), *minutes).blind[0].start, between.end)
    assert len(story(told.at(12), *minutes).blind) == 1
    assert sum(one.end - one.start for one in story(told.at(12)).blind) >= 9 * 60_000
    unproved = story(told.at(12), *minutes, lost=True)
    assert [one.start for one in unproved.blind] == [to_ms(told.STARTED)]
    assert story(told.at(25), *minutes).blind[-1].end == to_ms(told.at(24))


def test_what_was_usual_is_the_rate_with_the_spread_of_the_history() -> None:
    assert usual([]) is None
    assert usual([(0, 10.0)] * 5) == Usual(rate=0.0)
    even = usual([(10, 10.0)] * 5)
    assert even == Usual(rate=1.0, dispersion=1.0)
    wild = usual([(0, 10.0), (20, 10.0)] * 5)
    assert wild is not None
    assert wild.rate == 1.0
    assert wild.dispersion == pytest.approx(100 / 10 * 10 / 9)
    assert Usual(rate=0.4, dispersion=4.0).band(10.0) == (0.0, 4.0, 12.0)
    assert Usual(rate=0.0).band(10.0) == (0.0, 0.0, 0.0)


def test_history_is_what_its_answers_cover() -> None:
    def rate(observations: tuple[Observation, ...]) -> float | None:
        history = structs.replace(told.opened()[1], observations=observations)
        chart = chart_of((told.opened()[0], history, *told.passed()[2:]), "edge_volume")
        return chart.usual.rate if chart.usual else None

    lived = told.answers(told.at(-120), told.at(0), 300.0)
    assert rate(lived) == pytest.approx(4.0, rel=0.05)
    never = Window(told.at(0), told.at(0))
    assert rate(tuple(structs.replace(one, buckets=(), window=never) for one in lived)) is None
    assert rate(()) is None


moments = st.integers(0, 7_200_000)


@given(
    st.lists(st.tuples(moments, st.integers(0, 10**6), st.integers(0, 99)), max_size=40),
    st.lists(moments, max_size=6),
    st.integers(1, 7_200_000),
    st.sampled_from([None, 0.0, 0.3, 1000.0]),
)
def test_everything_is_drawn_within_the_picture(
    bars: list[tuple[int, int, int]], marks: list[int], length: int, rate: float | None
) -> None:
    chart = Chart(
        start=from_ms(0),
        end=from_ms(length),
        width=10.0,
        bars=tuple(Bar(at, at + 10_000, count, own, 10.0) for at, count, own in sorted(bars)),
        blind=(Blind(0, length),),
        usual=None if rate is None else Usual(rate=rate),
        marks=tuple(Mark(what=Marked.FIRED, at=from_ms(at)) for at in sorted(marks)),
    )
    drawing = draw(chart, alarming=True)
    boxes = (*drawing.blind, *drawing.band, *drawing.expected, *drawing.counts, *drawing.beyond, *drawing.own)
    for box in boxes:
        assert box.x >= 0 and box.x + box.width <= 100.01
        assert box.y >= 0 and box.y + box.height <= drawing.base + 1
    assert len(drawing.ticks) <= 6 and len(drawing.lines) <= 4
    for one, other in zip(drawing.pins, drawing.pins[1:], strict=False):
        assert one.y != other.y or other.x - one.x >= 5


def test_bars_outside_of_what_was_usual_are_told_apart_only_where_it_failed() -> None:
    chart = structs.replace(chart_of(told.undone()), usual=Usual(rate=0.0))
    assert tallest(chart) == 2
    assert not draw(chart).beyond
    assert len(draw(chart, alarming=True).beyond) == 9


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_chart_can_be_heard_and_is_no_part_of_the_markdown(language: str) -> None:
    report = compose(told.undone())
    page = Tags(html.render(report, language))
    charts = [dict(attributes) for tag, attributes in page.found if tag == "svg" and dict(attributes).get("role")]
    assert len(charts) == len(told.PLAN.checks)
    assert all(one["role"] == "img" for one in charts)
    tags = [tag for tag, _ in page.found]
    assert tags.count("desc") == len(charts)
    assert tags.count("title") == len(charts) + 1
    said = "".join(page.text)
    first_bad = {"en": "11:47:54 first bad event", "ko": "11:47:54 첫 이상 발생"}[language]
    assert said.count(first_bad) == 2, "once to be heard, once to be read"
    assert first_bad not in markdown.render(report, language)


def test_a_chart_ends_with_a_sentence_of_evidence() -> None:
    page = "".join(Tags(html.render(compose(told.passed()), "en")).text)
    assert (
        "0 of 1,204 (0 %); with 95 % confidence below 0.25 %; "
        "anything from 0.31 % on would have been found with 95 % chance." in page
    )
    assert "1.01 times (99 % interval 0.94 – 1.09) the rate before the deployment; anything from" in page
    page = "".join(Tags(html.render(compose(told.undone()), "en")).text)
    assert "14 of 240 (5.83 %); 2 of our own traffic, counted apart; a single one is too many; anything from" in page


def test_the_walk_that_failed_is_listed_with_its_last_request_marked() -> None:
    page = Tags(html.render(compose(told.regressed()), "en"))
    assert page.found.count(("tr", [("class", "bad broken")])) == 1
    assert page.found.count(("table", [("class", "steps")])) == len(told.PLAN.journeys)


def test_the_published_form_carries_the_charts() -> None:
    report = compose(told.undone())
    assert msgspec.json.decode(published.render(report), type=Report) == report
    assert "Chart" in str(published.schema()["$defs"].keys())
