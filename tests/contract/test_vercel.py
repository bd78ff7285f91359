"""The platform's word and its moves, against a stand-in that is held to the vendor's own document."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from bakewatch import plugins
from bakewatch.errors import ConfigError, HostingError
from bakewatch.model.hosting import Build, Differences
from bakewatch.model.plan import Plan, Service
from bakewatch.ports import Context, Remote
from bakewatch.testing.vercel import Ends, Hooks, Platform, StandIn, signature
from bakewatch.vendors.vercel import Vercel, VercelSettings
from bakewatch.web.hooks import Deployed, of_vercel
from bakewatch.web.signature import signed_by_vercel
from tests.contract.loopback import Answer, Asked, serving
from tests.contract.openapi import FOLDER, document

OLD, GOOD, BAD, NEXT = (digit * 40 for digit in "0123")
DAY = datetime(2026, 2, 7, tzinfo=UTC)
SCENE_TOKEN = "tokenlive"


@dataclass
class Clock:
    """A clock that only moves when it is told to."""

    now: datetime = DAY

    def __call__(self) -> datetime:
        return self.now

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Scene:
    """The platform, its server, and us."""

    server: StandIn
    clock: Clock
    vercel: Vercel

    @property
    def platform(self) -> Platform:
        return self.server.platform

    def push(self, commit: str, **more: object) -> str:
        """Push *commit* and wait until the platform is done with it."""
        one = self.platform.push(commit, **more)  # type: ignore[arg-type]
        self.clock.on(20)
        self.platform.settle()
        return one.id if one else ""

    def asked(self) -> list[str]:
        return [f"{one.method} {one.path}" for one in self.server.asked]

    def moves(self) -> list[str]:
        return [one for one in self.asked() if one.startswith("POST")]


def _vercel(server: StandIn, clock: Clock, **settings: object) -> Vercel:
    table = {"project": "live", "team": "team_live", "api": server.url, **settings}
    return Vercel(VercelSettings(**table), SCENE_TOKEN, clock)  # type: ignore[arg-type]


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Its every request and answer is checked against the document, where that is there."""
    clock = Clock()
    with StandIn(Platform(clock)) as server:
        yield Scene(server, clock, _vercel(server, clock))
    if FOLDER in os.environ:
        judge = document("vercel")
        for asked, (status, answer) in zip(server.asked, server.answered, strict=True):
            judge.check(asked.method, asked.path, asked.query, status, answer, asked.body)


def test_the_document_is_there_to_check_what_is_sent_and_answered() -> None:
    judge = document("vercel")
    assert judge.describes("/v9/projects/live") and not judge.describes("/v9/projects/live/rollback/dpl_1")
    good = {"rollingRelease": None}
    judge.check("GET", "/v1/projects/live/rolling-release", {"state": "ACTIVE"}, 200, good)
    for query, answer in (({"stage": "1"}, good), ({}, {"rollingRelease": {"state": "ACTIVE"}})):
        with pytest.raises(Exception, match="stage|InvalidData"):
            judge.check("GET", "/v1/projects/live/rolling-release", query, 200, answer)


# What it says


def test_the_domains_of_production_are_read_to_the_last_page_without_those_that_only_redirect(scene: Scene) -> None:
    scene.platform.domains |= {"kr.live.example": "", "old.live.example": "", "en.live.example": ""}
    scene.platform.redirects["m.live.example"] = "live.example"
    vercel = _vercel(scene.server, scene.clock, ignore=("old.live.example",))
    wanted = ["live.example", "www.live.example", "kr.live.example", "en.live.example"]
    assert vercel.domains() == vercel.domains() == wanted
    assert len(scene.asked()) == 3


def test_a_domain_for_all_names_below_one_has_no_address_to_ask(scene: Scene) -> None:
    scene.platform.domains["*.live.example"] = ""
    assert scene.vercel.domains() == ["live.example", "www.live.example"]


def test_a_commit_is_followed_from_the_push_until_production_serves_it(scene: Scene) -> None:
    scene.push(OLD)
    assert scene.vercel.tell(GOOD).deployment is None
    scene.platform.push(GOOD)
    seen = []
    for seconds in (0, 5, 6.5, 1):
        scene.clock.on(seconds)
        told = scene.vercel.tell(GOOD)
        assert told.deployment is not None and told.deployment.commit == GOOD and not told.problem
        seen.append((told.deployment.build, told.deployment.staged, told.current == told.deployment.id, told.astray))
    both = ("live.example", "www.live.example")
    assert seen == [
        (Build.QUEUED, False, False, ()),
        (Build.BUILDING, False, False, ()),
        (Build.READY, True, False, both),
        (Build.READY, False, True, ()),
    ]
    assert (told.at, told.pinned, told.rolling) == (scene.clock.now, "", False)
    assert told.deployment and told.deployment.created_at == DAY + timedelta(seconds=20)
    assert scene.platform.serves("live.example") == GOOD


def test_a_domain_that_stays_behind_is_astray_unless_it_is_ignored(scene: Scene) -> None:
    scene.push(OLD)
    scene.platform.stuck.add("www.live.example")
    scene.push(GOOD)
    assert scene.vercel.tell(GOOD).astray == ("www.live.example",)
    assert scene.vercel.tell(OLD).astray == ("live.example",)
    assert _vercel(scene.server, scene.clock, ignore=("www.live.example",)).tell(GOOD).astray == ()
    assert scene.platform.serves("www.live.example") == OLD


def test_a_domain_that_points_to_nothing_is_astray(scene: Scene) -> None:
    scene.push(GOOD)
    scene.platform.domains["new.live.example"] = ""
    assert scene.vercel.tell(GOOD).astray == ("new.live.example",)


def test_a_preview_of_the_same_commit_is_never_its_deployment(scene: Scene) -> None:
    scene.push(OLD)
    scene.push(GOOD, target=None)
    assert scene.vercel.tell(GOOD).deployment is None
    wanted = scene.push(GOOD)
    scene.push(GOOD, target=None)
    told = scene.vercel.tell(GOOD)
    assert told.deployment is not None and told.deployment.id == wanted


@pytest.mark.parametrize(
    ("first", "second", "build"),
    [
        (Ends.ERROR, Ends.READY, Build.READY),
        (Ends.READY, Ends.ERROR, Build.READY),
        (Ends.READY, Ends.CANCELED, Build.READY),
        (Ends.CANCELED, Ends.ERROR, Build.FAILED),
    ],
)
def test_a_commit_that_was_built_twice_came_to_nothing_only_when_both_did(
    scene: Scene, first: Ends, second: Ends, build: Build
) -> None:
    both = [scene.push(GOOD, ends=one) for one in (first, second)]
    deployment = scene.vercel.tell(GOOD).deployment
    assert deployment is not None and deployment.build is build
    assert deployment.id == both[first is not Ends.READY]


def test_what_the_filters_let_through_is_looked_at_again() -> None:
    def listed(uid: str, commit: str, created: int, **more: object) -> dict[str, object]:
        meta = {"githubCommitSha": commit}
        return {"uid": uid, "readyState": "QUEUED", "createdAt": created, "target": "production", "meta": meta, **more}

    rows = [
        listed("earlier", GOOD, 1),
        listed("wanted", GOOD, 2),
        listed("preview", GOOD, 3, target=None),
        listed("staging", GOOD, 4, target="staging"),
        listed("deleted", GOOD, 5, readyState="DELETED"),
        listed("another", BAD, 6),
        listed("unknown", "", 7),
    ]
    project = {"id": "prj_1", "targets": {"production": None}, "rollingRelease": None}

    def lie(asked: Asked) -> Answer:
        return 200, {}, json.dumps({"deployments": rows} if "deployments" in asked.path else project).encode()

    with serving(lie) as server:
        settings = VercelSettings(project="live", api=server.url)
        told = Vercel(settings, SCENE_TOKEN, Clock()).tell(GOOD)
        assert told.deployment is not None and (told.deployment.id, told.current) == ("wanted", "")
        rows[0]["createdAt"] = "now"
        assert Vercel(settings, SCENE_TOKEN, Clock()).tell(GOOD).problem == "malformed"


@pytest.mark.parametrize(
    ("ends", "build", "code"),
    [
        (Ends.ERROR, Build.FAILED, "BUILD_UTILS_SPAWN_1"),
        (Ends.CANCELED, Build.CANCELED, ""),
        (Ends.SKIPPED, Build.SKIPPED, ""),
        (Ends.BLOCKED, Build.BLOCKED, "TEAM_ACCESS_REQUIRED"),
    ],
)
def test_what_came_to_nothing_says_why(scene: Scene, ends: Ends, build: Build, code: str) -> None:
    serving = scene.push(OLD)
    scene.push(BAD, ends=ends)
    told = scene.vercel.tell(BAD)
    assert told.deployment is not None
    assert (told.deployment.build, told.deployment.code, told.deployment.build.over) == (build, code, True)
    assert (told.current, told.astray) == (serving, ())


def test_the_log_of_a_failed_build_is_short_and_keeps_no_secret(scene: Scene) -> None:
    secrets = [
        "Error: STRIPE_KEY=sk_live_51H8abcdEFGH and MAGIC=hunter2",
        "error: mail to kim@live.example failed",
        "\x1b[31mError\x1b[0m: connect postgres://admin:s3cret@db.live.example/app",
    ]
    log = ["Cloning", *(f"error {one}" for one in range(20)), *secrets, "Done in 3 s", "Command exited with 1"]
    scene.push(BAD, ends=Ends.ERROR, log=tuple([*log[:-1], "Error: " + "x" * 500, log[-1]]))
    told = scene.vercel.tell(BAD)
    assert told.deployment is not None
    lines = told.deployment.log
    assert len(lines) == 10 and all(len(one) <= 200 for one in lines)
    assert lines[-1] == "Command exited with 1" and lines[-2].startswith("Error: x")
    assert lines[-5] == "Error: STRIPE_KEY=[value] and MAGIC=[value]"
    assert not any(bad in "\n".join(lines) for bad in ("sk_live", "hunter2", "kim", "s3cret", "\x1b", "Done"))


def test_an_event_of_nothing_does_not_take_the_log_with_it() -> None:
    row = {"uid": "d", "readyState": "ERROR", "createdAt": 1, "target": "production", "meta": {"gitCommitSha": BAD}}

    def answer(asked: Asked) -> Answer:
        events = [None, {"type": "stderr", "text": "Type error"}]
        told = events if "events" in asked.path else {"id": "p", "deployments": [row]}
        return 200, {}, json.dumps(told).encode()

    with serving(answer) as server:
        told = Vercel(VercelSettings(project="live", api=server.url), SCENE_TOKEN, Clock()).tell(BAD)
    assert told.deployment is not None and told.deployment.log == ("Type error",)


def test_a_build_without_a_log_failed_all_the_same(scene: Scene) -> None:
    scene.push(BAD, ends=Ends.ERROR)
    scene.server.limits.fail("GET /v3/deployments/{}/events", 500)
    told = scene.vercel.tell(BAD)
    assert told.deployment is not None
    assert (told.deployment.build, told.deployment.log, told.problem) == (Build.FAILED, (), "")


def test_a_rolling_release_is_told_and_only_asked_for_where_there_are_any(scene: Scene) -> None:
    scene.push(OLD)
    assert not scene.vercel.tell(OLD).rolling
    assert "GET /v1/projects/live/rolling-release" not in scene.asked()
    scene.platform.rolls = True
    canary = scene.push(GOOD)
    told = scene.vercel.tell(GOOD)
    assert told.rolling and told.deployment is not None and told.deployment.id == canary
    assert told.astray == ("live.example", "www.live.example")
    assert [scene.platform.serves("live.example", draw) for draw in (0.05, 0.5)] == [GOOD, OLD]
    scene.platform.complete()
    told = scene.vercel.tell(GOOD)
    assert (told.rolling, told.astray, told.current) == (False, (), canary)


@pytest.mark.parametrize(("status", "problem"), [(402, ""), (403, ""), (404, ""), (500, "status_500")])
def test_a_plan_without_rolling_releases_is_no_problem(scene: Scene, status: int, problem: str) -> None:
    scene.push(GOOD)
    scene.platform.rolls = True
    scene.server.limits.fail("GET /v1/projects/{}/rolling-release", status)
    told = scene.vercel.tell(GOOD)
    assert (told.rolling, told.problem) == (False, problem)


def test_one_look_takes_few_requests(scene: Scene) -> None:
    scene.push(OLD)
    scene.platform.push(GOOD)
    scene.vercel.tell(GOOD)
    assert len(scene.asked()) == 2
    scene.clock.on(20)
    for _ in range(3):
        scene.vercel.tell(GOOD)
    assert len(scene.asked()) == 2 + 3 * 4 + 1


def test_the_team_is_named_by_its_id_or_by_its_slug(scene: Scene) -> None:
    for team, query in (("team_live", {"teamId": "team_live"}), ("live-team", {"slug": "live-team"})):
        assert _vercel(scene.server, scene.clock, team=team).tell(GOOD).problem == ""
        assert query.items() <= scene.server.asked[-1].query.items()
    assert _vercel(scene.server, scene.clock, team="").tell(GOOD).problem == ""
    assert not {"teamId", "slug"} & set(scene.server.asked[-1].query)
    assert _vercel(scene.server, scene.clock, team="others").tell(GOOD).problem == "forbidden"


# Trouble


@pytest.mark.parametrize("in_a_header", [False, True])
def test_a_limit_is_obeyed_until_it_is_over(scene: Scene, in_a_header: bool) -> None:
    scene.push(GOOD)
    scene.server.limits.retry_after = in_a_header
    scene.server.limits.limit("GET /v7/deployments", 2, 45)
    assert [scene.vercel.tell(GOOD).problem for _ in range(4)] == ["", "", "rate_limited", "rate_limited"]
    sent = len(scene.asked())
    scene.clock.on(44)
    assert scene.vercel.tell(GOOD).problem == "rate_limited" and len(scene.asked()) == sent
    scene.clock.on(1)
    assert scene.vercel.tell(GOOD).problem == ""


def test_a_revoked_token_is_told_and_never_shown(scene: Scene) -> None:
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.server.tokens.clear()
    assert scene.vercel.tell(BAD).problem == "forbidden"
    move = scene.vercel.roll_back(target, "why")
    assert (move.done, move.problem, move.permanent) == (False, "forbidden", True)
    with pytest.raises(HostingError) as error:
        scene.vercel.candidates()
    assert (error.value.code, error.value.permanent) == ("forbidden", True)
    assert SCENE_TOKEN not in repr(error.value) + repr(scene.vercel)


@pytest.mark.parametrize("endpoint", ["GET /v7/deployments", "GET /v9/projects/{}", "GET /v9/projects/{}/domains"])
def test_no_question_that_could_not_be_asked_is_an_answer(scene: Scene, endpoint: str) -> None:
    scene.push(GOOD)
    scene.server.limits.fail(endpoint, 500)
    told = scene.vercel.tell(GOOD)
    assert (told.problem, told.deployment, told.current) == ("status_500", None, "")


# Going back


def test_what_served_production_and_may_again_is_a_candidate(scene: Scene) -> None:
    first, second = scene.push(OLD), scene.push(GOOD)
    scene.push(NEXT, target=None)
    scene.push(NEXT, ends=Ends.ERROR)
    third = scene.push(BAD)
    assert [one.id for one in scene.vercel.candidates()] == [second, first]
    scene.vercel.roll_back(second, "why")
    scene.clock.on(10)
    staged = scene.push(NEXT)
    assert [one.id for one in scene.vercel.candidates()] == [third, first]
    assert staged not in {one.id for one in scene.vercel.candidates()}


def test_differences_are_names_of_variables_and_jobs(scene: Scene) -> None:
    target = scene.push(GOOD, env=("A", "GONE"), crons=(("/daily", "0 3 * * *"),))
    scene.push(BAD, env=("A", "NEW"))
    scene.platform.variables = {"A": scene.clock.now, "OLD": DAY - timedelta(days=3)}
    assert scene.vercel.differences(target) == Differences(environment=("A", "GONE", "NEW"), crons=True)
    assert scene.vercel.differences(scene.platform.current) == Differences(environment=("A",))


def test_a_variable_that_does_not_say_when_it_was_changed_may_have_been() -> None:
    project = {
        "id": "prj_1",
        "targets": {"production": {"id": "now"}},
        "env": [{"key": "A", "target": ["production"]}, {"key": "B", "target": ["preview"]}],
    }

    def answer(asked: Asked) -> Answer:
        told = project if "projects" in asked.path else {"id": "any", "createdAt": 1, "env": []}
        return 200, {}, json.dumps(told).encode()

    with serving(answer) as server:
        vercel = Vercel(VercelSettings(project="live", api=server.url), SCENE_TOKEN, Clock())
        assert vercel.differences("then") == Differences(environment=("A",))


def test_nothing_is_compared_with_what_is_gone_or_with_nothing(scene: Scene) -> None:
    with pytest.raises(HostingError, match="no_current"):
        scene.vercel.differences("dpl_1")
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.platform.delete(target)
    with pytest.raises(HostingError) as error:
        scene.vercel.differences(target)
    assert (error.value.code, error.value.permanent) == ("gone", True)


def test_a_rollback_is_asked_for_once_and_pins_production_until_a_promotion(scene: Scene) -> None:
    target, bad = scene.push(GOOD), scene.push(BAD)
    first = scene.vercel.roll_back(target, "regression " + "x" * 300)
    again = [scene.vercel.roll_back(target, "regression") for _ in range(2)]
    scene.clock.on(5)
    last = scene.vercel.roll_back(target, "regression")
    assert [(one.done, one.already, one.problem) for one in (first, *again, last)] == [
        (False, False, ""),
        (False, True, ""),
        (False, True, ""),
        (True, True, ""),
    ]
    assert scene.moves() == [f"POST /v1/projects/prj_live/rollback/{target}"]
    (asked,) = (one for one in scene.server.asked if one.method == "POST")
    assert asked.query["description"].startswith("regression ") and len(asked.query["description"]) == 250
    told = scene.vercel.tell(BAD)
    assert (told.current, told.pinned, told.astray) == (target, target, ("live.example", "www.live.example"))

    merged = scene.push(NEXT)
    told = scene.vercel.tell(NEXT)
    assert told.deployment is not None and told.deployment.staged and told.pinned == target
    assert scene.platform.serves("live.example") == GOOD
    assert not scene.vercel.promote(merged).done
    scene.clock.on(5)
    assert scene.vercel.promote(merged).done
    assert (scene.vercel.tell(NEXT).pinned, scene.platform.serves("live.example")) == ("", NEXT)
    assert bad != merged and len(scene.moves()) == 2


def test_another_process_finds_the_rollback_of_the_one_that_died(scene: Scene) -> None:
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.platform.roll_back(target)
    move = _vercel(scene.server, scene.clock).roll_back(target, "why")
    assert (move.already, move.problem, scene.moves()) == (True, "", [])


def test_the_held_deployment_itself_can_be_promoted_to_end_the_hold(scene: Scene) -> None:
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.vercel.roll_back(target, "why")
    scene.clock.on(5)
    assert not scene.vercel.promote(target).done
    scene.clock.on(5)
    assert scene.vercel.promote(target).done
    assert scene.vercel.tell(GOOD).pinned == "" and len(scene.moves()) == 2


def test_what_serves_production_needs_no_rollback_unless_it_is_being_left(scene: Scene) -> None:
    first, second = scene.push(GOOD), scene.push(BAD)
    assert scene.vercel.roll_back(second, "why").done and not scene.moves()
    scene.platform.promote(first)
    move = scene.vercel.roll_back(second, "why")
    assert (move.done, move.problem, move.permanent) == (False, "conflict", False)
    scene.clock.on(5)
    assert scene.vercel.roll_back(second, "why").problem == ""


def test_a_rollback_that_failed_is_not_asked_for_again_for_a_while(scene: Scene) -> None:
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.platform.failing = 1
    scene.vercel.roll_back(target, "why")
    scene.clock.on(5)
    for _ in range(3):
        move = scene.vercel.roll_back(target, "why")
        assert (move.problem, move.permanent, move.already) == ("rollback_failed", True, True)
    scene.clock.on(900)
    assert scene.vercel.roll_back(target, "why").problem == ""
    scene.clock.on(5)
    assert scene.vercel.roll_back(target, "why").done and len(scene.moves()) == 2


def test_a_skipped_promotion_is_told_as_one(scene: Scene) -> None:
    scene.push(GOOD)
    scene.platform.assigns = False
    staged = scene.push(BAD)
    scene.vercel.promote(staged)
    assert scene.platform.job
    scene.platform.job.status = "skipped"
    assert scene.vercel.promote(staged).problem == "promote_skipped"


def test_an_answer_that_got_lost_moves_production_once(scene: Scene) -> None:
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.server.limits.fail("POST /v1/projects/{}/rollback/{}", 502)
    move = scene.vercel.roll_back(target, "why")
    assert (move.problem, move.permanent) == ("status_502", False)
    assert scene.vercel.roll_back(target, "why").problem == ""
    assert scene.vercel.roll_back(target, "why").already and len(scene.platform.served) == 2


@pytest.mark.parametrize(
    ("status", "problem", "permanent"),
    [
        (400, "refused", True),
        (401, "unauthorized", True),
        (402, "not_eligible", True),
        (403, "forbidden", True),
        (404, "target_gone", True),
        (409, "conflict", False),
        (410, "target_gone", True),
        (422, "refused", True),
        (429, "rate_limited", False),
        (503, "status_503", False),
    ],
)
def test_every_refusal_says_whether_trying_again_can_help(
    scene: Scene, status: int, problem: str, permanent: bool
) -> None:
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.server.limits.fail("POST /v1/projects/{}/rollback/{}", status)
    move = scene.vercel.roll_back(target, "why")
    assert (move.done, move.already, move.problem, move.permanent) == (False, False, problem, permanent)


def test_a_plan_that_goes_back_one_step_refuses_two(scene: Scene) -> None:
    first, second = scene.push(OLD), scene.push(GOOD)
    scene.push(BAD)
    scene.platform.only_previous = True
    assert scene.vercel.roll_back(first, "why").problem == "not_eligible"
    assert scene.vercel.roll_back(second, "why").problem == ""


def test_a_target_that_was_deleted_is_gone_and_a_project_that_is_not_there_is_not_found(scene: Scene) -> None:
    target, _ = scene.push(GOOD), scene.push(BAD)
    scene.platform.delete(target)
    assert scene.vercel.roll_back(target, "why").problem == "target_gone"
    move = _vercel(scene.server, scene.clock, project="other/../live").roll_back(target, "why")
    assert (move.problem, move.permanent) == ("not_found", True)


def test_a_rollback_ends_a_rolling_release_and_a_promotion_waits_behind_one(scene: Scene) -> None:
    scene.push(OLD)
    target = scene.push(GOOD)
    scene.platform.rolls = True
    scene.push(BAD)
    scene.platform.assigns = False
    waiting = scene.push(NEXT)
    assert scene.platform.serves("live.example", 0) == BAD
    move, again = scene.vercel.promote(waiting), scene.vercel.promote(waiting)
    assert (move.already, again.already, again.problem) == (False, True, "") and len(scene.moves()) == 1
    scene.vercel.roll_back(target, "why")
    scene.clock.on(5)
    assert not scene.vercel.tell(BAD).rolling and scene.platform.serves("live.example", 0) == GOOD


# Settings


def _context(environ: dict[str, str], tmp_path: Path) -> Context:
    remote = Remote(url="https://git.example/live", branch="main")
    return Context(tmp_path, environ, Clock(), remote, Plan(service=Service(name="live")))


@pytest.mark.parametrize(
    ("table", "environ", "what"),
    [
        ({}, {}, "missing required field `project`"),
        ({"project": ""}, {}, "length >= 1"),
        ({"project": "live"}, {}, "VERCEL_TOKEN is not set"),
        ({"project": "live", "token_env": "T"}, {"VERCEL_TOKEN": "x"}, "T is not set"),
        ({"project": "live", "api": "http://api.example"}, {"VERCEL_TOKEN": "x"}, "is not https"),
        ({"project": "live", "token": "x"}, {}, "unknown field `token`"),
    ],
)
def test_wrong_settings_are_one_clear_line(
    table: dict[str, str], environ: dict[str, str], what: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=what) as error:
        plugins.build("hosting", {"kind": "vercel", **table}, "[hosting]", _context(environ, tmp_path))
    assert str(error.value).startswith("[hosting]")


def test_building_asks_nobody(scene: Scene, tmp_path: Path) -> None:
    context = _context({"VERCEL_TOKEN": SCENE_TOKEN}, tmp_path)
    built = plugins.build("hosting", {"kind": "vercel", "project": "live", "api": scene.server.url}, "x", context)
    assert isinstance(built, Vercel) and scene.asked() == []


# The stand-in itself


def test_what_happens_is_sent_signed_to_whoever_listens() -> None:
    told: list[tuple[bytes, str]] = []

    def take(asked: Asked) -> Answer:
        told.append((asked.body, asked.headers["x-vercel-signature"]))
        return 200, {}, b""

    clock = Clock()
    with serving(take) as listener:
        hooks = Hooks(listener.url, "whsec")
        with StandIn(Platform(clock), hooks=hooks) as server:
            scene = Scene(server, clock, _vercel(server, clock))
            target, bad = scene.push(GOOD), scene.push(BAD)
            scene.vercel.roll_back(target, "why")
            clock.on(5)
            scene.push(NEXT)
            server.platform.settle()
        hooks.deliver(server.platform)
        assert hooks.send(told[0][0], signature(told[0][0], "other")) == 200
    forged = told.pop()
    assert all(signed_by_vercel(body, header, "whsec") for body, header in told)
    assert not signed_by_vercel(*forged, "whsec")
    seen = [msgspec.json.decode(body) for body, _ in told]
    kinds = ["created", "ready", "promoted", "created", "ready", "promoted", "rollback", "created", "ready"]
    assert [one["type"] for one in seen] == [f"deployment.{kind}" for kind in kinds]
    back = seen[6]["payload"]
    assert (back["fromDeploymentId"], back["toDeploymentId"]) == (bad, target)
    hooks_seen = [of_vercel(body)[1] for body, _ in told]
    assert {one.commit for one in hooks_seen if isinstance(one, Deployed)} == {GOOD, BAD, NEXT}


def test_a_platform_that_hears_nothing_builds_nothing(scene: Scene) -> None:
    scene.platform.deaf = True
    scene.push(GOOD)
    assert scene.vercel.tell(GOOD).deployment is None
