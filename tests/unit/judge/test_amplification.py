"""Rule `amplification`, from buckets with spreads to evidence."""

from datetime import timedelta

from msgspec import structs

from bakewatch.judge.foresight import foresee
from bakewatch.judge.rules import weigh
from bakewatch.model.bake import Watch
from bakewatch.model.observation import MOST_EVENTS, Bucket, Observation, Window, to_ms
from bakewatch.model.plan import Check, Rule
from bakewatch.model.verdict import Evidence
from tests.unit.judge.bakes import START, now, plan, watch

STORM = Check(name="storm", stream="edge", rule=Rule.AMPLIFICATION, where="calls", public=False)
CALM = (8, 2, 0, 0, 0, 0, 0, 0, 0, 0)
"""In each bucket eight actions of one request and two of two."""
RETRIES = (0, 0, 0, 0, 0, 8, 2, 0, 0, 0)


def spread(observation: Observation, sizes: tuple[int, ...]) -> Observation:
    """The same answer with *sizes* in every bucket."""
    step = round(observation.width * 1000)
    starts = range(to_ms(observation.window.start) // step * step, to_ms(observation.window.end), step)
    scale = round(observation.width / 10)
    count = sum(size * number for size, number in enumerate(sizes, 1))
    buckets = tuple(Bucket(at, count * scale, 0, 0, 0, tuple(one * scale for one in sizes)) for at in starts)
    return structs.replace(observation, buckets=buckets)


def watched(sizes: tuple[int, ...], before: tuple[int, ...] | None = CALM, minutes: float = 10) -> Watch:
    of = watch(plan(STORM), {}, minutes=minutes)
    looks = tuple(
        structs.replace(
            look,
            observations=tuple(spread(one, sizes) if one.question == "storm" else one for one in look.observations),
        )
        for look in of.looks
    )
    window = Window(START - timedelta(hours=4), START)
    past = Observation(question="storm", window=window, width=300)
    baseline = () if before is None else (spread(past, before),)
    return structs.replace(of, looks=looks, baseline=baseline)


def judged(sizes: tuple[int, ...], before: tuple[int, ...] | None = CALM, minutes: float = 10) -> Evidence:
    whole = watched(sizes, before, minutes)
    (one,) = weigh(whole, now(whole))
    return one


def test_what_is_foreseen_is_what_could_have_been_seen() -> None:
    (said,) = foresee(structs.replace(watched(CALM), looks=()))
    seen = judged(CALM, minutes=30)
    assert said.target == seen.target
    assert said.could_see is not None and seen.could_see is not None
    assert abs(said.could_see / seen.could_see - 1) < 0.03
    (nothing,) = foresee(structs.replace(watched(CALM, before=None), looks=()))
    assert (nothing.rate, nothing.could_see, nothing.target) == (None, None, None)


def test_as_many_requests_per_action_as_before_are_no_evidence() -> None:
    one = judged(CALM)
    assert not one.fired
    assert one.ratio is not None and abs(one.ratio - 1) < 1e-9
    assert one.sharp


def test_retries_of_every_user_fire() -> None:
    one = judged(RETRIES, minutes=4)
    assert one.fired
    assert one.ratio is not None and one.ratio > 4
    assert one.ln_e is not None and one.threshold is not None and one.ln_e >= one.threshold


def test_more_users_who_behave_as_before_are_no_amplification() -> None:
    assert not judged(tuple(9 * one for one in CALM)).fired


def test_without_a_past_nothing_fires() -> None:
    one = judged(RETRIES, before=None)
    assert (one.fired, [reason.code for reason in one.reasons]) == (False, ["no_baseline"])


def test_a_source_that_gives_no_spread_is_no_baseline() -> None:
    one = judged((0,) * MOST_EVENTS, before=(0,) * MOST_EVENTS)
    assert (one.fired, one.ln_e, [reason.code for reason in one.reasons]) == (False, None, ["no_baseline"])


def test_below_the_minimum_effect_nothing_fires() -> None:
    one = judged((5, 5, 0, 0, 0, 0, 0, 0, 0, 0), minutes=30)
    assert not one.fired
    assert [reason.code for reason in one.reasons] == ["below_minimum_effect"]
