"""New signatures since the deploy: when they fire, when they only count, and when nothing is said."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.judge import cure, foresight, rules, triggers, verdict
from bakewatch.judge.sight import Sight
from bakewatch.model.bake import Watch
from bakewatch.model.habit import Habit, Novelty, Trust
from bakewatch.model.observation import Bucket, Observation, Signature, Window, to_ms
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.model.verdict import Evidence, Outcome, Permission
from tests.unit.judge.bakes import START, now, plan, steady, watch
from tests.unit.judge.test_surprise import WEEK, listed, studied

NEW = Check(name="new", stream="edge", rule=Rule.NOVELTY, public=False)

Seen = Callable[[float], Sequence[tuple[int, int]]]
"""(minutes after the deploy) -> (id, actors) of what a bucket of ten seconds has, once each."""

ACTS = Novelty(trust=Trust.ACTS, windows=224)
COUNTS = Novelty(trust=Trust.COUNTS, windows=224, surprised=5)
REFUSED = Novelty(windows=224, surprised=180, why="too_novel")


def at(*minutes: float, ids: Iterable[int] = (7,), actors: int = 0) -> Seen:
    """Those signatures in the buckets that begin so many minutes after the deploy."""
    chosen = tuple((one, actors) for one in ids)
    return lambda minute: chosen if any(abs(minute - one) < 0.01 for one in minutes) else ()


def bake(seen: Seen, novelty: Novelty, of: Plan | None = None, **rest: object) -> Watch:
    """A watch whose looks list *seen*, with what was measured before."""
    made = watch(of or plan(NEW), {}, past={"new": steady(4)}, **rest)  # type: ignore[arg-type]
    looks = tuple(
        structs.replace(look, observations=tuple(_listing(one, seen) for one in look.observations))
        for look in made.looks
    )
    return structs.replace(made, looks=looks, habits={"new": Habit(novelty=novelty, known=(1, 2), days=7.0)})


def _listing(one: Observation, seen: Seen) -> Observation:
    if one.question != "new" or one.gap:
        return one
    rows = []
    for bucket in one.buckets:
        some = tuple(Signature(id_, 1, actors) for id_, actors in seen((bucket.at - to_ms(START)) / 60_000))
        rows.append(Bucket(bucket.at, len(some), 9, actors=max((s.actors for s in some), default=0), signatures=some))
    return structs.replace(one, buckets=tuple(rows))


def weighed(of: Watch) -> Evidence:
    (one,) = rules.weigh(of, now(of))
    return one


def codes(one: Evidence) -> set[str]:
    return {reason.code for reason in one.reasons}


def test_nothing_new_is_a_pass() -> None:
    made = bake(at(), ACTS)
    one = weighed(made)
    assert (one.fired, one.count, one.base_count, one.reasons) == (False, 0, 0, ())
    assert one.sharp and one.seen == 1
    decided = verdict.conclude(made, made.ends, [one], {}, ())
    assert not {reason.code for reason in decided.reasons} - {"not_over"}


@pytest.mark.parametrize(
    ("seen", "fired"),
    [
        (at(5), False),
        (at(5, actors=1), False),
        (at(5, actors=2), True),
        (at(5, 9), True),
        (lambda minute: (*at(5, ids=(7,))(minute), *at(9, ids=(8,))(minute)), False),
    ],
)
def test_a_new_signature_fires_when_it_came_twice_or_from_two_actors(seen: Seen, fired: bool) -> None:
    one = weighed(bake(seen, ACTS))
    assert one.fired is fired
    assert one.count and {"new_signatures", "new_signature"} <= codes(one)


def test_what_is_told_of_it_is_its_hash_and_how_often_it_came() -> None:
    reasons = weighed(bake(at(5, 9, ids=(0xBEEF, 3, 4, 5)), ACTS)).reasons
    assert [reason.detail for reason in reasons if reason.code == "new_signature"] == [
        "00000003",
        "00000004",
        "00000005",
    ]
    total = next(reason for reason in reasons if reason.code == "new_signatures")
    assert total.numbers == {"signatures": 4.0, "count": 8.0}


@pytest.mark.parametrize("seen", [at(0, 0.5), at(0, 0.5, 1.33), at(0, actors=9), at(0.5, 9), at(1.33, 9, actors=1)])
def test_what_only_a_restart_says_is_told_and_fires_nothing(seen: Seen) -> None:
    """A new signature is not a declared one: it must come twice after the warm-up of 90 seconds."""
    one = weighed(bake(seen, ACTS))
    assert not one.fired
    assert one.count and {"new_signatures", "new_signature"} <= codes(one)


@pytest.mark.parametrize("seen", [at(0.5, 5, 9), at(1.5, 9), at(1.5, actors=2)])
def test_what_comes_again_after_the_warm_up_fires(seen: Seen) -> None:
    assert weighed(bake(seen, ACTS)).fired


def test_where_only_their_number_counts_two_are_nothing_and_many_fire() -> None:
    few = weighed(bake(at(5, 9, ids=(7, 8)), COUNTS))
    assert not few.fired and few.count == 2
    many = weighed(bake(at(5, 6, 7, ids=range(20, 40)), COUNTS))
    assert many.fired and many.count == 20
    assert many.ln_e is not None and many.threshold is not None and many.ln_e >= many.threshold


def test_what_came_in_the_warm_up_counts_when_it_comes_again() -> None:
    once = weighed(bake(at(0.5, ids=range(20, 40)), COUNTS))
    assert (once.count, once.fired) == (0, False)
    again = weighed(bake(at(0.5, 4, 8, ids=range(20, 40)), COUNTS))
    assert (again.count, again.fired) == (20, True)


def test_a_history_with_many_firsts_needs_more_of_them() -> None:
    made = bake(at(5, 6, ids=range(20, 27)), COUNTS)
    assert weighed(made).fired
    firsts = tuple(to_ms(START - timedelta(minutes=minutes)) for minutes in range(238, 1, -2))
    busy = structs.replace(made, habits={"new": structs.replace(made.habits["new"], firsts=firsts)})
    one = weighed(busy)
    assert not one.fired and one.base_count == len(firsts)


def test_where_new_ones_come_in_clumps_a_clump_is_nothing() -> None:
    """A crash brings eight at once, four times a day: one more such clump is no news, five in one are."""

    def clumps(back: int) -> Iterable[int]:
        return (1, *range(1000 + 8 * back, 1008 + 8 * back)) if back % 72 == 50 else (1,)

    made = bake(at(5, 6, ids=range(20, 28)), COUNTS)
    habits = {"new": studied(listed(clumps, WEEK))}
    assert habits["new"].noise.phi == pytest.approx(8, rel=0.2)
    assert weighed(made).fired and not weighed(structs.replace(made, habits=habits)).fired
    many = structs.replace(bake(at(5, 6, ids=range(20, 120)), COUNTS), habits=habits)
    assert weighed(many).fired


def test_a_refused_check_never_fires_and_keeps_a_required_one_from_passing() -> None:
    made = bake(at(5, 6, 7, ids=range(20, 40), actors=5), REFUSED)
    one = weighed(made)
    assert not one.fired and not one.sharp
    [why] = one.reasons
    assert (why.code, why.detail, why.numbers) == ("novelty_refused", "too_novel", {"surprised": 180, "windows": 224})
    decided = verdict.conclude(made, made.ends, [one], {}, ())
    assert decided.outcome is Outcome.INCONCLUSIVE
    assert "novelty_refused" in {reason.code for reason in decided.reasons}


def test_what_was_never_measured_is_refused() -> None:
    made = structs.replace(bake(at(5, 6), ACTS), habits={})
    assert codes(weighed(made)) == {"novelty_refused"}
    assert made.questions()[0].known is None


def test_looks_ask_for_what_is_not_known() -> None:
    assert bake(at(), ACTS).questions()[0].known == bake(at(), COUNTS).question(NEW).known == (1, 2)
    assert bake(at(), REFUSED).questions()[0].known is None


@pytest.mark.parametrize("novelty", [ACTS, COUNTS])
def test_gaps_and_silence_are_blindness_and_no_zero(novelty: Novelty) -> None:
    for made in (bake(at(), novelty, gap=lambda number, name: "timeout"), bake(at(), novelty, mute=["edge"])):
        one = weighed(made)
        assert one.seen == 0 and codes(one) & {"blind", "provider_errors"}
        assert verdict.conclude(made, made.ends, [one], {}, ()).outcome is Outcome.INCONCLUSIVE


def leave_of(made: Watch, second: Bucket | None) -> tuple[Permission, set[str]]:
    evidence = rules.weigh(made, now(made))
    fired = triggers.fired(made, evidence, {})
    assert fired
    rows = () if second is None else (second,)
    again = Observation(question="new", window=Window(START, now(made)), width=86400.0, buckets=rows)
    leave = triggers.leave(made, fired, evidence, {}, [again], tip_is_release=True)
    return leave.permission, {reason.code for reason in leave.reasons}


def test_what_acts_may_undo_at_once_when_the_second_query_confirms_it() -> None:
    made = bake(at(5, 9), ACTS)
    assert leave_of(made, Bucket(to_ms(START), 2)) == (Permission.AUTO, set())
    assert leave_of(made, None) == (Permission.ASK, {"not_confirmed"})


def test_what_anyone_can_provoke_needs_two_signed_in_actors() -> None:
    made = bake(at(5, 9), ACTS, plan(structs.replace(NEW, public=True)))
    assert leave_of(made, Bucket(to_ms(START), 2, actors=1)) == (Permission.ASK, {"public_evidence"})
    assert leave_of(made, Bucket(to_ms(START), 2, actors=2))[0] is Permission.AUTO


def test_what_only_counts_may_only_ask() -> None:
    made = bake(at(5, 6, 7, ids=range(20, 40)), COUNTS)
    assert leave_of(made, Bucket(to_ms(START), 60, actors=9)) == (Permission.ASK, {"only_counts"})


def test_where_history_is_only_too_short_that_is_why_it_asks() -> None:
    short = Novelty(trust=Trust.COUNTS, windows=48, why="short_novelty")
    made = bake(at(5, 6, 7, ids=range(20, 40)), short)
    assert leave_of(made, Bucket(to_ms(START), 60, actors=9)) == (Permission.ASK, {"short_novelty"})


def test_an_undo_is_a_cure_when_no_new_signature_comes_again() -> None:
    bad = bake(at(*range(2, 28), 0.5), ACTS)
    for seen, reasons in ((at(), []), (at(3), ["seen_again"])):
        after = bake(seen, ACTS)
        done, why = cure.cured(after, bad, ["check:new"], rules.weigh(after, now(after)))
        assert ([reason.code for reason in why], done) == (reasons, not reasons)


def test_it_is_foreseen_what_each_could_see() -> None:
    made = (structs.replace(bake(at(), one), looks=()) for one in (ACTS, COUNTS, REFUSED))
    said = {one.novelty.trust: one for (one,) in map(foresight.foresee, made) if one.novelty is not None}
    assert said[Trust.ACTS].could_see == pytest.approx(0.1, rel=0.01) and said[Trust.ACTS].sharp
    assert said[Trust.COUNTS].sharp and said[Trust.COUNTS].rate == 0
    assert said[Trust.REFUSED].could_see is None and said[Trust.REFUSED].novelty == REFUSED


def test_history_counts_nothing_where_everything_in_it_is_known() -> None:
    def past(novelty: Novelty) -> int:
        return sum(cell.bucket.count for cell in Sight(bake(at(), novelty), START).past["new"])

    assert (past(ACTS), past(COUNTS)) == (0, 0)
    assert past(REFUSED) > 0
