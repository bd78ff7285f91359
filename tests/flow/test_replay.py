"""A plan against the history of a scripted production, against its merges, and against bakes that were recorded."""

from datetime import datetime, timedelta

import pytest
from msgspec import structs

from bakewatch.flow import replay
from bakewatch.flow.replay import DAY, read
from bakewatch.judge.rejudge import rejudge
from bakewatch.model.observation import Observation, Question, Window
from bakewatch.model.plan import Check, Plan, Rule, Trigger
from bakewatch.model.replay import BakeReplay
from bakewatch.model.timeline import Fired, Weighed
from bakewatch.model.verdict import Ending
from bakewatch.testing import InlineRuntime, ScriptedWorld
from bakewatch.testing.runtime import START, Clock
from bakewatch.testing.world import NEXT, RELEASE
from tests.flow.stories import PLAN, Story, Told, rate_from

NOW = START + timedelta(hours=20)
CALLS = Check(name="calls", stream="edge_logs", rule=Rule.VOLUME, where="user")
OF = structs.replace(
    PLAN, checks=(*PLAN.checks, CALLS), triggers=(*PLAN.triggers, Trigger(name="t", any=("check:calls",)))
)


def production(now: datetime = NOW) -> ScriptedWorld:
    """Steady traffic; asked outside a story, so everything is one step."""
    runtime = InlineRuntime(Clock(now))
    runtime.in_step = True
    world = ScriptedWorld(runtime)
    world.rates = {
        "errors": lambda moment, commit: (0.05, 10.0),
        "calls": lambda moment, commit: (0.5, 0.0),
    }
    return world


def test_a_quiet_week_demands_no_rollback_and_says_what_faults_would_have_met() -> None:
    done = replay.replay(production().world(), OF, 1, jobs=1)
    assert [(one.check, one.alarms.bakes, one.alarms.alarms) for one in done.checks] == [
        ("missing_column", 48, 0),
        ("errors", 48, 0),
        ("calls", 48, 0),
    ]
    assert done.alarms.high == pytest.approx(7.4, abs=0.1)
    assert [one.trigger for one in done.triggers] == ["dod-1", "errors", "regression", "t"]
    zero, errors, _ = done.checks
    assert (zero.delays, [one.ratio for one in errors.delays]) == ((), [1.5, 2.0, 5.0, 10.0])
    assert errors.delays[-1].slowest is not None
    assert (done.at, done.days, done.gaps) == (NOW, 1, ())


def test_history_is_read_in_pieces_of_a_day_and_what_may_still_come_is_left_out() -> None:
    world = production()
    past = read(world.world(), OF, 1)
    assert world.questions_asked == 8 + 1  # an axis begins with a whole block
    assert 8 * DAY <= past.axis.minutes < 8 * DAY + 5
    assert NOW - timedelta(minutes=3) < past.since + timedelta(days=1) <= NOW - timedelta(minutes=2)
    assert all(track.known.all() for track in past.tracks.values())


def test_what_was_not_kept_is_not_known_and_silence_after_that_is() -> None:
    world, asked = production(), list[bool]()
    since, quiet = NOW - timedelta(days=3), NOW - timedelta(days=1)
    world.rates["calls"] = lambda moment, commit: (0.5 if since <= moment < quiet else 0.0, 0.0)
    real = world._answer

    def answer(question: Question, window: Window, *words: object) -> Observation:
        asked.append(question.past)
        told: Observation = real(question, window, *words)  # type: ignore[arg-type]
        start = min(window.end, max(window.start, since)) if question.past else window.start
        return structs.replace(told, window=Window(start, window.end))

    world._answer = answer  # type: ignore[method-assign, assignment]
    calls = read(world.world(), OF, 2).tracks["calls"]
    assert calls.known.sum() == pytest.approx(3 * DAY, abs=5) and calls.known[-3 * DAY + 10 :].all()
    assert (calls.count[-DAY + 10 :] == 0).all() and asked[0] and not asked[-1]


def test_what_had_no_answer_stays_a_gap() -> None:
    world = production()
    real = world._answer

    def answer(*words: object) -> object:
        question, window = words[0], words[1]
        lost = getattr(question, "name", "") == "calls" and getattr(window, "start", NOW) > NOW - timedelta(days=2)
        return real(*[*words[:4], "timeout" if lost else words[4]])  # type: ignore[arg-type]

    world._answer = answer  # type: ignore[method-assign, assignment]
    past = read(world.world(), OF, 2)
    assert past.gaps == {"calls": "timeout"}
    assert past.tracks["errors"].known.all()
    lost = ~past.tracks["calls"].known
    assert 0 < lost.sum() <= 2 * DAY
    assert (past.tracks["calls"].count[~lost] == 30).all()
    done = replay.replay(world.world(), OF, 2, jobs=1)
    assert done.checks[1].alarms.bakes == 96
    assert done.checks[2].alarms.bakes < 96
    assert done.checks[2].alarms.alarms == 0, "a gap is no zero"


def test_sources_that_cannot_be_asked_are_no_evidence() -> None:
    world = production()
    world.dead.add("logs")
    done = replay.replay(world.world(), OF, 1, jobs=1)
    assert (done.empty, done.gaps) == (True, ("unreachable",))


def test_several_processes_find_the_same() -> None:
    one, two = (replay.replay(production().world(), OF, 1, jobs=jobs) for jobs in (1, 2))
    assert one == two


def test_every_merge_is_judged_where_it_was_committed() -> None:
    world = production()
    harmed = START + timedelta(hours=10)
    world.deploy(NEXT, START + timedelta(hours=2))
    world.deploy(RELEASE, harmed)
    world.deploy("e" * 40, NOW - timedelta(minutes=5))
    world.rates["errors"] = rate_from(2.0, after=harmed - START)
    done = replay.releases(world.world(), OF, 1, jobs=1)
    quiet, bad, young = done.releases
    assert (quiet.commit, quiet.judged, quiet.checks, quiet.triggers) == (NEXT, 3, {}, {})
    assert (bad.commit, bad.at, list(bad.checks), list(bad.triggers)) == (RELEASE, harmed, ["errors"], ["errors"])
    assert 2 < bad.checks["errors"] <= 5
    assert (young.judged, done.empty) == (0, False)


class TestBakes:
    """What was recorded, with the plan as it is now."""

    def recorded(self) -> Told:
        def arrange(world: ScriptedWorld) -> None:
            world.rates["errors"] = rate_from(1.0)

        return Story(arrange=arrange).tell()

    def again(self, told: Told, plan: Plan) -> BakeReplay:
        return rejudge("x", plan, told.timeline)

    def test_the_same_plan_finds_the_same_at_the_same_minute(self) -> None:
        told = self.recorded()
        done = self.again(told, PLAN)
        (fired,) = [one for one in told.events("Fired") if isinstance(one, Fired)]
        weighed = [one for one in told.events("Weighed") if isinstance(one, Weighed) and one.at <= fired.at]
        assert (done.ending, done.fired) == (told.ending, ("errors",))
        assert (done.now, done.culprits, done.unanswered) == (("errors",), ("check:errors",), ())
        assert done.now_at == done.fired_at
        assert done.looks == len(weighed)

    def test_a_plan_that_wants_more_does_not_fire(self) -> None:
        errors = structs.replace(PLAN.check("errors"), minimum_extra=100_000)
        done = self.again(self.recorded(), structs.replace(PLAN, checks=(PLAN.checks[0], errors)))
        assert (done.fired, done.now, done.now_at) == (("errors",), (), None)

    def test_a_check_that_was_asked_otherwise_is_unanswered(self) -> None:
        errors = structs.replace(PLAN.check("errors"), where="another")
        more = structs.replace(PLAN.check("errors"), name="more")
        done = self.again(self.recorded(), structs.replace(PLAN, checks=(PLAN.checks[0], errors, more)))
        assert (done.now, done.unanswered) == ((), ("errors", "more"))

    def test_finer_buckets_are_no_other_question_where_nobody_is_told_apart(self) -> None:
        bake = structs.replace(PLAN.bake, bucket="5s")
        assert self.again(self.recorded(), structs.replace(PLAN, bake=bake)).unanswered == ()
        distinct = structs.replace(PLAN.check("errors"), distinct=True)
        plan = structs.replace(PLAN, bake=bake, checks=(PLAN.checks[0], distinct))
        assert self.again(self.recorded(), plan).unanswered == ("errors",)

    def test_a_journey_that_failed_fires_still(self) -> None:
        def arrange(world: ScriptedWorld) -> None:
            world.broken.add(("registrant", RELEASE))

        told = Story(arrange=arrange).tell()
        done = self.again(told, PLAN)
        assert (done.now, done.now_at) == (("regression",), done.fired_at)

    def test_a_journey_that_failed_before_alike_acquits_still(self) -> None:
        def arrange(world: ScriptedWorld) -> None:
            world.keeps_earlier = "https://earlier.example"
            world.broken_from = START + timedelta(minutes=8)

        told = Story(arrange=arrange).tell()
        done = self.again(told, PLAN)
        assert (done.fired, done.now) == ((), ())

    def test_a_release_that_passed_has_nothing_to_fire(self) -> None:
        done = self.again(Story().tell(), PLAN)
        assert (done.ending, done.now) == (Ending.PASSED, ())
        assert done.looks > 50

    def test_what_never_went_live_has_no_looks(self) -> None:
        done = self.again(Story(deploy_after=None).tell(), PLAN)
        assert (done.ending, done.looks, done.now) == (Ending.NEVER_DEPLOYED, 0, ())

    def test_a_case_that_runs_is_none(self) -> None:
        with pytest.raises(ValueError, match="closed case"):
            rejudge("x", PLAN, Story().tell().timeline[:-1])
