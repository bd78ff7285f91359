"""The story where a platform can go back and a forge shows how things stand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from bakewatch.errors import HostingError
from bakewatch.model.forge import Mark
from bakewatch.model.hosting import Build, Differences, Hosted, Move, Safety
from bakewatch.model.hosting import Told as About
from bakewatch.model.plan import Mode
from bakewatch.model.release import Release
from bakewatch.model.rollback import Brake, Layer, Rollback
from bakewatch.model.timeline import Asked, Confirmation, Fired, Published, RolledBack
from bakewatch.model.verdict import Ending, Permission
from bakewatch.ports import Message, World
from bakewatch.report import markdown
from bakewatch.report.compose import compose
from bakewatch.testing import Journal, ScriptedWorld
from bakewatch.testing.hosting import BAD, GOOD, NEW, ScriptedForge, ScriptedHosting
from bakewatch.testing.runtime import START
from bakewatch.testing.world import NEXT, PARENT, RELEASE, REVERT
from tests.flow.stories import PLAN, Story, Told, with_mode
from tests.flow.test_stories import harmful

OTHER_KEYS = Differences(environment=("KEY",))


class Services:
    """A platform and, if wanted, a forge; what they became is kept."""

    def __init__(
        self,
        arrange: Callable[[ScriptedHosting], None] = lambda hosting: None,
        forge: Callable[[ScriptedForge], None] | None = None,
    ) -> None:
        self._arrange, self._forge = arrange, forge

    def __call__(self, world: World, scripted: ScriptedWorld) -> World:
        self.hosting, self.forge = ScriptedHosting(scripted), ScriptedForge(scripted)
        self._arrange(self.hosting)
        if self._forge is None:
            return replace(world, hosting=self.hosting)
        self._forge(self.forge)
        return replace(world, hosting=self.hosting, forge=self.forge)


def moves(told: Told) -> list[tuple[Layer, str]]:
    return [(one.rollback.layer, one.rollback.problem) for one in told.timeline if isinstance(one, RolledBack)]


def test_production_goes_back_first_then_the_branch_and_then_it_is_let_go() -> None:
    services = Services()
    told = Story(arrange=harmful, services=services).tell()
    assert told.ending is Ending.UNDONE and told.reason == ""
    assert moves(told) == [
        (Layer.PLATFORM, "pending"),
        (Layer.PLATFORM, ""),
        (Layer.GIT, ""),
        (Layer.UNPIN, "pending"),
        (Layer.UNPIN, ""),
    ]
    assert (services.hosting.rollbacks, services.hosting.promotions, told.world.reverts) == (1, 1, 1)
    assert services.hosting.pinned == "" and told.world.served(told.timeline[-1].at) == REVERT
    report = compose(told.timeline)
    assert report.broken is not None and report.broken.until is not None and report.undo.back_since is not None
    assert report.broken.until == report.undo.back_since
    assert report.undo.done is not None and report.undo.done.commit == REVERT
    text = markdown.render(report, "ko")
    assert "[ ]" not in text and GOOD in text


def test_a_crash_anywhere_moves_production_and_reverts_once() -> None:
    def tell(journal: Journal, **crash: int | bool) -> tuple[Told, Services]:
        services = Services(forge=lambda forge: None)
        return Story(arrange=harmful, services=services, journal=journal).tell(**crash), services  # type: ignore[arg-type]

    whole, _ = tell(Journal())
    kinds = [type(event).__name__ for event in whole.timeline]
    # What is the same without a platform is tried elsewhere, at every operation.
    first = next(at for at, (name, _) in enumerate(whole.journal.entries) if name == "step doubt")
    for crash_at in range(first, len(whole.journal.entries)):
        for after_work in (False, True):
            told, services = tell(Journal(), crash_at=crash_at, crash_after_work=after_work)
            where = f"crash at {crash_at} ({whole.journal.entries[crash_at][0]}), after work: {after_work}"
            assert told.ending is Ending.UNDONE, where
            done = (services.hosting.rollbacks, told.world.reverts, services.hosting.promotions)
            assert done == (1, 1, 1), where
            assert moves(told)[-1] == (Layer.UNPIN, "") and (Layer.GIT, "") in moves(told), where
            assert len(kinds) - len(told.timeline) in (0, 1, 2), where


@pytest.mark.parametrize(
    ("arrange", "safety", "code"),
    [
        (lambda hosting: setattr(hosting, "gone", True), Safety.IMPOSSIBLE, "target_gone"),
        (lambda hosting: setattr(hosting, "targets", ()), Safety.IMPOSSIBLE, "no_target"),
        (lambda hosting: setattr(hosting, "targets", (BAD,)), Safety.IMPOSSIBLE, "no_target"),
        (lambda hosting: setattr(hosting, "differ", OTHER_KEYS), Safety.RISKY, "target_environment"),
        (lambda hosting: setattr(hosting, "differ", Differences(crons=True)), Safety.RISKY, "target_crons"),
        (lambda hosting: setattr(hosting, "problem", "rate_limited"), Safety.UNKNOWN, "not_asked"),
    ],
)
def test_what_is_not_safe_to_go_back_to_is_asked_about(
    arrange: Callable[[ScriptedHosting], None], safety: Safety, code: str
) -> None:
    services = Services(arrange)
    told = Story(arrange=harmful, services=services).tell()
    assert told.ending is Ending.NOT_UNDONE and told.reason == "no_answer"
    assert (services.hosting.rollbacks, told.world.reverts) == (0, 0)
    fired = next(one for one in told.timeline if isinstance(one, Fired))
    assert fired.leave.permission is Permission.ASK
    assert f"rollback_{safety.value}" in {one.code for one in fired.leave.reasons}
    assert fired.prospect is not None and fired.prospect.safety is safety
    assert [one.code for one in fired.prospect.reasons] == [code]


def _approved(world: ScriptedWorld) -> None:
    harmful(world)
    world.runtime.messages.append((START + timedelta(minutes=9), Message(kind="approve")))


def test_a_person_may_decide_for_a_risky_way_back_and_for_none() -> None:
    risky = Services(lambda hosting: setattr(hosting, "differ", Differences(crons=True)))
    told = Story(arrange=_approved, services=risky).tell()
    assert told.ending is Ending.UNDONE and risky.hosting.rollbacks == 1
    gone = Services(lambda hosting: setattr(hosting, "gone", True))
    told = Story(arrange=_approved, services=gone).tell()
    assert told.ending is Ending.UNDONE and gone.hosting.rollbacks == 0 and told.world.reverts == 1


def test_a_rollback_that_fails_leaves_the_branch_to_undo_it() -> None:
    services = Services(lambda hosting: hosting.move_problems.update({GOOD: "rollback_failed"}))
    told = Story(arrange=harmful, services=services).tell()
    assert told.ending is Ending.UNDONE
    assert moves(told) == [(Layer.PLATFORM, "rollback_failed"), (Layer.GIT, "")]


def test_a_revert_that_conflicts_leaves_production_healthy_held_and_proved() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.undo_problems.append(Rollback(method="git", at=START, problem="conflict", permanent=True))

    services = Services()
    told = Story(arrange=arrange, services=services).tell()
    assert told.ending is Ending.NOT_UNDONE and told.reason == "conflict"
    assert told.world.served(told.timeline[-1].at) == PARENT
    report = compose(told.timeline)
    assert report.undo.proof is not None and report.undo.proof.cured
    assert "production_pinned" in {one.reason.code for one in report.findings}


def test_a_revert_that_is_not_built_leaves_production_held_and_says_so() -> None:
    services = Services(lambda hosting: hosting.builds.update({NEW: Build.FAILED}))
    told = Story(arrange=harmful, services=services).tell()
    assert told.ending is Ending.UNDONE and told.reason == "still_pinned"
    assert moves(told)[-1] == (Layer.UNPIN, "build_failed")
    assert "production_pinned" in {one.reason.code for one in compose(told.timeline).findings}


def test_a_kill_switch_stops_every_layer() -> None:
    services = Services(forge=lambda forge: setattr(forge, "opted_out", Brake(pulled=True, problem="opt_out")))
    told = Story(arrange=harmful, services=services).tell()
    assert told.ending is Ending.NOT_UNDONE and told.reason == "opt_out"
    assert (services.hosting.rollbacks, told.world.reverts) == (0, 0)


def _never(deploy: Callable[[ScriptedHosting], None]) -> Told:
    return Story(deploy_after=None, services=Services(deploy)).tell()


@pytest.mark.parametrize(
    ("build", "confirmation"),
    [
        (Build.FAILED, Confirmation.BUILD_FAILED),
        (Build.CANCELED, Confirmation.BUILD_CANCELED),
        (Build.BLOCKED, Confirmation.BUILD_BLOCKED),
        (Build.SKIPPED, Confirmation.BUILD_SKIPPED),
    ],
)
def test_a_build_that_comes_to_nothing_ends_the_wait_early(build: Build, confirmation: Confirmation) -> None:
    told = _never(lambda hosting: hosting.builds.update({BAD: build}))
    assert told.ending is Ending.NEVER_DEPLOYED and told.reason == confirmation.value
    assert told.timeline[-1].at - told.timeline[0].at < timedelta(minutes=2)


@pytest.mark.parametrize(
    ("arrange", "confirmation"),
    [
        (lambda hosting: hosting.builds.update({BAD: Build.BUILDING}), Confirmation.STILL_BUILDING),
        (lambda hosting: hosting.unknown.add(RELEASE), Confirmation.NEVER_CREATED),
        (lambda hosting: hosting.staged.add(RELEASE), Confirmation.STAGED),
        (lambda hosting: setattr(hosting, "pinned", GOOD), Confirmation.PINNED),
        (lambda hosting: setattr(hosting, "problem", "unauthorized"), Confirmation.NEVER_DEPLOYED),
    ],
)
def test_why_it_never_went_live_is_said(arrange: Callable[[ScriptedHosting], None], confirmation: Confirmation) -> None:
    told = _never(arrange)
    assert told.ending is Ending.NEVER_DEPLOYED and told.reason == confirmation.value
    assert told.timeline[-1].at - told.timeline[0].at >= timedelta(minutes=20)


def test_a_rolling_release_in_progress_is_no_verdict() -> None:
    told = _never(lambda hosting: setattr(hosting, "rolling", True))
    assert told.ending is Ending.INCONCLUSIVE and told.reason == "rolling"


def test_a_platform_that_cannot_be_asked_changes_no_verdict() -> None:
    told = Story(services=Services(lambda hosting: setattr(hosting, "problem", "rate_limited"))).tell()
    assert told.ending is Ending.PASSED
    assert "hosting_unanswered" in {one.reason.code for one in compose(told.timeline).findings}


def test_the_platform_is_asked_seldom() -> None:
    services = Services(lambda hosting: hosting.unknown.add(RELEASE))
    Story(deploy_after=None, services=services).tell()
    assert services.hosting.asked <= 20 * 4 + 2


def _protected(world: ScriptedWorld) -> None:
    harmful(world)
    refused = Rollback(
        method="git", at=START, problem="protected", permanent=True, link="bakewatch/revert-bb", commit=REVERT
    )
    world.undo_problems += [refused] * 200


def test_a_protected_branch_gets_a_pull_request_which_is_merged_in_auto() -> None:
    services = Services(forge=lambda forge: None)
    told = Story(arrange=_protected, services=services).tell()
    assert told.ending is Ending.UNDONE and (services.forge.proposals, told.world.reverts) == (1, 1)


def test_where_only_a_person_may_merge_it_waits_and_says_so() -> None:
    services = Services(forge=lambda forge: setattr(forge, "mergeable", False))
    told = Story(arrange=_protected, services=services).tell()
    assert told.ending is Ending.NOT_UNDONE and told.reason == "needs_a_person"
    assert [one.transition for one in told.world.notices] == ["needs_a_person", "not_undone"]
    assert told.world.notices[0].link == "https://forge/1" and told.world.reverts == 0
    assert moves(told).count((Layer.GIT, "needs_a_person")) == 1

    def late(forge: ScriptedForge) -> None:
        forge.mergeable, forge.merged_from = False, START + timedelta(minutes=15)

    told = Story(arrange=_protected, services=Services(forge=late)).tell()
    assert told.ending is Ending.UNDONE and told.world.reverts == 1


def test_what_is_shown_follows_the_case_and_trouble_there_changes_nothing() -> None:
    services = Services(forge=lambda forge: None)
    plan = structs.replace(PLAN, service=structs.replace(PLAN.service, language="ko"))
    Story(plan=plan, arrange=harmful, services=services).tell()
    assert [one.mark for one in services.forge.shown] == [Mark.PENDING, Mark.FAILURE, Mark.FAILURE, Mark.FAILURE]
    assert "배포" in services.forge.shown[-1].text and services.forge.shown[-1].pulls == (1,)
    deaf = Services(forge=lambda forge: setattr(forge, "deaf", True))
    told = Story(services=deaf).tell()
    assert told.ending is Ending.PASSED
    assert {one.problem for one in told.timeline if isinstance(one, Published)} == {"forbidden"}


def test_a_nudge_is_no_answer() -> None:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        for minute in range(1, 20):
            world.runtime.messages.append((START + timedelta(minutes=minute), Message(kind="nudge")))
        world.runtime.messages.append((START + timedelta(minutes=21), Message(kind="approve")))

    told = Story(plan=with_mode(Mode.ASK), arrange=arrange).tell()
    assert told.ending is Ending.UNDONE and told.world.reverts == 1

    def moved(world: ScriptedWorld) -> None:
        arrange(world)
        world.branch.append(NEXT)

    told = Story(arrange=moved).tell()
    assert any(isinstance(one, Asked) for one in told.timeline) and told.ending is Ending.UNDONE


def _pending_for_ever(hosting: ScriptedHosting) -> None:
    hosting.roll_back = lambda target, why: Move(at=hosting.world.clock())  # type: ignore[method-assign]


def _stopped_at(seconds: int) -> Callable[[ScriptedWorld], None]:
    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        world.runtime.messages.append((START + timedelta(seconds=seconds), Message(kind="stop")))

    return arrange


def _moved_at(told: Told, layer: Layer) -> int:
    """The seconds until the first attempt at *layer*."""
    at = next(one.at for one in told.timeline if isinstance(one, RolledBack) and one.rollback.layer is layer)
    return int((at - START).total_seconds())


def test_a_person_who_stops_the_platforms_layer_stops_the_branchs_too() -> None:
    whole = Story(arrange=harmful, services=Services(_pending_for_ever)).tell()
    arrange = _stopped_at(_moved_at(whole, Layer.PLATFORM) + 2)
    told = Story(arrange=arrange, services=Services(_pending_for_ever)).tell()
    assert told.ending is Ending.NOT_UNDONE and told.reason == "stopped" and told.world.reverts == 0


def test_a_person_who_stops_while_production_goes_back_stops_the_branchs_layer() -> None:
    def arrange(hosting: ScriptedHosting) -> None:
        back = hosting.roll_back

        def unseen(target: str, why: str) -> Move:
            hosting.world.deploy = lambda commit, moment: None  # type: ignore[method-assign]
            return back(target, why)

        hosting.roll_back = unseen  # type: ignore[method-assign]

    whole = Story(arrange=harmful, services=Services(arrange)).tell()
    seconds = _moved_at(whole, Layer.PLATFORM) + 30
    told = Story(arrange=_stopped_at(seconds), services=Services(arrange)).tell()
    assert told.ending is Ending.NOT_UNDONE and told.reason == "stopped" and told.world.reverts == 0
    assert "production_pinned" in {one.reason.code for one in compose(told.timeline).findings}


def test_a_rollback_that_is_never_told_as_done_leaves_the_branch_to_be_undone() -> None:
    def arrange(hosting: ScriptedHosting) -> None:
        def moved(target: str, why: str) -> Move:
            now = hosting.world.clock()
            hosting.rollbacks += 1
            if hosting.rollbacks == 1:
                hosting.world.deploy(PARENT, now)
            return Move(at=now)

        hosting.roll_back = moved  # type: ignore[method-assign]

    told = Story(arrange=harmful, services=Services(arrange)).tell()
    assert told.world.reverts == 1 and (Layer.GIT, "") in moves(told)


def test_a_kill_switch_stops_the_last_layer_too() -> None:
    services = Services(forge=lambda forge: None)

    def arrange(world: ScriptedWorld) -> None:
        harmful(world)
        revert = world.roll_back

        def braked(release: Release) -> Rollback:
            done = revert(release)
            services.forge.opted_out = Brake(pulled=True)
            return done

        world.roll_back = braked  # type: ignore[method-assign]

    told = Story(arrange=arrange, services=services).tell()
    assert (told.ending, told.reason, services.hosting.promotions) == (Ending.UNDONE, "still_pinned", 0)
    assert moves(told)[-1] == (Layer.UNPIN, "kill_switch")


def test_production_that_somebody_else_has_moved_on_is_not_called_held() -> None:
    def arrange(hosting: ScriptedHosting) -> None:
        tell = hosting.tell

        def elsewhere(commit: str) -> About:
            if commit == REVERT and hosting.current == GOOD:
                hosting.current, hosting.pinned = "dpl_other", ""
                hosting.world.deploy(REVERT, hosting.world.clock())
            return tell(commit)

        hosting.tell = elsewhere  # type: ignore[method-assign]

    services = Services(arrange)
    told = Story(arrange=harmful, services=services).tell()
    assert moves(told)[-1] == (Layer.UNPIN, "moved_on") and services.hosting.promotions == 0
    assert (told.ending, told.reason) == (Ending.UNDONE, "")
    assert "production_pinned" not in {one.reason.code for one in compose(told.timeline).findings}


def test_the_platforms_word_does_not_outweigh_an_address_that_cannot_be_asked() -> None:
    def arrange(world: ScriptedWorld) -> None:
        world.versionless = lambda moment: True

    services = Services(lambda hosting: hosting.builds.update({BAD: Build.FAILED}))
    told = Story(arrange=arrange, services=services).tell()
    assert (told.ending, told.reason) == (Ending.INCONCLUSIVE, "unreachable")


def test_a_hold_that_was_over_when_the_release_went_live_is_not_told() -> None:
    def arrange(hosting: ScriptedHosting) -> None:
        hosting.pinned = GOOD
        tell = hosting.tell

        def once(commit: str) -> About:
            told = tell(commit)
            hosting.pinned = ""
            return told

        hosting.tell = once  # type: ignore[method-assign]

    plan = structs.replace(PLAN, confirm=structs.replace(PLAN.confirm, times=1))
    told = Story(plan=plan, deploy_after=timedelta(seconds=3), services=Services(arrange)).tell()
    assert told.ending is Ending.PASSED
    assert "production_pinned" not in {one.reason.code for one in compose(told.timeline).findings}


def test_a_platform_that_can_only_be_asked_leaves_auto_as_it_was() -> None:
    def arrange(hosting: ScriptedHosting) -> None:
        def never() -> list[Hosted]:
            raise HostingError("not_supported", permanent=True)

        hosting.candidates = never  # type: ignore[method-assign]

    told = Story(arrange=harmful, services=Services(arrange)).tell()
    assert told.ending is Ending.UNDONE and moves(told) == [(Layer.GIT, "")]
