"""The story, told from its beginning to its end with a jumping clock and a scripted world."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import cast

import pytest
from msgspec import structs

from bakewatch.flow.bake import REREADS
from bakewatch.flow.case import TELLINGS
from bakewatch.flow.look import history
from bakewatch.model.bake import Watch
from bakewatch.model.observation import Observation, Question, Window
from bakewatch.model.plan import Check, Confirm, Mode, Rule, Stream, Trigger
from bakewatch.model.release import MergeKind, Suspect
from bakewatch.model.rollback import Brake, Rollback
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import Confirmation, Confirmed, Fired, Looked, Opened, Studied, Timeline
from bakewatch.model.verdict import Ending, Outcome, Permission
from bakewatch.ports import Message, World
from bakewatch.testing import ScriptedWorld
from bakewatch.testing.runtime import START
from bakewatch.testing.world import NEXT, PARENT, RELEASE, REVERT
from tests.flow.stories import MERGED, PLAN, Story, rate_from, with_mode


def harmful(world: ScriptedWorld) -> None:
    """The release asks for a column that does not exist: the log says so, and the journey fails."""
    world.rates["missing_column"] = rate_from(0.5)
    world.broken.add(("registrant", RELEASE))


def test_a_healthy_release_passes() -> None:
    told = Story().tell()
    assert told.ending is Ending.PASSED
    assert told.world.reverts == 0
    assert [notice.transition for notice in told.world.notices] == ["passed"]
    assert told.world.swept


def test_a_harmful_release_is_undone_and_the_undo_proved() -> None:
    told = Story(arrange=harmful).tell()
    assert told.ending is Ending.UNDONE
    assert told.world.reverts == 1
    assert told.world.served(told.timeline[-1].at) == REVERT
    (proved,) = told.events("Proved")
    assert proved.cured  # type: ignore[attr-defined]
    assert [notice.transition for notice in told.world.notices] == ["undone"]


def test_a_harmful_release_is_undone_within_two_looks() -> None:
    told = Story(arrange=harmful).tell()
    looks = [event for event in told.timeline if isinstance(event, Looked)]
    fired = [event for event in told.timeline if isinstance(event, Fired)]
    assert fired[-1].leave.permission is Permission.AUTO
    assert fired[-1].at - looks[0].at <= timedelta(seconds=60)


def test_slow_harm_that_only_the_proportion_shows_is_undone() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.rates["errors"] = rate_from(1.0)
        world.broken.add(("registrant", RELEASE))

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.UNDONE


def test_harm_that_begins_late_in_the_bake_is_found() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.rates["missing_column"] = rate_from(0.5, after=timedelta(minutes=20))
        world.broken.add(("registrant", RELEASE))
        world.broken.clear()

    plan = structs.replace(with_mode(Mode.ASK))
    told = Story(plan=plan, arrange=arrange).tell()
    assert told.ending is Ending.NOT_UNDONE
    assert told.reason == "no_answer"


@pytest.mark.parametrize("stream", ["edge_logs", "postgres_logs"])
def test_a_silent_stream_is_inconclusive_never_green(stream: str) -> None:
    told = Story(arrange=lambda world: world.mute.add(stream)).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.world.reverts == 0


def test_a_dead_source_is_inconclusive_and_undoes_nothing() -> None:
    told = Story(arrange=lambda world: world.dead.add("logs")).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.world.reverts == 0


def test_a_source_that_answers_with_errors_is_inconclusive_and_undoes_nothing() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.gaps = lambda moment: "error"

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.world.reverts == 0


def test_a_short_outage_of_a_source_is_made_up_for_by_later_looks() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.gaps = lambda moment: "error" if moment < START + timedelta(minutes=4) else ""

    assert Story(arrange=arrange).tell().ending is Ending.PASSED


def test_logs_that_are_ninety_seconds_late_are_judged_right() -> None:
    def late(world: ScriptedWorld) -> None:
        world.lateness = timedelta(seconds=90)

    def late_and_harmful(world: ScriptedWorld) -> None:
        late(world)
        harmful(world)

    assert Story(arrange=late).tell().ending is Ending.PASSED
    assert Story(arrange=late_and_harmful).tell().ending is Ending.UNDONE


@pytest.mark.parametrize("late", ["edge_logs", "postgres_logs"])
@pytest.mark.parametrize("rule", [Rule.PROPORTION, Rule.FLOOR])
@pytest.mark.parametrize("second", [1, *(pytest.param(one, marks=pytest.mark.slow) for one in (10, 25)), 40])
def test_a_delay_in_one_of_two_compared_streams_never_undoes_anything(rule: Rule, late: str, second: int) -> None:
    """The count and what it is a share of come from two streams; for a while, one is two minutes late."""
    check = Check(
        name="both", stream="postgres_logs", of_stream="edge_logs", rule=rule, where="x", of="y", required=True
    )
    begins = START + timedelta(minutes=12, seconds=second)

    def arrange(world: ScriptedWorld) -> None:
        world.rates["both"] = lambda moment, commit: (4.0, 10.0)
        world.delay = lambda stream, moment: timedelta(
            minutes=2 if stream == late and begins <= moment < begins + timedelta(minutes=3) else 0
        )

    plan = structs.replace(PLAN, checks=(PLAN.checks[0], check), triggers=(Trigger(name="t", any=("check:both",)),))
    told = Story(plan=plan, arrange=arrange).tell()
    assert told.ending in (Ending.PASSED, Ending.INCONCLUSIVE)
    assert not told.events("Fired")


def test_too_little_traffic_is_inconclusive() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.rates["missing_column"] = rate_from(0.0, of=0.005)

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.reason == "too_little_traffic"


def test_a_release_that_is_never_deployed_ends_so() -> None:
    told = Story(deploy_after=None).tell()
    assert told.ending is Ending.NEVER_DEPLOYED
    (confirmed,) = told.events("Confirmed")
    assert confirmed.confirmation is Confirmation.NEVER_DEPLOYED  # type: ignore[attr-defined]


def test_a_foreign_commit_in_production_is_a_wrong_commit() -> None:
    told = Story(deploy_after=None, arrange=lambda world: world.deploy("f" * 40, START)).tell()
    (confirmed,) = told.events("Confirmed")
    assert confirmed.confirmation is Confirmation.WRONG_COMMIT  # type: ignore[attr-defined]


def test_unreachable_production_is_inconclusive() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.unreachable = lambda moment: True

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.reason == "unreachable"


def test_production_that_cannot_be_reached_after_it_went_live_undoes_nothing() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.unreachable = lambda moment: moment > START + timedelta(minutes=5)

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.world.reverts == 0


def test_a_release_that_another_one_overtook_before_it_was_live_is_superseded() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.branch.append(NEXT)
        world.deploy(NEXT, START)

    told = Story(deploy_after=None, arrange=arrange).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.reason == "superseded"


def test_a_release_that_was_reverted_before_it_was_live_is_already_reverted() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.branch.append(REVERT)
        world.undone = REVERT
        world.deploy(REVERT, START)

    told = Story(deploy_after=None, arrange=arrange).tell()
    assert told.reason == "already_reverted"
    assert told.world.reverts == 0


def test_a_merge_during_the_bake_ends_it_superseded() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.branch.append(NEXT)
        world.deploy(NEXT, START + timedelta(minutes=10))

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.reason == "superseded"


def test_a_platform_that_goes_back_by_itself_ends_the_bake_replaced() -> None:
    told = Story(arrange=lambda world: world.deploy(PARENT, START + timedelta(minutes=10))).tell()
    assert told.reason == "replaced"


def test_one_failing_walk_that_passes_at_once_again_is_no_failure() -> None:
    class Flaky(set[tuple[str, str]]):
        asked = 0

        def __contains__(self, item: object) -> bool:
            self.asked += 1
            return self.asked == 1

    def arrange(world: ScriptedWorld) -> None:
        world.broken = Flaky()

    assert Story(arrange=arrange).tell().ending is Ending.PASSED


def test_a_journey_that_cannot_be_walked_is_no_failure_but_no_pass_either() -> None:
    told = Story(arrange=lambda world: world.unwalkable.add("registrant")).tell()
    assert told.ending is Ending.INCONCLUSIVE
    assert told.world.reverts == 0


def test_evidence_that_anyone_could_produce_asks_before_it_acts() -> None:
    """No journey fails and nobody signed in is affected: an outsider may be asking for a column that never was."""

    def arrange(world: ScriptedWorld) -> None:
        world.rates["missing_column"] = rate_from(0.5)
        world.actors = 0

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.NOT_UNDONE
    assert told.reason == "no_answer"
    assert "asked" in [notice.transition for notice in told.world.notices]


def test_a_person_may_approve() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.runtime.messages.append(
            (START + timedelta(minutes=9), Message(kind="approve", by=CleanText("ops"), why=CleanText("yes")))
        )

    told = Story(plan=with_mode(Mode.ASK), arrange=arrange).tell()
    assert told.ending is Ending.UNDONE
    assert [notice.transition for notice in told.world.notices] == ["asked", "undone"]
    assert told.world.notices[0].approve == f"bakewatch approve {MERGED.bake_id}"


def test_a_person_may_reject_and_nothing_is_undone() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.runtime.messages.append((START + timedelta(minutes=9), Message(kind="reject", by=CleanText("ops"))))

    told = Story(plan=with_mode(Mode.ASK), arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.NOT_UNDONE, "rejected")
    assert told.world.reverts == 0


def test_the_watch_goes_on_while_a_person_is_asked() -> None:
    told = Story(plan=with_mode(Mode.ASK), arrange=harmful).tell()
    asked = next(event for event in told.events("Asked"))
    assert sum(look.at > asked.at for look in told.events("Looked")) > 50  # type: ignore[attr-defined]


def test_journeys_do_not_walk_again_and_again_while_a_person_thinks() -> None:
    """At an unhurried pace: what walks write is limited for each user by many a service."""
    told = Story(plan=with_mode(Mode.ASK), arrange=harmful).tell()
    walks = [look.at for look in told.events("Looked") if look.journeys]  # type: ignore[attr-defined]
    every, after = PLAN.span(PLAN.bake.journeys_every), walks[2:]
    assert len(after) >= 2
    hurried = sum(later - earlier < every for earlier, later in pairwise(after))
    assert hurried <= 1, "but for the last look of the planned time"


def test_an_answer_nobody_asked_for_is_ignored() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.runtime.messages.append((START + timedelta(minutes=9), Message(kind="approve")))

    assert Story(arrange=arrange).tell().ending is Ending.PASSED


def test_mode_off_says_so_and_undoes_nothing() -> None:
    told = Story(plan=with_mode(Mode.OFF), arrange=harmful).tell()
    assert (told.ending, told.reason) == (Ending.NOT_UNDONE, "mode_off")


@pytest.mark.parametrize(
    ("change", "value"), [("touches_plan", True), ("touches_migrations", True), ("reverts", "team/live@" + "e" * 40)]
)
def test_releases_that_must_not_be_undone_by_themselves_are_asked_about(change: str, value: object) -> None:
    release = structs.replace(MERGED, **{change: value})
    told = Story(release=release, arrange=harmful).tell()
    assert told.ending is Ending.NOT_UNDONE
    assert told.world.reverts == 0
    assert told.events("Asked")


def test_a_merge_that_is_not_live_yet_makes_it_ask() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.branch.append(NEXT)

    told = Story(arrange=arrange).tell()
    assert told.world.reverts == 0
    assert told.events("Asked")


@pytest.mark.parametrize(
    ("brake", "code"),
    [
        (Brake(pulled=True, problem="kill_switch"), "kill_switch"),
        (Brake(pulled=True, problem="opt_out"), "opt_out"),
        (Brake(pulled=True, problem="brake_unreadable"), "brake_unreadable"),
    ],
)
def test_a_pulled_brake_stops_the_undo(brake: Brake, code: str) -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.brake_says = brake

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.NOT_UNDONE, code)
    assert told.world.reverts == 0
    assert told.world.notices[-1].transition == "not_undone"


def test_a_brake_that_cannot_be_read_for_a_moment_is_read_again() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.brakes = [Brake(pulled=True, problem="brake_unreadable")] * 3

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.world.reverts) == (Ending.UNDONE, 1)


@pytest.mark.parametrize("code", ["conflict", "protected", "moved"])
def test_an_undo_that_cannot_be_done_ends_in_a_report_and_a_notification(code: str) -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_problems = [Rollback(method="git", at=START, problem=code, permanent=True, link="bakewatch/revert")]

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.NOT_UNDONE, code)
    assert told.world.notices[-1].transition == "not_undone"


def test_passing_trouble_in_the_undo_is_tried_again() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_problems = [Rollback(method="git", at=START, problem="unreachable")] * 3

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.UNDONE
    assert len(told.events("RolledBack")) == 4


def test_lasting_trouble_in_the_undo_ends_at_the_deadline() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_problems = [Rollback(method="git", at=START, problem="unreachable")] * 99

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.NOT_UNDONE, "unreachable")


def test_an_undo_that_never_goes_live_is_not_a_cure() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_helps = False

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.NOT_CURED, "revert_not_live")


def test_an_innocent_release_is_found_out_when_its_undo_does_not_help() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.rates["missing_column"] = lambda moment, commit: (0.5 if commit != PARENT else 0.0, 10.0)
        world.broken |= {("registrant", RELEASE), ("registrant", REVERT)}

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.NOT_CURED
    assert told.world.reverts == 1


def test_a_notification_that_cannot_be_delivered_changes_nothing_else() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.deaf = True

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.UNDONE
    problems = [event.problem for event in told.events("Notified")]  # type: ignore[attr-defined]
    assert problems == ["unreachable"] * TELLINGS


def test_a_repository_that_cannot_be_asked_never_acts_by_itself() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.git_down = True

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.NOT_UNDONE
    assert told.world.reverts == 0


def test_stop_ends_a_bake_inconclusive() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.runtime.messages.append((START + timedelta(minutes=9), Message(kind="stop")))

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.INCONCLUSIVE, "stopped")


@pytest.mark.parametrize("required", [True, False])
def test_a_trigger_that_fires_at_the_last_look_is_asked_about_not_passed(required: bool) -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.broken_from = START + timedelta(minutes=30, seconds=45)

    journey = structs.replace(PLAN.journeys[0], required=required)
    told = Story(plan=structs.replace(with_mode(Mode.ASK), journeys=(journey,)), arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.NOT_UNDONE, "no_answer")
    assert [one.transition for one in told.world.notices] == ["asked", "not_undone"]


def test_a_watch_that_begins_late_takes_no_harm_for_the_normal_state_of_things() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.runtime.clock.moment = START + timedelta(hours=3)
        world.rates["errors"] = lambda moment, commit: (0.4 if commit == RELEASE else 0.1, 10.0)

    assert Story(arrange=arrange).tell().ending is Ending.UNDONE


def test_a_journey_that_failed_before_the_release_is_not_held_against_it() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.broken = {("registrant", PARENT), ("registrant", RELEASE)}

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason, told.world.reverts) == (Ending.INCONCLUSIVE, "journey_failed", 0)


def test_production_that_nobody_could_ask_is_no_pass() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.versionless = lambda moment: moment > START + timedelta(minutes=5)

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.INCONCLUSIVE, "production_unknown")


def test_a_journey_that_could_only_be_walked_at_the_beginning_is_no_pass() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.unwalkable_from = START + timedelta(minutes=5)

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.INCONCLUSIVE, "journey_unwalked")


def test_a_release_that_goes_live_just_before_the_deadline_is_watched() -> None:
    assert Story(deploy_after=timedelta(minutes=19, seconds=57)).tell().ending is Ending.PASSED


def test_a_tip_that_moved_after_the_decision_is_asked_about() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_problems = [Rollback(method="git", at=START, problem="unreachable")]
        world.moves_on_undo = True

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason, told.world.reverts) == (Ending.NOT_UNDONE, "no_answer", 0)


def test_one_stale_answer_at_the_gate_is_asked_again() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.stale_at_gate = 1

    assert Story(arrange=arrange).tell().ending is Ending.UNDONE


def test_an_undo_after_which_nobody_comes_is_not_proved() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.rates["missing_column"] = lambda moment, commit: (1.0, 10.0) if commit == RELEASE else (0.0, 0.0)

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.NOT_CURED
    (proved,) = told.events("Proved")
    assert [one.code for one in proved.reasons] == ["not_compared"]  # type: ignore[attr-defined]


def test_stop_ends_the_wait_and_the_undo_too() -> None:
    def stop(world: ScriptedWorld) -> None:
        world.runtime.messages = [(START + timedelta(seconds=10), Message(kind="stop"))]

    told = Story(arrange=stop).tell()
    assert (told.ending, told.reason) == (Ending.INCONCLUSIVE, "stopped")

    def stop_the_undo(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_problems = [Rollback(method="git", at=START, problem="unreachable")] * 9
        world.runtime.messages = [(START + timedelta(minutes=3), Message(kind="stop"))]

    told = Story(arrange=stop_the_undo).tell()
    assert (told.ending, told.reason, told.world.reverts) == (Ending.NOT_UNDONE, "stopped", 0)


def test_a_release_that_inherits_others_only_asks_and_is_compared_with_the_time_before_them() -> None:
    earlier = Suspect(
        bake_id="team/live@e", commit="e" * 40, kind=MergeKind.MERGE, merged_at=START - timedelta(minutes=20)
    )

    def arrange(world: ScriptedWorld) -> None:
        since = START - timedelta(minutes=20)
        world.rates["errors"] = lambda moment, commit: (0.8 if moment > since else 0.1, 10.0)

    release = structs.replace(MERGED, suspects=(earlier,))
    told = Story(release=release, arrange=arrange).tell()
    assert (told.ending, told.reason, told.world.reverts) == (Ending.NOT_UNDONE, "no_answer", 0)
    (fired,) = [event for event in told.timeline if isinstance(event, Fired)]
    assert [reason.code for reason in fired.leave.reasons] == ["suspects"]


def test_a_deployment_that_brings_more_than_the_release_only_asks() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.branch.insert(0, NEXT)
        world.deploy(NEXT, START - timedelta(hours=1))
        world.serves.sort()

    told = Story(arrange=arrange).tell()
    assert told.ending is Ending.NOT_UNDONE
    assert told.world.reverts == 0


def test_a_journey_that_fails_alike_at_the_previous_deployment_acquits_the_release() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.keeps_earlier = "https://earlier.example"
        world.broken_from = START + timedelta(minutes=12)
        world.broken = {("registrant", PARENT)}

    told = Story(deploy_after=timedelta(0), arrange=arrange).tell()
    assert (told.ending, told.reason, told.world.reverts) == (Ending.INCONCLUSIVE, "journey_failed", 0)
    assert not told.events("Fired")


def test_a_journey_that_passes_at_the_previous_deployment_does_not() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.keeps_earlier = "https://earlier.example"
        world.broken = {("registrant", RELEASE)}

    assert Story(arrange=arrange).tell().ending is Ending.UNDONE


def test_an_acquittal_never_stands_against_the_logs() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.keeps_earlier = "https://earlier.example"
        world.broken = {("registrant", PARENT), ("registrant", RELEASE)}

    told = Story(deploy_after=timedelta(0), arrange=arrange).tell()
    assert told.world.reverts == 1


@pytest.mark.parametrize("second", range(0, 60, 5))
def test_the_harm_of_a_newer_deployment_is_not_held_against_the_older_release(second: int) -> None:
    def arrange(world: ScriptedWorld) -> None:
        moment = START + timedelta(minutes=10, seconds=second)
        world.branch.append(NEXT)
        world.deploy(NEXT, moment)
        world.rates["missing_column"] = lambda at, commit: (2.0 if commit == NEXT else 0.0, 10.0)
        world.broken = {("registrant", NEXT)}

    told = Story(arrange=arrange).tell()
    assert (told.ending, told.reason) == (Ending.INCONCLUSIVE, "superseded")
    assert not told.events("Fired", "Asked")


def test_a_clock_that_is_set_back_does_not_stall_the_watch() -> None:
    def arrange(world: ScriptedWorld) -> None:
        back = [START + timedelta(minutes=12)]

        def jump(moment: datetime) -> None:
            if back and moment >= back[0]:
                back.clear()
                world.runtime.clock.moment -= timedelta(minutes=10)

        world.runtime.on_wait = jump

    told = Story(arrange=arrange).tell()
    moments = [event.at for event in told.timeline if isinstance(event, Looked)]
    assert max(later - earlier for earlier, later in pairwise(moments)) <= timedelta(seconds=31)
    assert told.world.reverts == 0


def test_every_ending_concludes_notifies_and_closes() -> None:
    for arrange in (harmful, lambda world: None, lambda world: world.dead.add("logs")):
        told = Story(arrange=arrange).tell()
        kinds = [type(event).__name__ for event in told.timeline]
        assert kinds.count("Concluded") == 1
        assert kinds[-2:] == ["Notified", "Closed"]


def test_a_bake_costs_milliseconds_and_one_question_per_source_and_look() -> None:
    told = Story().tell()
    looks = len(told.events("Looked"))
    assert told.world.questions_asked == looks + len(told.events("Baselined")) + len(told.events("Studied"))
    assert (told.events("Concluded")[0].verdict.outcome) is Outcome.PASS  # type: ignore[attr-defined]


def test_a_history_that_never_comes_is_not_asked_for_at_every_look() -> None:
    told = Story(arrange=lambda world: setattr(world, "forgets", True)).tell()
    assert len(told.events("Looked")) > 50
    assert len(told.events("Baselined")) == 2 + REREADS
    assert told.ending is Ending.INCONCLUSIVE


def test_a_source_that_measures_the_present_is_asked_before_one_that_remembers() -> None:
    database = Check(name="load", stream="database", rule=Rule.VOLUME, where="transactions")
    plan = structs.replace(
        PLAN,
        streams={**PLAN.streams, "database": Stream(source="database", measured=True)},
        checks=(*PLAN.checks, database),
    )
    asked: list[str] = []

    class Listening:
        def __init__(self, name: str) -> None:
            self._name = name

        def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
            asked.append(self._name)
            return []

    sources = {name: Listening(name) for name in ("logs", "database")}
    watch = Watch(plan=plan, release=MERGED, live_since=START, started=START, ends=START, past_until=START)
    history(cast(World, SimpleNamespace(sources=sources)), watch)
    assert asked == ["database", "logs"]


def lasting(world: ScriptedWorld) -> None:
    """The release makes one action in ten fail, and a journey with it; nobody declared that it must not."""
    world.rates["errors"] = rate_from(1.0)
    world.broken.add(("registrant", RELEASE))


def passed_before(rate: float) -> Timeline:
    """The record of an earlier release, eight days old, that passed with so many errors a second after its deploy."""
    told = Story(release=structs.replace(MERGED, commit=RELEASE), arrange=lambda world: None).tell()
    assert told.ending is Ending.PASSED
    back = timedelta(days=8)

    def harmed(look: Looked) -> Looked:
        shift = round(back.total_seconds() * 1000)
        return structs.replace(
            look,
            observations=tuple(
                structs.replace(
                    one,
                    window=Window(one.window.start - back, one.window.end - back),
                    buckets=tuple(
                        structs.replace(
                            row, at=row.at - shift, count=round(rate * 10) if one.question == "errors" else row.count
                        )
                        for row in one.buckets
                    ),
                )
                for one in look.observations
            ),
            canaries=tuple(structs.replace(one, at=one.at - back) for one in look.canaries),
        )

    events = [structs.replace(event, at=event.at - back) for event in told.timeline]
    return tuple(
        harmed(event)
        if isinstance(event, Looked)
        else structs.replace(event, release=structs.replace(event.release, commit=NEXT))
        if isinstance(event, Opened)
        else structs.replace(event, live_since=event.live_since - back if event.live_since else None)
        if isinstance(event, Confirmed)
        else event
        for event in events
    )


@pytest.mark.parametrize(
    ("before", "reverted", "ending"),
    [(1.0, False, Ending.NOT_UNDONE), (1.0, True, Ending.UNDONE), (0.0, False, Ending.UNDONE)],
)
def test_what_earlier_releases_did_too_only_asks(before: float, reverted: bool, ending: Ending) -> None:
    plan = structs.replace(PLAN, triggers=(Trigger(name="errors", any=("check:errors",)),))

    def arrange(world: ScriptedWorld) -> None:
        lasting(world)
        world.recorded = [passed_before(before)]
        world.reverted = {NEXT} if reverted else set()

    told = Story(plan=plan, arrange=arrange).tell()
    assert told.ending is ending
    fired = [event for event in told.timeline if isinstance(event, Fired)]
    codes = {reason.code for reason in fired[-1].leave.reasons}
    assert codes == ({"as_by_release"} if ending is Ending.NOT_UNDONE else set())


def test_a_release_that_goes_live_hours_after_its_merge_is_set_beside_the_right_hours() -> None:
    """History is read again then: what was read at the merge ends too early."""
    soon, late = (Story(deploy_after=timedelta(minutes=some)).tell() for some in (10, 19))
    plan = structs.replace(PLAN, confirm=Confirm(within="6h"))
    later = Story(plan=plan, deploy_after=timedelta(hours=3)).tell()
    studies = [[event for event in told.timeline if isinstance(event, Studied)] for told in (soon, late, later)]
    assert list(map(len, studies)) == [1, 1, 2]
    until = studies[-1][-1].until
    assert until is not None and until > START + timedelta(hours=2, minutes=50)


@pytest.mark.parametrize(("code", "times"), [("no_level", 1), ("refused", 1), ("timeout", 2)])
def test_a_week_is_read_again_only_for_what_may_be_answered_then(code: str, times: int) -> None:
    """It takes minutes where logs may be asked seldom, and once the release is live nothing else is done in them."""
    slow = Check(name="slow", stream="edge_logs", rule=Rule.SLOWER, where="calls", value="ms", required=False)

    def arrange(world: ScriptedWorld) -> None:
        world.levels = lambda questions, window: {} if code == "no_level" else dict.fromkeys(["slow"], 1.0)  # type: ignore[method-assign]
        world.gaps = lambda moment: code if code != "no_level" and moment < START + timedelta(seconds=5) else ""

    told = Story(plan=structs.replace(PLAN, checks=(*PLAN.checks, slow)), arrange=arrange).tell()
    studies = [event for event in told.timeline if isinstance(event, Studied)]
    assert code in studies[0].gaps
    assert len(studies) == times


def test_the_record_is_searched_no_further_than_there_is_time_for() -> None:
    asked: list[int] = []

    def arrange(world: ScriptedWorld) -> None:
        other = structs.replace(MERGED, commit=NEXT)
        opened = Opened(at=START - timedelta(days=9), release=other, plan=PLAN)
        world.recorded = [(opened,)] * 300
        world.passed = lambda before: (asked.append(1) or one for one in world.recorded)  # type: ignore[method-assign, func-returns-value]

    assert Story(arrange=arrange).tell().ending is Ending.PASSED
    assert len(asked) <= 2 * 20
