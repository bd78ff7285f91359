"""What every source promises: numbers or a gap, the same ones when asked again, and nothing lost by dying."""

import pytest

from bakewatch.model.observation import Observation
from tests.contract.source_rigs import DatabaseRig, LogRig, Rig

pytestmark = pytest.mark.real


@pytest.fixture(params=["chdb", "supabase", "postgres"])
def rig(request: pytest.FixtureRequest) -> Rig:
    made: Rig = request.getfixturevalue({"chdb": "logs", "supabase": "hosted", "postgres": "database"}[request.param])
    made.ask(made.question())  # a first look, so that what happens from now on lies between two
    return made


def total(answer: Observation) -> int:
    assert answer.gap == ""
    return sum(bucket.count for bucket in answer.buckets)


def test_there_is_one_answer_per_question_in_their_order(rig: Rig) -> None:
    rig.happen(3)
    names = ["c", "a", "b"]
    answers = rig.ask(*[rig.question(name) for name in names], seconds=5)
    assert [one.question for one in answers] == names
    assert {(one.window, one.width, one.gap) for one in answers} == {(rig.window(), 5.0, "")}
    assert answers[0].buckets == answers[1].buckets == answers[2].buckets
    assert rig.ask() == []


def test_what_happened_is_counted(rig: Rig) -> None:
    rig.happen(50)
    [answer] = rig.ask(rig.question())
    assert total(answer) == 50 if rig.exact else 50 <= total(answer) < 80


def test_buckets_lie_on_the_grid_of_their_width_in_order_and_in_the_window(rig: Rig) -> None:
    rig.happen(20)
    window = rig.window()
    for seconds in (0.001, 0.25, 10, 300, 86_400):
        [answer] = rig.ask(rig.question(), seconds=seconds)
        step, starts = round(seconds * 1000), [bucket.at for bucket in answer.buckets]
        assert starts and starts == sorted(set(starts))
        assert all(at % step == 0 for at in starts)
        assert window.start.timestamp() * 1000 - step < starts[0] <= starts[-1] < window.end.timestamp() * 1000
        assert all(bucket.count or bucket.of or bucket.own for bucket in answer.buckets)


def test_asking_again_gives_the_same_numbers(rig: Rig) -> None:
    rig.happen(5)
    [first] = rig.ask(rig.question(), seconds=0.001)
    [again] = rig.ask(rig.question(), seconds=0.001)
    assert set(first.buckets) <= set(again.buckets)
    assert not rig.exact or first == again


def test_nothing_is_lost_or_doubled_when_the_process_is_killed(rig: Rig) -> None:
    rig.happen(5)
    [before] = rig.ask(rig.question(), seconds=0.001)
    for _ in range(2):
        rig.worker.kill()
        [after] = rig.ask(rig.question(), seconds=0.001)
        assert set(before.buckets) <= set(after.buckets)
        assert not rig.exact or before == after


def test_a_source_that_cannot_answer_gives_gaps_and_never_zeros(rig: Rig) -> None:
    rig.happen(5)
    rig.unplug()
    answers = rig.ask(rig.question("a"), rig.question("b"))
    assert len(answers) == 2
    assert all(one.gap and not one.buckets for one in answers)
    rig.plug()
    [answer] = rig.ask(rig.question())
    assert total(answer) >= 5


def test_a_question_that_is_refused_is_a_gap_for_itself_alone(rig: Rig) -> None:
    rig.happen(5)
    refused, answered = rig.ask(rig.impossible(), rig.question())
    assert (refused.gap, refused.buckets) == ("bad_question", ())
    assert total(answered) >= 5


def test_an_empty_log_is_seen_to_be_empty(logs: LogRig) -> None:
    assert logs.count() == 0


def test_a_database_that_was_sampled_once_is_not_known_yet(database: DatabaseRig) -> None:
    [answer] = database.ask(database.question())
    assert (answer.gap, answer.buckets) == ("no_samples", ())
