"""Lines for logs: one per event, and of the looks only those that bring something new."""

from datetime import timedelta
from typing import get_args

import pytest
from msgspec import structs

from bakewatch.cli.lines import Lines, state_of
from bakewatch.model.observation import Observation, Window
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import Answered, Event, Prewalked, Timeline
from bakewatch.model.verdict import Evidence, Reason
from tests.unit.report import timelines as told


def said(timeline: Timeline) -> list[str]:
    lines: list[str] = []
    show = Lines(lines.append)
    for event in timeline:
        show("case", event)
    return lines


def looks(*evidence: tuple[Evidence, ...], **more: object) -> Timeline:
    """Looks every half minute."""
    events = [*told.opened(), *told.live()]
    for number, one in enumerate(evidence, start=1):
        moment = told.STARTED + timedelta(seconds=30 * number)
        events += told.look(number, moment, one, **{"journeys": (), **more})
    return tuple(events)


def look_numbers(lines: list[str]) -> list[int]:
    return [int(line.split()[2]) for line in lines if line.split()[1] == "look"]


@pytest.mark.parametrize("story", [*told.FINAL, *told.UNFINISHED])
def test_every_event_but_a_look_has_one_line(story: str) -> None:
    timeline = {**told.FINAL, **told.UNFINISHED}[story]()
    told_of = [event for event in timeline if type(event).__name__ not in ("Looked", "Weighed")]
    lines = said(timeline)
    assert len(lines) - len(look_numbers(lines)) == len(told_of)
    assert all("\n" not in line for line in lines)


def test_every_kind_of_event_can_be_said() -> None:
    sayable = {one for one in Lines.__dict__["_words"].dispatcher.registry if one is not object}
    assert sayable == set(get_args(Event))
    walked = Prewalked(at=told.at(0.3), run=told.walk("admin", told.at(0.3)))
    assert said((*told.opened(), walked))[-1] == "11:46:36  before     journey admin passed without the release"


def test_a_look_without_news_is_told_every_fifth_minute() -> None:
    lines = said(looks(*[told.all_healthy(0.5)] * 30))
    assert look_numbers(lines) == [1, 11, 21]


def test_minutes_are_those_of_the_plan() -> None:
    plan = structs.replace(told.PLAN, time_scale=0.1)
    timeline = (structs.replace(told.opened()[0], plan=plan), *looks(*[told.all_healthy(0.5)] * 4)[1:])
    assert look_numbers(said(timeline)) == [1, 2, 3, 4]


def test_what_changes_is_told_at_once_and_once() -> None:
    well, fired = told.all_healthy(0.5), (told.harmful(), *told.all_healthy(0.5)[1:])
    blind = tuple(structs.replace(one, reasons=(Reason(code="blind"),)) for one in well)
    lines = said(looks(well, well, fired, fired, blind, blind, well))
    assert look_numbers(lines) == [1, 3, 5, 7]
    told_of = [line.partition("look")[2] for line in lines if " look " in line]
    assert told_of[1].endswith("7 checks · api_400 16")
    assert told_of[2].endswith("7 checks · blind: every check")


def test_walks_and_gaps_are_told() -> None:
    gap = Observation(question="api_400", window=Window(told.LIVE, told.at(2)), width=10.0, gap="timeout")
    (line,) = [
        line
        for line in said(looks(told.all_healthy(), journeys=told.walks(told.at(2)), observations=(gap,)))
        if " look " in line
    ]
    assert line.endswith("look 1     7 checks · journeys 3/3 passed · gaps: timeout")


def test_the_first_look_after_the_undo_is_told() -> None:
    assert look_numbers(said(told.undone())) == [5, 1]


def test_cases_that_run_side_by_side_keep_their_own_zone_and_looks() -> None:
    lines: list[str] = []
    show = Lines(lines.append)
    plan = structs.replace(told.PLAN, service=structs.replace(told.PLAN.service, timezone="UTC"))
    for one, other in zip(told.running(), (told.opened(plan)[0], *told.running()[1:]), strict=True):
        show("one", one)
        show("two", other)
    assert len(look_numbers(lines)) == 2
    assert [line[:8] for line in lines[:2]] == ["11:46:24", "02:46:24"]


def test_a_line_does_nothing_to_the_terminal() -> None:
    answered = Answered(at=told.at(5), approved=True, by=CleanText("x\x1b[2J"), why=CleanText("a\nb\u202e"))
    (line,) = said((*told.asked(), answered))[-1:]
    assert not set(line) & {"\x1b", "\n", "\u202e"}


@pytest.mark.parametrize(
    ("evidence", "state"),
    [
        (told.harmful(), "fired"),
        (told.healthy("api_400", seen=0.0), "waits"),
        (told.healthy("api_400", seen=0.0, blind_minutes=3), "blind"),
        (told.healthy("api_400", reasons=(Reason(code="provider_errors"),)), "blind"),
        (told.healthy("api_400", could_see=None), "weak"),
        (told.healthy("api_400"), "ok"),
    ],
)
def test_a_row_is_in_one_of_five_states(evidence: Evidence, state: str) -> None:
    assert state_of(evidence) == state
