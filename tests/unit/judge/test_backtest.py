"""When checks would have alarmed on histories that are known to be quiet, harmed, or full of holes."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from msgspec import structs

from bakewatch.judge.backtest import Trial, starts_of, trial
from bakewatch.judge.rules import weigh
from bakewatch.judge.track import Axis, Track
from bakewatch.model.foresight import RATIOS
from bakewatch.model.observation import MOST_EVENTS, Bucket, Observation, Window, from_ms, to_ms
from bakewatch.model.plan import Check, Plan, Rule
from bakewatch.stats.noise import Array
from tests.unit.judge.bakes import CALLS, ERRORS, ORDERS, START, ZERO, now, plan, since, watch

DAYS = 4
MINUTES = DAYS * 1440
HEAD = MINUTES - 1440
"""One day is replayed, three tell the habits."""
DEEDS = Check(name="deeds", stream="edge", rule=Rule.AMPLIFICATION, where="call")
ALL = plan(ZERO, ERRORS, CALLS, ORDERS, DEEDS)
AXIS = Axis.until(ALL, START, MINUTES)


def track(count: Array | float, of: Array | float = 100.0) -> Track:
    """Everything was answered."""
    made = Track.unknown(AXIS.minutes)
    made.known[:] = True
    made.count[:], made.of[:] = count, of
    return made


def poisson(mean: Array | float, seed: int = 1) -> Array:
    return np.random.default_rng(seed).poisson(np.broadcast_to(mean, AXIS.minutes)).astype(float)


def tried(check: Check, history: Track, ratios: Sequence[float] = (), of: Plan = ALL) -> Trial:
    return trial(of, check, AXIS, history, starts_of(of, AXIS, 1), ratios)


def alarms(one: Trial) -> int:
    return int((one.counted & np.isfinite(one.minutes)).sum())


def test_a_release_goes_live_each_duration_of_a_bake() -> None:
    starts = starts_of(ALL, AXIS, 1)
    assert (len(starts), starts[0], starts[1] - starts[0]) == (48, HEAD, 30)
    assert starts[-1] + 30 == AXIS.minutes


@pytest.mark.parametrize(("check", "mean"), [(ERRORS, 0.5), (CALLS, 20.0), (ORDERS, 40.0)])
def test_a_quiet_history_is_quiet_and_a_large_fault_is_found_soon(check: Check, mean: float) -> None:
    done = tried(check, track(poisson(mean)), RATIOS)
    assert (done.counted.sum(), done.answered, len(done.faults)) == (48, 1.0, 4)
    assert alarms(done) <= 1
    assert done.studied >= 3
    half, _, five, ten = (float(np.median(one)) for one in done.faults)
    assert ten <= five < half
    assert ten < 8
    assert np.isfinite(done.faults[-1]).all()
    assert ten > 2, "nothing is judged before the warm-up"


def test_the_same_faults_are_drawn_in_every_run() -> None:
    history = track(poisson(0.5))
    one, other = (tried(ERRORS, history, RATIOS).faults for _ in range(2))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_a_step_within_a_bake_alarms_there_and_then() -> None:
    step = np.where(np.arange(AXIS.minutes) >= HEAD + 300 + 10, 10.0, 1.0)
    done = tried(ERRORS, track(poisson(step)))
    assert 10 < done.minutes[10] <= 16
    assert not np.isfinite(done.minutes[:10]).any()


def test_a_deploy_knows_nothing_of_what_came_later() -> None:
    """What follows the bake changes neither its habits nor its baseline."""
    first = poisson(1.0)
    second = first.copy()
    second[HEAD + 30 :] *= 7
    one, other = (tried(ERRORS, track(count), RATIOS) for count in (first, second))
    assert one.minutes[0] == other.minutes[0]
    assert all(a[0] == b[0] for a, b in zip(one.faults, other.faults, strict=True))


def test_a_floor_that_falls_alarms() -> None:
    fall = np.where(np.arange(AXIS.minutes) >= HEAD + 300, 8.0, 40.0)
    done = tried(ORDERS, track(poisson(fall)))
    assert 2 < done.minutes[10] < 8
    rise = np.where(np.arange(AXIS.minutes) >= HEAD + 300, 90.0, 40.0)
    assert alarms(tried(ORDERS, track(poisson(rise)))) == 0


def test_a_bake_with_a_gap_does_not_count() -> None:
    history = track(poisson(20.0))
    history.known[HEAD + 65] = False
    done = tried(CALLS, history)
    assert (done.counted.sum(), done.counted[2]) == (47, False)
    assert done.answered == pytest.approx((1440 - 1) / 1440)


def test_without_history_before_it_a_bake_does_not_count() -> None:
    history = track(poisson(20.0))
    history.known[: HEAD + 60] = False
    done = tried(CALLS, history)
    assert done.counted.tolist() == [False] * 3 + [True] * 45
    assert alarms(done) == 0, "a gap before the deploy is no zero"


def test_without_anything_to_count_a_bake_does_not_count() -> None:
    of = np.where((np.arange(AXIS.minutes) // 30) % 2, 100.0, 0.0)
    done = tried(ERRORS, track(0.0, of), RATIOS)
    assert (done.counted.sum(), [len(one) for one in done.faults]) == (24, [0, 0, 0, 0])


def test_a_busy_hour_is_no_fault_where_the_day_is_known() -> None:
    """Three times the calls between two and four o'clock, on each day."""
    clock = np.arange(AXIS.minutes) % 1440
    history = track(poisson(np.where((clock >= 120) & (clock < 240), 90.0, 30.0)))
    assert alarms(tried(CALLS, history)) <= 1
    blind = track(history.count)
    blind.known[: HEAD - 240] = False
    assert alarms(tried(CALLS, blind)) >= 1


def test_the_first_event_of_what_is_forbidden_fires() -> None:
    count = np.zeros(AXIS.minutes)
    count[HEAD + 30] = count[HEAD + 45] = count[HEAD + 89] = 1
    done = tried(ZERO, track(count), RATIOS)
    assert done.minutes[:4].tolist() == [math.inf, 1.0, 30.0, math.inf]
    assert (alarms(done), done.faults) == (2, ())
    own = track(0.0)
    own.own[HEAD] = 1
    assert tried(ZERO, own).minutes[0] == 1.0


def test_more_requests_per_action_alarm() -> None:
    history = track(0.0)
    history.spread[:, 0] = 20
    assert alarms(tried(DEEDS, history)) == 0
    history.spread[HEAD + 300 :, 0], history.spread[HEAD + 300 :, 4] = 0, 20
    done = tried(DEEDS, history, RATIOS)
    assert 2 < done.minutes[10] < 6
    assert done.faults == ()


def test_a_small_rise_is_below_the_plans_effect() -> None:
    step = np.where(np.arange(AXIS.minutes) >= HEAD + 300, 75.0, 50.0)
    of = structs.replace(CALLS, minimum_ratio=1.2)
    assert alarms(tried(CALLS, track(poisson(step)))) == 0
    assert alarms(tried(of, track(poisson(step)), of=plan(of))) > 0


class TestTrack:
    def answer(self, first: int, last: int, rows: dict[int, int], gap: str = "", late: int = 0) -> Observation:
        def moment(minute: int) -> datetime:
            return from_ms(AXIS.start + minute * AXIS.step)

        window = Window(moment(first) + timedelta(seconds=late), moment(last))
        buckets = tuple(Bucket(AXIS.start + at * AXIS.step, count, 7, 1) for at, count in rows.items())
        return Observation(question="calls", window=window, width=60.0, buckets=buckets, gap=gap)

    def test_a_bucket_that_is_not_listed_was_seen_and_had_no_event(self) -> None:
        made = Track.unknown(AXIS.minutes)
        made.add(AXIS, self.answer(0, 5, {1: 3}))
        assert made.known[:6].tolist() == [True] * 5 + [False]
        assert (made.count[:3].tolist(), made.of[1], made.own[1]) == ([0, 3, 0], 7, 1)

    def test_a_gap_stays_a_gap(self) -> None:
        made = Track.unknown(AXIS.minutes)
        made.add(AXIS, self.answer(0, 5, {}, gap="timeout"))
        assert not made.known.any()

    def test_a_minute_that_is_not_covered_wholly_is_not_known(self) -> None:
        made = Track.unknown(AXIS.minutes)
        made.add(AXIS, self.answer(0, 5, {0: 9, 1: 3}, late=1))
        assert made.known[:2].tolist() == [False, True]
        assert made.count[:2].tolist() == [0, 3]

    def test_an_axis_begins_with_a_block_and_ends_with_the_last_whole_minute(self) -> None:
        axis = Axis.until(ALL, START + timedelta(seconds=59), 100)
        assert axis.start % 300_000 == 0
        assert axis.start + axis.minutes * axis.step == to_ms(START)
        assert 100 <= axis.minutes < 105
        assert (axis.place(START), axis.place(START - timedelta(seconds=1))) == (axis.minutes, axis.minutes - 1)

    def test_how_large_actions_were_is_kept(self) -> None:
        made, sizes = Track.unknown(AXIS.minutes), (3, *[0] * (MOST_EVENTS - 1))
        row = Bucket(AXIS.start, 3, spread=sizes)
        window = Window(from_ms(AXIS.start), from_ms(AXIS.start + AXIS.step))
        made.add(AXIS, Observation(question="deeds", window=window, width=60.0, buckets=(row,)))
        assert made.spread[0].tolist() == list(sizes)


def test_new_signatures_are_not_judged_by_their_count() -> None:
    """Minutes have no signatures: the rule is replayed on history before every bake instead."""
    new = Check(name="new", stream="edge", rule=Rule.NOVELTY)
    done = tried(new, track(poisson(5.0)), RATIOS, of=plan(new))
    assert (done.counted.tolist(), done.answered, done.faults) == ([False] * 48, 1.0, ())
    assert not np.isfinite(done.minutes).any()


def test_a_pseudo_deploy_alarms_when_a_bake_does() -> None:
    """The judge sees buckets of ten seconds and waits for lines to settle; else they are alike."""
    of = plan(ERRORS)
    rates = {"errors": since(0, harm=3, before=1)}
    live = None
    for minute in range(2, 12):
        seen = watch(of, rates, past=rates, minutes=minute)
        if weigh(seen, now(seen))[0].fired:
            live = minute
            break
    step = np.where(np.arange(AXIS.minutes) >= HEAD + 300, 18.0, 6.0)
    history = track(step, 600.0)
    history.known[: HEAD + 60] = False
    alarm = tried(ERRORS, history, of=of).minutes[10]
    assert live is not None
    assert alarm <= live <= alarm + 2
