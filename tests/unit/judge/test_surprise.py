"""How often would new signatures have fired when nothing happened? That decides what they may do."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.judge import habits
from bakewatch.model.bake import Watch
from bakewatch.model.habit import Habit, Novelty, Trust
from bakewatch.model.observation import Bucket, Observation, Signature, Window, to_ms
from bakewatch.model.plan import Bake, Check, Rule
from bakewatch.stats.intervals import chance_of_first, share_bound
from bakewatch.stats.noise import PLAIN
from tests.unit.judge.bakes import CALLS, ERRORS, START, plan, watch

NEW = Check(name="new", stream="edge", rule=Rule.NOVELTY, public=False)
FIVE = timedelta(minutes=5)
WEEK = 7 * 288
"""Blocks of five minutes."""

USUAL = Bake()

Ids = Callable[[int], Iterable[int]]
"""Number of a block, from the end of history backwards (0 is the last one) -> its signatures."""


def listed(ids: Ids, blocks: int, *, first: int = 0, alive: Callable[[int], bool] = lambda back: True) -> Observation:
    """A history of so many *blocks* that ends *first* blocks before the deploy."""
    rows = []
    for back in reversed(range(first, first + blocks)):
        seen = tuple(Signature(one, 1) for one in ids(back))
        rows.append(Bucket(to_ms(START - (back + 1) * FIVE), len(seen), 9 if alive(back) else 0, signatures=seen))
    window = Window(START - (first + blocks) * FIVE, START - first * FIVE)
    return Observation(question="new", window=window, width=300.0, buckets=tuple(rows))


def bare(*checks: Check, bake: Bake = USUAL) -> Watch:
    return structs.replace(watch(plan(*checks), {}, minutes=1), plan=plan(*checks, bake=bake))


def studied(*answers: Observation, of: Watch | None = None) -> Habit:
    base = of or bare(NEW)
    return habits.study(structs.replace(base, baseline=answers))["new"]


def measured(ids: Ids, blocks: int = WEEK, of: Watch | None = None) -> Novelty:
    found = studied(listed(ids, blocks), of=of).novelty
    assert found is not None
    return found


def usual(back: int) -> Iterable[int]:
    """The same two errors all the time."""
    return (1, 2)


def every(blocks: int) -> Ids:
    """The usual ones, and one that was never seen before every so many blocks."""
    return lambda back: (1, 2, 1000 + back) if back % blocks == 0 else (1, 2)


def test_where_nothing_new_ever_comes_a_new_signature_acts() -> None:
    found = studied(listed(usual, WEEK))
    assert found.novelty == Novelty(trust=Trust.ACTS, windows=224, surprised=0, upper=round(share_bound(0, 224), 6))
    assert (found.known, found.firsts, found.days) == ((1, 2), (), 7.0)


def test_a_service_without_any_error_has_no_known_signature_and_acts() -> None:
    found = studied(listed(lambda back: (), WEEK))
    assert found.novelty is not None and found.novelty.trust is Trust.ACTS
    assert (found.known, found.noise) == ((), PLAIN)


def test_where_new_ones_come_by_themselves_they_only_count() -> None:
    found = measured(every(288))
    assert (found.trust, found.windows, found.surprised) == (Trust.COUNTS, 224, 5)
    assert found.rate == 5 / 224 < found.upper < 0.05


def test_one_surprise_in_a_week_is_more_than_a_share_of_one_percent_among_ten_checks() -> None:
    def once(back: int) -> Iterable[int]:
        return (1, 7) if back == 300 else (1,)

    assert measured(once).trust is Trust.ACTS
    many = bare(NEW, *(structs.replace(ERRORS, name=f"errors{number}") for number in range(2)))
    assert measured(once, of=many).trust is Trust.COUNTS


def test_what_came_in_the_first_third_is_only_learnt() -> None:
    def until(share: float) -> Novelty:
        return measured(lambda back: (back,) if back > WEEK * (1 - share) else (1,))

    assert until(0.3).surprised == 0
    assert until(0.5).surprised == 56


@pytest.mark.parametrize(
    ("hours", "trust", "why"),
    [
        (17, Trust.REFUSED, "short_history"),
        (18, Trust.COUNTS, "short_novelty"),
        (47, Trust.COUNTS, "short_novelty"),
        (48, Trust.ACTS, ""),
        (168, Trust.ACTS, ""),
    ],
)
def test_too_little_history_is_refused_and_less_than_two_days_only_count(hours: int, trust: Trust, why: str) -> None:
    found = measured(usual, hours * 12)
    assert (found.trust, found.why) == (trust, why)


def test_what_is_only_learnt_from_is_no_evidence_that_nothing_new_comes() -> None:
    """Among two checks a share of 0.5 % takes 74 replayed windows: 61 hours, of which a day is only learnt from."""
    two = bare(NEW, ERRORS)
    short, enough = (measured(usual, hours * 12, of=two) for hours in (60, 61))
    assert (short.trust, short.windows, short.why) == (Trust.COUNTS, 72, "short_novelty")
    assert (enough.trust, enough.windows, enough.why) == (Trust.ACTS, 74, "")
    assert chance_of_first(74) < 0.005 < chance_of_first(73)


def test_in_less_than_two_days_the_hour_of_the_bake_may_not_have_been_seen() -> None:
    """Windows of five minutes: 216 of 432 are replayed, which is plenty, and they are one and a half days."""
    brief = bare(NEW, bake=Bake(duration="5m"))
    found = measured(usual, 432, of=brief)
    assert (found.trust, found.windows, found.why) == (Trust.COUNTS, 216, "short_novelty")
    assert measured(usual, 576, of=brief).trust is Trust.ACTS


def test_where_new_ones_came_a_short_history_is_not_to_blame() -> None:
    found = measured(lambda back: (1, 7) if back == 30 else (1,), 24 * 12)
    assert (found.trust, found.surprised, found.why) == (Trust.COUNTS, 1, "")


def test_what_no_window_had_comes_in_the_next_with_a_chance_that_falls_with_their_number() -> None:
    for windows in (1, 36, 37, 336):
        chance = (windows / (windows + 1)) ** windows / (windows + 1)
        assert chance_of_first(windows) == pytest.approx(chance)
    assert chance_of_first(37) < 0.01 < chance_of_first(36)
    assert chance_of_first(0) == 1


def test_the_bound_of_a_share_is_exact() -> None:
    assert share_bound(0, 100) == pytest.approx(1 - 0.05**0.01)
    assert share_bound(3, 212) == pytest.approx(0.0363, abs=2e-4)
    assert share_bound(5, 5) == 1


def test_where_most_windows_have_a_new_one_newness_says_nothing() -> None:
    found = studied(listed(every(6), WEEK))
    assert found.novelty is not None
    assert (found.novelty.trust, found.novelty.why) == (Trust.REFUSED, "too_novel")
    assert found.novelty.rate == 1
    assert found.known == found.firsts == ()


def test_too_many_signatures_are_refused_and_not_kept() -> None:
    found = studied(listed(lambda back: range(2001) if back == WEEK - 1 else (1,), WEEK))
    assert found.novelty is not None
    assert (found.novelty.trust, found.novelty.why, found.known) == (Trust.REFUSED, "too_many_signatures", ())
    assert len(studied(listed(lambda back: range(2000) if back == WEEK - 1 else (1,), WEEK)).known) == 2000


def test_an_unanswered_history_is_refused() -> None:
    gap = Observation(question="new", window=Window(START - WEEK * FIVE, START), width=300.0, gap="timeout")
    for answers in ((), (gap,)):
        found = studied(*answers)
        assert found.novelty == Novelty(why="short_history")


def test_a_day_without_an_answer_is_no_quiet_day() -> None:
    late, early = listed(usual, 3 * 288), listed(usual, 3 * 288, first=4 * 288)
    found = studied(early, late).novelty
    assert found is not None and found.windows == 288 - 96


def test_windows_in_which_the_stream_was_silent_are_no_ordinary_ones() -> None:
    half = listed(lambda back: (), WEEK, alive=lambda back: back < 100 or back > WEEK // 2)
    found = studied(half).novelty
    assert found is not None and found.windows < 130


def test_windows_are_as_long_as_the_bake() -> None:
    assert measured(usual, of=bare(NEW, bake=Bake(duration="60m"))).windows == 112
    assert measured(usual, of=bare(NEW, bake=Bake(duration="7m"))).windows == 672


def test_first_appearances_of_the_last_hours_are_kept_in_order() -> None:
    found = studied(listed(every(24), WEEK))
    assert found.firsts == tuple(to_ms(START - (back + 1) * FIVE) for back in (24, 0))
    assert found.noise.phi >= 1


def test_other_checks_are_studied_as_ever() -> None:
    assert set(habits.study(bare(NEW, CALLS))) == {"new", "calls"}
