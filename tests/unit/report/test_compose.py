"""What the projection says of each story."""

from datetime import timedelta

import jsonschema
import msgspec
import pytest
from msgspec import structs

from bakewatch.model.plan import Mode, Rule, Undo
from bakewatch.model.release import MergeKind
from bakewatch.model.report import Report, Stage, Standing, Unit
from bakewatch.model.timeline import Timeline, Weighed, from_json, to_json
from bakewatch.model.verdict import Ending, Reason
from bakewatch.report import published
from bakewatch.report.compose import commands, compose
from bakewatch.report.standing import worst

from . import timelines as told


def standings(report: Report) -> dict[str, Standing]:
    return {one.id: one.standing for one in report.criteria}


def check(report: Report, name: str) -> Standing:
    return next(one.standing for criterion in report.criteria for one in criterion.checks if one.name == name)


def weighed(timeline: Timeline, **changes: object) -> Timeline:
    """The same story with other evidence of DoD-1 at the end."""
    last = max(place for place, event in enumerate(timeline) if isinstance(event, Weighed))
    event = timeline[last]
    assert isinstance(event, Weighed)
    evidence = tuple(structs.replace(one, **changes) if one.check == "api_400" else one for one in event.evidence)
    return (*timeline[:last], structs.replace(event, evidence=evidence), *timeline[last + 1 :])


def test_a_harmless_release_is_ok_in_every_box() -> None:
    report = compose(told.passed())
    assert report.stage is Stage.FINAL
    assert report.ending is Ending.PASSED
    assert set(standings(report).values()) == {Standing.OK}
    assert {one.standing for one in report.triggers} == {Standing.OK}
    assert report.undo.needed is False
    assert report.broken is None
    assert report.findings == ()


def test_a_failed_release_names_what_failed_and_how_long_production_was_broken() -> None:
    report = compose(told.undone())
    assert standings(report)["DoD-1"] is Standing.FAILED
    assert [one.name for one in report.triggers if one.standing is Standing.FAILED] == ["dod1"]
    assert report.undo.needed is True
    assert report.undo.done is not None
    assert report.undo.done.commit == told.REVERT
    assert report.undo.attempts == 2
    assert report.broken is not None
    assert report.broken.since == told.at(1.6)
    assert report.broken.until == told.at(5.4)


def test_evidence_of_the_proof_does_not_overwrite_that_of_the_bake() -> None:
    report = compose(told.undone())
    told_of_bake = report.criteria[0].checks[0].evidence
    assert told_of_bake is not None
    assert told_of_bake.count == 14
    assert report.undo.proof is not None
    assert [one.count for one in report.undo.proof.evidence] == [0]


def test_production_that_was_not_cured_is_not_restored() -> None:
    report = compose(told.undone(cured=False))
    assert report.broken is not None
    assert report.broken.until is None
    assert report.undo.proof is not None
    assert not report.undo.proof.cured


def test_a_release_that_was_never_deployed_reaches_no_box() -> None:
    report = compose(told.never_deployed())
    assert set(standings(report).values()) == {Standing.NOT_REACHED}
    assert {one.standing for one in report.triggers} == {Standing.NOT_REACHED}
    assert report.criteria[0].checks[0].reasons == (Reason(code="never_deployed"),)
    assert report.undo.needed is False
    assert report.bake.started is None


def test_a_blind_watch_is_not_a_healthy_one() -> None:
    report = compose(told.blind())
    assert {check(report, name) for name in ("api_400", "api_409", "auth_user")} == {Standing.BLIND}
    assert next(one for one in report.triggers if one.name == "dod1").standing is Standing.BLIND
    assert report.undo.needed is None
    assert report.bake.extended_minutes == pytest.approx(15)
    assert report.criteria[0].checks[0].upper is None
    codes = {one.reason.code for one in report.findings}
    assert codes >= {"gap", "canary_unsent", "interrupted", "extended", "blind_minutes", "journey_unwalked"}


def test_a_gap_that_comes_again_is_one_finding_with_its_span() -> None:
    gaps = [one for one in compose(told.blind()).findings if one.reason.code == "gap"]
    assert [(one.at, one.until, one.reason.numbers) for one in gaps] == [(told.at(20), told.at(46.75), {"looks": 2.0})]


@pytest.mark.parametrize("code", ["blind", "provider_errors"])
def test_a_check_that_was_blind_when_the_bake_ended_early_says_so(code: str) -> None:
    timeline = weighed(told.superseded(), reasons=(Reason(code=code),))
    assert check(compose(timeline), "api_400") is Standing.BLIND
    assert check(compose(told.superseded()), "api_400") is Standing.CUT_SHORT


def test_nothing_seen_before_an_early_end_is_not_nothing_found() -> None:
    report = compose(weighed(told.superseded(), seen=0.0))
    assert check(report, "api_400") is Standing.UNSURE
    assert report.criteria[0].checks[0].reasons == (Reason(code="ended_early"),)
    assert next(one for one in report.triggers if one.name == "dod1").standing is Standing.UNSURE


@pytest.mark.parametrize("changes", [{"could_see": 0.5}, {"could_see": None}, {"reasons": (Reason(code="unproven"),)}])
def test_a_zero_that_could_not_have_been_otherwise_is_no_pass(changes: dict[str, object]) -> None:
    assert check(compose(weighed(told.passed(), **changes)), "api_400") is Standing.UNSURE


def test_a_fired_check_counts_as_failed_whatever_else_is_said_of_it() -> None:
    timeline = weighed(told.passed(), fired=True, reasons=(Reason(code="blind"),))
    report = compose(timeline)
    assert check(report, "api_400") is Standing.FAILED
    assert {one.reason.code for one in report.findings} == {"check_fired"}


def test_a_trigger_of_several_items_is_settled_by_one_that_is_well() -> None:
    report = compose(weighed(told.passed(), fired=True))
    assert {one.name: one.standing for one in report.triggers}["dod2"] is Standing.OK


def test_the_upper_bound_of_a_zero_is_exact() -> None:
    shares = compose(told.passed()).criteria[0].checks[0]
    assert shares.unit is Unit.SHARE
    assert shares.upper == pytest.approx(1 - 0.05 ** (1 / 1204))


def test_rates_are_told_in_minutes_of_the_plan() -> None:
    plan = structs.replace(told.PLAN, time_scale=0.1)
    quiet = told.healthy("edge_volume", count=0, exposure=180.0)
    timeline = (*told.opened(plan), *told.live(), *told.look(1, told.at(2), (quiet,)))
    report = compose(timeline)
    assert report.others is not None
    volume = next(one for one in report.others.checks if one.name == "edge_volume")
    assert volume.unit is Unit.MINUTE
    assert volume.upper == pytest.approx(2.9957 / 30, rel=1e-3)


def test_a_measured_stream_is_told_by_time_even_with_a_denominator() -> None:
    checks = tuple(structs.replace(one, of="x") if one.name == "db_load" else one for one in told.PLAN.checks)
    report = compose(told.passed(structs.replace(told.PLAN, checks=checks)))
    assert next(one for one in report.criteria[1].checks if one.name == "db_load").unit is Unit.MINUTE


def test_own_traffic_that_broke_a_declared_signature_is_a_finding() -> None:
    report = compose(weighed(told.passed(), own=2))
    assert [one.reason.code for one in report.findings] == ["own_signature_seen"]
    assert report.criteria[0].checks[0].upper is None


def test_an_unanswered_question_leaves_the_release_where_it_is() -> None:
    undo = compose(told.unanswered()).undo
    assert undo.needed is True
    assert undo.done is None
    assert undo.approved is False
    assert undo.by == ""
    assert {reason.code for reason in undo.reasons} == {"public_evidence", "touches_migrations"}


def test_a_refusal_keeps_its_reason_and_where_to_go_on() -> None:
    undo = compose(told.refused()).undo
    assert undo.refusal == Reason(code="protected")
    assert undo.link == f"{told.ADDRESS}/pull/9"
    assert (undo.approved, undo.by) == (True, "hana")


def test_a_policy_is_set_beside_what_the_journey_observed() -> None:
    report = compose(told.regressed())
    policy = report.criteria[3].policies[0]
    assert policy.standing is Standing.FAILED
    assert [(one.name, one.expected, one.observed) for one in policy.expectations] == [
        ("ping_before", 403, 204),
        ("track_registers", True, True),
        ("ping_registers", False, None),
    ]


def test_a_journey_that_failed_counts_even_when_a_later_walk_passed() -> None:
    timeline = told.regressed()
    later = told.look(2, told.at(2.05), told.all_healthy(0.01))
    report = compose((*timeline[:7], *later, *timeline[7:]))
    registrant = report.criteria[3].journeys[0]
    assert registrant.standing is Standing.FAILED
    assert (registrant.passed, registrant.failed) == (1, 1)
    assert registrant.broken is not None
    assert registrant.broken.failed_step == "the live page opens"
    assert report.broken is not None
    assert report.broken.since == told.at(2)


def test_walks_tell_flaky_unswept_and_failing_journeys_apart() -> None:
    found = {(one.reason.code, one.reason.about) for one in compose(told.regressed()).findings}
    assert found == {
        ("journey_failed", "journey:registrant"),
        ("journey_flaky", "journey:admin"),
        ("journey_unswept", "journey:admin"),
        ("not_notified", ""),
    }


def test_a_running_report_is_as_of_now() -> None:
    report = compose(told.running(), told.STARTED + timedelta(minutes=13, seconds=40))
    assert report.stage is Stage.BAKING
    assert int(report.bake.watched_minutes) == 13
    assert set(standings(report).values()) == {Standing.RUNNING}


@pytest.mark.parametrize(
    ("story", "stage"),
    [("waiting", Stage.CONFIRMING), ("running", Stage.BAKING), ("asking", Stage.ASKING), ("undoing", Stage.UNDOING)],
)
def test_the_stage_says_how_far_it_has_come(story: str, stage: Stage) -> None:
    assert compose(told.UNFINISHED[story](), told.at(14)).stage is stage


@pytest.mark.parametrize("story", told.FINAL)
def test_a_closed_case_is_told_alike_at_any_time(story: str) -> None:
    timeline = told.FINAL[story]()
    assert compose(timeline, told.at(10_000)) == compose(timeline)
    assert compose(from_json(map(to_json, timeline))) == compose(timeline)


@pytest.mark.parametrize("story", [*told.FINAL, *told.UNFINISHED])
def test_any_beginning_of_a_story_can_be_told(story: str) -> None:
    timeline = {**told.FINAL, **told.UNFINISHED}[story]()
    for length in range(1, len(timeline) + 1):
        report = compose(timeline[:length], told.at(60))
        assert (report.stage is Stage.FINAL) == (length == len(timeline) and story in told.FINAL)


def test_a_story_begins_with_its_opening() -> None:
    with pytest.raises(ValueError, match="Opened"):
        compose(())


@pytest.mark.parametrize(
    ("kind", "revert"),
    [
        (MergeKind.MERGE, f"git revert -m 1 {told.COMMIT}"),
        (MergeKind.SQUASH, f"git revert {told.COMMIT}"),
        (MergeKind.REBASE, f"git revert {told.PARENT}..{told.COMMIT}"),
    ],
)
def test_the_commands_fit_the_kind_of_merge(kind: MergeKind, revert: str) -> None:
    release = structs.replace(told.RELEASE, kind=kind, branch="main; rm -rf /")
    assert commands(release) == (revert, "git push origin 'main; rm -rf /'")


def test_checks_of_no_criterion_are_told_all_the_same() -> None:
    rest = compose(told.passed()).others
    assert rest is not None
    assert [one.name for one in rest.checks] == ["edge_volume", "entries"]
    assert next(one for one in rest.checks if one.rule is Rule.FLOOR).upper is None


def test_a_second_attempt_has_an_identity_of_its_own() -> None:
    timeline = told.passed()
    again = (structs.replace(timeline[0], attempt=2), *timeline[1:])
    assert compose(again).bake_id == f"acme/live-event@{told.COMMIT}~2"


def test_the_worst_standing_wins() -> None:
    assert worst([Standing.OK, Standing.BLIND, Standing.FAILED]) is Standing.FAILED
    assert worst([Standing.OK, Standing.CUT_SHORT]) is Standing.CUT_SHORT
    assert worst([]) is Standing.NOT_REACHED


@pytest.mark.parametrize("story", [*told.FINAL, *told.UNFINISHED])
def test_the_published_form_fits_its_schema_and_can_be_read_again(story: str) -> None:
    report = compose({**told.FINAL, **told.UNFINISHED}[story](), told.at(14))
    text = published.render(report)
    jsonschema.validate(msgspec.json.decode(text), published.schema())
    assert msgspec.json.decode(text, type=Report) == report


def test_the_mode_of_the_plan_is_told() -> None:
    plan = structs.replace(told.PLAN, undo=Undo(mode=Mode.OFF))
    assert compose(told.passed(plan)).undo.mode is Mode.OFF
