from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.judge.sight import Sight, View
from bakewatch.model.bake import Watch
from bakewatch.model.plan import Bake, Check, Rule
from tests.unit.judge.bakes import CALLS, START, ZERO, now, plan, steady, watch

LOAD = Check(name="load", stream="database", rule=Rule.VOLUME, where="rollbacks")
AUTH = Check(name="auth", stream="auth", rule=Rule.VOLUME, where="user")
ACROSS = Check(name="across", stream="postgres", rule=Rule.PROPORTION, where="23505", of="calls", of_stream="edge")


def view(of: Watch, check: Check) -> View:
    """What *check* saw in the end."""
    return Sight(of, now(of)).view(check)


def codes(one: View) -> list[str]:
    """Why it does not see."""
    return [reason.code for reason in one.obstacles]


def test_a_stream_whose_canaries_return_is_seen_in_every_minute() -> None:
    one = view(watch(plan(ZERO), {}), ZERO)
    assert one.seen == frozenset(range(30))
    assert (one.share, one.blind, one.obstacles) == (1.0, frozenset(), ())


def test_a_stream_without_canaries_coming_back_is_blind() -> None:
    one = view(watch(plan(ZERO), {}, mute=["postgres"]), ZERO)
    assert (one.seen, codes(one)) == (frozenset(), ["blind"])
    assert len(one.blind) == 29  # the last minute is not overdue yet


def test_a_stream_without_a_canary_is_unproven_whatever_it_counts() -> None:
    one = view(watch(plan(AUTH), {"auth": steady(50)}), AUTH)
    assert (one.seen, codes(one)) == (frozenset(), ["unproven"])


def test_a_source_that_measures_by_itself_needs_no_canary() -> None:
    one = view(watch(plan(LOAD), {"load": steady(0, 10_000)}), LOAD)
    assert (one.share, codes(one)) == (1.0, [])


def test_a_check_over_two_streams_needs_both() -> None:
    assert view(watch(plan(ACROSS), {}), ACROSS).share == 1.0
    assert view(watch(plan(ACROSS), {}, mute=["edge"]), ACROSS).seen == frozenset()


def test_minutes_that_were_not_answered_are_not_seen() -> None:
    def silent(number: int, question: str) -> str:
        return "error" if number >= 40 else ""

    one = view(watch(plan(ZERO), {}, gap=silent), ZERO)
    assert one.seen == frozenset(range(19))
    assert codes(one) == ["provider_errors"]


def test_an_outage_that_later_looks_make_up_for_blinds_nothing() -> None:
    def silent(number: int, question: str) -> str:
        return "error" if 10 <= number < 18 else ""

    one = view(watch(plan(ZERO), {}, gap=silent), ZERO)
    assert (one.share, codes(one)) == (1.0, [])


@pytest.mark.parametrize(("every", "blind"), [(4, True), (6, False)])
def test_a_fifth_of_the_planned_looks_unanswered_is_the_same_as_blind(every: int, blind: bool) -> None:
    one = view(watch(plan(ZERO), {}, gap=lambda number, question: "error" if number % every == 0 else ""), ZERO)
    assert one.unanswered is blind


def test_five_unanswered_looks_in_a_row_are_the_same_as_blind() -> None:
    def from_look(first: int) -> bool:
        of = watch(plan(ZERO), {}, minutes=10, gap=lambda number, question: "error" if number >= first else "")
        return view(of, ZERO).unanswered

    assert from_look(16)
    assert not from_look(17)


def test_before_the_first_minute_is_over_nothing_was_seen() -> None:
    one = view(watch(plan(ZERO), {}, minutes=0.5), ZERO)
    assert (one.seen, one.blind, one.obstacles) == (frozenset(), frozenset(), ())


def test_a_minute_is_blind_only_when_its_lines_are_overdue() -> None:
    of = watch(plan(ZERO), {}, minutes=2, mute=["postgres"])
    assert len(Sight(of, START + timedelta(minutes=2)).view(ZERO).blind) == 1


def test_minutes_of_an_extension_make_up_for_blind_ones() -> None:
    def hole(number: int, question: str) -> str:
        return "error" if number < 3 else ""

    of = watch(plan(ZERO), {}, minutes=35, gap=hole, ends=START + timedelta(minutes=35))
    assert view(of, ZERO).share == 1.0


def test_lateness_is_learnt_from_canaries() -> None:
    punctual = watch(plan(ZERO), {}, minutes=5)
    late = watch(plan(ZERO), {}, minutes=8, late=timedelta(seconds=80))
    assert view(punctual, ZERO).settle == 41_000  # seen one look later, in a window that ended one second after it
    assert view(late, ZERO).settle == 101_000


def test_until_three_canaries_came_back_the_plan_says_how_late_lines_are() -> None:
    assert view(watch(plan(ZERO), {}, minutes=1), ZERO).settle == 60_000
    assert view(watch(plan(ZERO), {}, minutes=20, mute=["postgres"]), ZERO).settle == 60_000


def test_an_outage_does_not_pass_for_lateness() -> None:
    def silent(number: int, question: str) -> str:
        return "error" if 4 <= number < 12 else ""

    assert view(watch(plan(ZERO), {}, minutes=12, gap=silent), ZERO).settle == 41_000


def test_a_bake_shorter_than_a_minute_can_be_seen() -> None:
    of = plan(ZERO, bake=Bake(duration="30s"))
    one = view(watch(of, {}, minutes=0.5), ZERO)
    assert one.share == 1.0


def test_scaled_time_shortens_the_minute() -> None:
    of = plan(CALLS, time_scale=0.5)
    sight = Sight(watch(of, {}, minutes=15), START + timedelta(minutes=16))
    assert (len(sight.minutes), sight.planned) == (30, 30)


def test_transition_belongs_to_no_minute() -> None:
    of = watch(plan(ZERO), {}, minutes=10)
    later = structs.replace(of, started=START + timedelta(minutes=4))
    assert Sight(later, now(of)).view(ZERO).seen == frozenset(range(6))


class TestAway:
    """What the release stands on was missing, as a measured stream tells."""

    def _gone(self, code: str) -> Watch:
        def gap(number: int, question: str) -> str:
            return code if question == "load" and 10 <= number < 14 else ""

        rates = {"load": steady(100, 10_000), "calls": steady(5)}
        return watch(plan(LOAD, CALLS), rates, gap=gap)

    @pytest.mark.parametrize("code", ["unreachable", "restarted"])
    def test_what_was_counted_meanwhile_is_left_out_and_its_minutes_are_blind(self, code: str) -> None:
        of = self._gone(code)
        sight = Sight(of, now(of))
        assert set(range(30)) - sight.view(CALLS).seen == {4, 5, 6, 7}
        assert of.was_away(START + timedelta(minutes=5)) and not of.was_away(START + timedelta(minutes=8))

    @pytest.mark.parametrize("code", ["timeout", "no_connection_left", "forbidden"])
    def test_one_that_is_there_and_does_not_serve_excuses_nothing(self, code: str) -> None:
        of = self._gone(code)
        assert of.away() == ()
        assert Sight(of, now(of)).view(CALLS).seen == frozenset(range(30))

    def test_one_that_never_answered_excuses_nothing(self) -> None:
        of = watch(plan(LOAD), {}, gap=lambda number, question: "unreachable" if question == "load" else "")
        assert of.away() == ()

    def test_one_that_does_not_come_back_is_away_to_the_end(self) -> None:
        of = watch(plan(LOAD), {}, gap=lambda number, question: "unreachable" if number >= 10 else "")
        (span,) = of.away()
        assert span.start < START + timedelta(minutes=5) and of.was_away(START + timedelta(days=9))
