"""What is told of new error signatures: how often they come by themselves, hashes and counts, and no word of a line."""

import pytest
from msgspec import structs

from bakewatch.model.habit import Habit, Novelty, Trust
from bakewatch.model.plan import Check, Criterion, Rule
from bakewatch.model.report import Standing
from bakewatch.model.timeline import Studied, Timeline
from bakewatch.model.verdict import Evidence, Outcome, Reason
from bakewatch.report import html, published
from bakewatch.report.compose import compose

from . import timelines as told

NEW = Check(name="new_errors", stream="edge_logs", rule=Rule.NOVELTY, title={"ko": "새 오류", "en": "New errors"})
PLAN = structs.replace(
    told.PLAN,
    checks=(*told.PLAN.checks, NEW),
    criteria=(*told.PLAN.criteria, Criterion(id="new", title="new", checks=("new_errors",))),
)
COUNTS = Novelty(trust=Trust.COUNTS, windows=212, surprised=3, upper=0.0363)
REFUSED = Novelty(windows=224, surprised=180, upper=0.85, why="too_novel")
SEEN = (
    Reason(code="new_signatures", about="check:new_errors", numbers={"signatures": 2.0, "count": 9.0}),
    Reason(code="new_signature", about="check:new_errors", numbers={"count": 8.0}, detail="0badcafe"),
)


def story(novelty: Novelty, one: Evidence) -> Timeline:
    """A bake that measured *novelty* first and weighed *one* in the end."""
    opened, *live = (*told.opened(PLAN), *told.live())
    habit = Habit(novelty=novelty, known=(111222333,), firsts=(1,), days=7.0)
    return (
        opened,
        Studied(at=told.at(0.25), habits={"new_errors": habit}),
        *live,
        *told.look(61, told.ENDS, (*told.all_healthy(), one), observations=told.answers(told.LIVE, told.ENDS)),
        told.concluded(told.ENDS, Outcome.PASS),
    )


def counting(**more: object) -> Evidence:
    """Two new ones."""
    per_minute = told.healthy("edge_volume", ratio=None, low=None, high=None)
    some = {"check": "new_errors", "count": 2, "base_count": 0, "reasons": SEEN, "could_see": 0.3, "target": 1.0}
    return structs.replace(per_minute, **some | more)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "appeared in 3 of 212 ordinary stretches as long as the bake (1.42 %; with 95 % confidence below 3.63 %)",
        ),
        ("en", ": it counts, it does not act"),
        ("ko", "새 오류 서명은 베이크 길이의 평소 구간 212개 중 3개에서 나타남 (1.42 %"),
        ("ko", "세기만 하고 스스로 되돌리지 않음"),
    ],
)
def test_how_often_they_come_by_themselves_is_one_sentence(language: str, words: str) -> None:
    assert words in html.render(compose(story(COUNTS, counting()), told.at(60)), language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "it counts, it does not act — history is too short for new signatures to act"),
        ("ko", "세기만 하고 스스로 되돌리지 않음 — 이력이 짧아 새 서명은 묻기만 함"),
    ],
)
def test_where_history_is_only_too_short_it_says_so(language: str, words: str) -> None:
    short = Novelty(trust=Trust.COUNTS, windows=48, surprised=0, upper=0.0605, why="short_novelty")
    assert words in html.render(compose(story(short, counting()), told.at(60)), language)


def test_what_is_new_is_told_by_its_hash_and_count() -> None:
    page = html.render(compose(story(COUNTS, counting()), told.at(60)), "en")
    assert "0badcafe" in page
    assert "error signatures were seen that history does not have (signatures 2, count 9)" in page


def test_what_is_known_stays_out_of_the_report() -> None:
    text = published.render(compose(story(COUNTS, counting()), told.at(60)))
    assert "111222333" not in text
    assert '"surprised": 3' in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "refused, it never fires — more than half of the ordinary stretches have a new signature"),
        ("ko", "판정에서 제외, 발동하지 않음 — 평소 구간의 절반 넘게 새 서명이 나타남"),
    ],
)
def test_a_refused_check_is_never_green_and_says_why(language: str, words: str) -> None:
    numbers = {"surprised": 180.0, "windows": 224.0}
    why = Reason(code="novelty_refused", about="check:new_errors", numbers=numbers, detail="too_novel")
    report = compose(story(REFUSED, Evidence(check="new_errors", fired=False, seen=1.0, reasons=(why,))), told.at(60))
    [check] = [one for criterion in report.criteria for one in criterion.checks if one.name == "new_errors"]
    assert check.standing is Standing.UNSURE
    assert words in html.render(report, language)
