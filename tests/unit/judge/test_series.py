from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bakewatch.judge.series import fold, tally
from bakewatch.model.observation import Bucket, Observation, Window, from_ms, to_ms
from tests.unit.judge.bakes import START

T0 = to_ms(START)


def said(first: int, last: int, counts: dict[int, int], gap: str = "") -> Observation:
    """An answer over the ten-second buckets *first* to *last* (excluded)."""
    window = Window(from_ms(T0 + first * 10_000), from_ms(T0 + last * 10_000))
    rows = tuple(Bucket(T0 + number * 10_000, count) for number, count in counts.items())
    return Observation(question="q", window=window, width=10.0, buckets=rows, gap=gap)


def counts(*answers: Observation) -> list[int]:
    """The count of every known bucket, in order of time."""
    return [cell.bucket.count for cell in fold(answers).get("q", ())]


def test_a_bucket_that_is_not_listed_was_seen_and_had_no_event() -> None:
    assert counts(said(0, 3, {1: 4})) == [0, 4, 0]


def test_a_late_answer_replaces_its_bucket() -> None:
    assert counts(said(0, 3, {2: 1}), said(1, 5, {2: 7, 4: 1})) == [0, 0, 7, 0, 1]


def test_an_answer_that_no_longer_lists_a_bucket_replaces_it_too() -> None:
    assert counts(said(0, 3, {1: 9}), said(0, 4, {})) == [0, 0, 0, 0]


def test_a_gap_replaces_nothing() -> None:
    assert counts(said(0, 3, {1: 4}), said(0, 5, {}, gap="error")) == [0, 4, 0]


def test_only_gaps_are_no_series() -> None:
    assert fold([said(0, 3, {}, gap="error")]) == {}


def test_time_between_two_answers_that_nobody_covered_has_no_cell() -> None:
    starts = [(cell.bucket.at - T0) // 10_000 for cell in fold([said(0, 2, {}), said(4, 6, {})])["q"]]
    assert starts == [0, 1, 4, 5]


def test_a_bucket_that_is_covered_in_part_says_so() -> None:
    window = Window(START + timedelta(seconds=3), START + timedelta(seconds=14))
    first, second = fold([Observation(question="q", window=window, width=10.0)])["q"]
    assert (first.seconds, second.seconds) == (7.0, 4.0)


def test_a_tally_tells_our_own_events_apart() -> None:
    rows = (Bucket(T0, 2, 0, 1), Bucket(T0 + 10_000, 0, 0, 3), Bucket(T0 + 20_000))
    series = fold([Observation(question="q", window=Window(START, from_ms(T0 + 30_000)), width=10.0, buckets=rows)])[
        "q"
    ]
    assert (tally(series).count, tally(series).own) == (2, 4)
    assert (len(tally(series).hits), len(tally(series, with_own=True).hits)) == (1, 2)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 4), st.integers(0, 9), st.booleans()), max_size=8))
def test_every_bucket_holds_what_the_last_answer_said(steps: list[tuple[int, int, int, bool]]) -> None:
    """Against a plain model: windows end later and later, each begins somewhere before its end."""
    known: dict[int, int] = {}
    answers, end = [], 0
    for back, forward, count, failed in steps:
        end += forward
        first = max(0, end - forward - back)
        answers.append(said(first, end, {number: count for number in range(first, end)}, gap="x" if failed else ""))
        if failed:
            end -= forward
        else:
            known |= {number: count for number in range(first, end)}
    assert counts(*answers) == [known[number] for number in sorted(known)]
