"""The live view: fits its terminal, is read without colour, and stays away where nobody looks at it."""

import io
from datetime import datetime, timedelta

import pytest
from msgspec import structs
from rich.cells import cell_len
from rich.console import Console

from bakewatch.cli.live import LiveView, language_of, wanted
from bakewatch.model.observation import Bucket, Observation, Window, to_ms
from bakewatch.model.timeline import Closed, Event, Opened, Timeline
from bakewatch.model.verdict import Reason
from tests.unit.report import timelines as told


def console_of(width: int = 80, height: int = 40, encoding: str = "utf-8", **environment: str) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    settings = {"TERM": "xterm-256color", **environment}
    return Console(
        file=file, width=width, height=height, force_terminal=True, record=True, legacy_windows=False, _environ=settings
    )


def board(timeline: Timeline, console: Console, language: str = "en", now: datetime | None = None) -> list[str]:
    """The boards after *timeline*, line by line."""
    view = LiveView(console_of(), language, lambda: now or timeline[-1].at)
    for event in timeline:
        view("case", event)
    console.print(view.boards())
    return console.export_text().splitlines()


def row(lines: list[str], title: str) -> str:
    return next(line for line in lines if title in line)


def test_it_says_how_far_it_is_and_how_each_check_stands() -> None:
    lines = board(told.running(), console_of())
    assert lines[0].startswith("live-event #1 a8719e7  watching the release")
    assert lines[1].endswith("12 of 30 min, until 12:18:03")
    assert row(lines, "400 errors").split()[:2] == ["✓", "ok"]
    assert "1,204" in row(lines, "API calls") and "40%" in row(lines, "API calls")


def test_every_state_is_told_by_a_mark_and_a_word() -> None:
    blind = structs.replace(told.healthy("api_409"), reasons=(Reason(code="blind"),))
    evidence = (
        told.harmful(),
        blind,
        told.healthy("edge_volume", could_see=500.0),
        told.healthy("auth_user", seen=0.0),
        told.healthy("auth_401"),
    )
    lines = board((*told.opened(), *told.live(), *told.look(2, told.at(3), evidence)), console_of())
    states = [" ".join(line.split()[:2]) for line in lines[3:]]
    assert states == ["✕ fired", "░ blind", "? weak", "… waits", "✓ ok"]
    assert "14+2" in lines[3]


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [20, 32, 40, 47, 48, 63, 64, 80, 120])
@pytest.mark.parametrize("story", [*told.FINAL, *told.UNFINISHED])
def test_no_line_is_wider_than_the_terminal(story: str, width: int, language: str) -> None:
    timeline = tuple(event for event in {**told.FINAL, **told.UNFINISHED}[story]() if not isinstance(event, Closed))
    lines = board(timeline, console_of(width), language)
    assert lines and all(cell_len(line) <= min(width, 80) for line in lines)


def test_korean_titles_keep_the_columns_straight() -> None:
    lines = board(told.running(), console_of(), "ko")
    ends = {cell_len(line[: line.index("%") + 1]) for line in lines if "%" in line}
    assert len(ends) == 1
    assert "400 에러" in "".join(lines) and "/auth/v1/user 호출량" in "".join(lines)


def seen_in(*counts: int | None) -> tuple[Observation, ...]:
    """An answer that counted these in the buckets since the deploy; None was not covered."""
    first, answers = to_ms(told.LIVE) // 10_000 * 10_000, []
    for place, count in enumerate(counts):
        start = datetime.fromtimestamp(first / 1000 + 10 * place, told.LIVE.tzinfo)
        buckets = (Bucket(at=first + 10_000 * place, count=count),) if count else ()
        window = Window(start, start + timedelta(seconds=10))
        gap = "timeout" if count is None else ""
        answers.append(Observation(question="api_400", window=window, width=10.0, buckets=buckets, gap=gap))
    return tuple(answers)


@pytest.mark.parametrize(("encoding", "drawn"), [("utf-8", "▁▂░█▁"), ("ascii", "_.#@_")])
def test_what_was_not_seen_is_not_drawn_as_none(encoding: str, drawn: str) -> None:
    look = told.look(2, told.at(3), (told.healthy("api_400"),), observations=seen_in(0, 1, None, 9, 0))
    lines = board((*told.opened(), *told.live(), *look), console_of(encoding=encoding))
    assert row(lines, "400 errors").split()[-1] == drawn


def test_no_colour_where_none_is_wanted() -> None:
    def written(no_color: str = "") -> str:
        console = console_of(NO_COLOR=no_color)
        view = LiveView(console, "en", lambda: told.at(14))
        for event in told.running():
            view("case", event)
        with console.capture() as captured:
            console.print(view.boards())
        return captured.get()

    assert "\x1b[32m" in written()
    assert not [code for code in range(30, 50) if f"\x1b[{code}m" in written("1")]


def test_where_rows_do_not_fit_the_worst_come_first() -> None:
    evidence = (*(told.healthy(one.name) for one in told.PLAN.checks[1:]), told.harmful())
    lines = board((*told.opened(), *told.live(), *told.look(2, told.at(3), evidence)), console_of(height=12))
    assert lines[3].startswith("✕ fired")


def test_a_person_is_told_how_to_answer_and_a_closed_case_leaves() -> None:
    assert "asks: bakewatch approve a8719e7, until 12:20:18" in board(tuple(told.asked()), console_of())[0]
    assert "undoing" in board(told.undoing(), console_of())[0]
    assert not "".join(board(told.passed(), console_of())).strip()


def test_several_cases_stand_one_below_the_other() -> None:
    view = LiveView(console_of(), "en", lambda: told.at(14))
    other = structs.replace(told.RELEASE, commit="e" * 40)
    for event in told.waiting():
        view("one", event)
        view("two", structs.replace(event, release=other) if isinstance(event, Opened) else event)
    console = console_of()
    console.print(view.boards())
    assert [line.split()[2] for line in console.export_text().splitlines()] == ["a8719e7", "eeeeeee"]


def test_what_a_plan_says_does_nothing_to_the_terminal() -> None:
    checks = (structs.replace(told.PLAN.checks[0], title="\x1b]0;owned\x07\u202e[bold]x"), *told.PLAN.checks[1:])
    opened: Event = structs.replace(told.opened()[0], plan=structs.replace(told.PLAN, checks=checks))
    text = "\n".join(board((opened, *told.running()[1:]), console_of(120)))
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert "[bold]x" in text


def test_only_news_are_printed_above_the_board() -> None:
    console = console_of()
    with LiveView(console, "en", lambda: told.at(14)) as view:
        for event in told.running():
            view("case", event)
        for number in range(25, 60):
            for event in told.look(number, told.at(20), told.all_healthy(0.5), journeys=()):
                view("case", event)
    assert console.export_text().count("  look ") == 1


@pytest.mark.parametrize(
    ("environment", "terminal", "expected"),
    [
        ({}, True, True),
        ({"CI": "false"}, True, True),
        ({"CI": "true"}, True, False),
        ({"CI": "1"}, True, False),
        ({}, False, False),
    ],
)
def test_it_stays_away_where_nobody_looks(environment: dict[str, str], terminal: bool, expected: bool) -> None:
    assert wanted(Console(force_terminal=terminal, _environ={"TERM": "xterm"}), environment) is expected


def test_a_dumb_terminal_gets_lines() -> None:
    assert not wanted(Console(force_terminal=True, _environ={"TERM": "dumb"}), {})


@pytest.mark.parametrize(
    ("environment", "language"),
    [({}, "en"), ({"LANG": "ko_KR.UTF-8"}, "ko"), ({"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en")],
)
def test_titles_are_in_the_language_of_the_terminal(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language
