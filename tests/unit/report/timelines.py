"""Timelines written by hand: what a release of the live-event service may go through."""

from datetime import UTC, datetime, timedelta

from msgspec import structs

from bakewatch.model.journey import JourneyRun, Step, Walked
from bakewatch.model.observation import Bucket, CanarySent, Observation, Window, to_ms
from bakewatch.model.plan import (
    Check,
    Criterion,
    Journey,
    Mode,
    Persona,
    Plan,
    Policy,
    Rule,
    Service,
    Stream,
    Trigger,
    Undo,
)
from bakewatch.model.release import Deployment, MergeKind, Relation, Release, Sighting
from bakewatch.model.rollback import Rollback
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import (
    Answered,
    Asked,
    Baselined,
    Closed,
    Concluded,
    Confirmation,
    Confirmed,
    Event,
    Extended,
    Fired,
    Interrupted,
    Looked,
    Notified,
    Opened,
    Proved,
    Refused,
    RolledBack,
    Sighted,
    Timeline,
    Weighed,
)
from bakewatch.model.verdict import Ending, Evidence, Leave, Outcome, Permission, Reason, Verdict

MERGED = datetime(2026, 2, 7, 2, 46, 18, tzinfo=UTC)
COMMIT, PARENT, REVERT, NEXT = "a8719e7a02f879b3b39cdf290c3fbed7311410d5", "b" * 40, "c0ffee" + "0" * 34, "d" * 40
ADDRESS = "https://live.example"


def at(minutes: float) -> datetime:
    """So many minutes after the merge."""
    return MERGED + timedelta(minutes=minutes)


LIVE, STARTED = at(1.5), at(1.75)
ENDS = STARTED + timedelta(minutes=30)

PLAN = Plan(
    service=Service(name="live-event", timezone="Asia/Seoul", author="bakewatch"),
    undo=Undo(mode=Mode.AUTO),
    streams={
        "edge_logs": Stream(
            source="logs", looked={"ko": "로그 → API Logs", "en": "Logs → API Logs"}, canary="path = '/bakewatch'"
        ),
        "postgres_logs": Stream(source="logs", looked={"ko": "로그 → Postgres Logs", "en": "Logs → Postgres Logs"}),
        "auth_logs": Stream(source="logs", looked={"ko": "로그 → Auth Logs", "en": "Logs → Auth Logs"}),
        "database": Stream(source="database", looked="pg_stat_activity", measured=True),
    },
    checks=(
        Check(
            name="api_400",
            stream="edge_logs",
            rule=Rule.ZERO,
            of="true",
            title={"ko": "400 에러", "en": "400 errors"},
        ),
        Check(
            name="api_409",
            stream="edge_logs",
            rule=Rule.PROPORTION,
            of="true",
            title={"ko": "409 에러", "en": "409 errors"},
            amplification="edge_volume",
        ),
        Check(
            name="edge_volume",
            stream="edge_logs",
            rule=Rule.VOLUME,
            title={"ko": "API 호출량", "en": "API calls"},
        ),
        Check(
            name="auth_user",
            stream="auth_logs",
            rule=Rule.VOLUME,
            title={"ko": "`/auth/v1/user` 호출량", "en": "Calls of `/auth/v1/user`"},
        ),
        Check(name="auth_401", stream="auth_logs", rule=Rule.PROPORTION, of="true", title={"ko": "401", "en": "401s"}),
        Check(
            name="entries",
            stream="edge_logs",
            rule=Rule.FLOOR,
            of="visitor",
            title={"ko": "입장 성공", "en": "Successful entries"},
        ),
        Check(
            name="db_load",
            stream="database",
            rule=Rule.VOLUME,
            title={"ko": "데이터베이스 부하", "en": "Database load"},
        ),
    ),
    criteria=(
        Criterion(
            id="DoD-1",
            title="PostgREST 400",
            item={
                "ko": "`registrations.id` 관련 400이 0건인지 확인",
                "en": "No 400 that speaks of `registrations.id`",
            },
            keywords=("registrations.id", "column registrations.id does not exist", "400"),
            checks=("api_400",),
        ),
        Criterion(
            id="DoD-2",
            title="PostgREST 409",
            keywords=("409", "duplicate key"),
            checks=("api_409", "db_load"),
        ),
        Criterion(
            id="DoD-3",
            title={"ko": "Auth 폭주 여부", "en": "Auth storm"},
            keywords=("/auth/v1/user", "401"),
            checks=("auth_user", "auth_401"),
        ),
        Criterion(
            id="DoD-4",
            title={"ko": "기능 회귀 테스트", "en": "Functional regression"},
            journeys=("registrant", "admin", "visitor"),
        ),
    ),
    personas={"registrant": Persona(), "admin": Persona(), "visitor": Persona()},
    journeys=(
        Journey(
            name="registrant",
            persona="registrant",
            file="journeys/registrant.py",
            title={"ko": "등록자 계정 테스트", "en": "Registrant"},
            scenario={
                "ko": "등록자 계정으로 라이브 진입\n채팅/Q&A 정상",
                "en": "Enters the live page\nchat and Q&A work",
            },
        ),
        Journey(
            name="admin",
            persona="admin",
            file="journeys/admin.py",
            title={"ko": "관리자 계정 테스트", "en": "Administrator"},
        ),
        Journey(
            name="visitor",
            persona="visitor",
            file="journeys/visitor.py",
            title={"ko": "비등록자 플로우 확인 (중요)", "en": "Visitor without registration (important)"},
            scenario={
                "ko": "비등록자 상태에서 라이브 진입 시도\n`access/track` 호출 확인\n`presence/ping` 호출 확인",
                "en": "Enters without a registration\ncalls `access/track`\ncalls `presence/ping`",
            },
        ),
    ),
    policies=(
        Policy(
            name="auto_registration",
            title={
                "ko": '"등록 없이도 입장 가능(자동등록)" (옵션 B)',
                "en": '"Enter without registering: automatic registration" (option B)',
            },
            text=({"ko": "`access/track`에서 자동 등록 처리", "en": "`access/track` registers by upsert"},),
            journey="visitor",
            expects={"ping_before": 403, "track_registers": True, "ping_registers": False},
            asks={
                "track_registers": {
                    "ko": "`access/track`에서 등록 생성이 일어나는지",
                    "en": "`access/track` creates a registration",
                }
            },
        ),
    ),
    triggers=(
        Trigger(
            name="dod1", title={"ko": "DoD-1 실패 (400 재발)", "en": "DoD-1 fails (400 again)"}, all=("check:api_400",)
        ),
        Trigger(
            name="dod2",
            title={"ko": "DoD-2 실패 (409 폭발 + DB 부하 상승)", "en": "DoD-2 fails (409 storm and database load)"},
            all=("check:api_409", "check:db_load"),
        ),
        Trigger(
            name="regression",
            title={"ko": "기능 회귀로 운영 불가", "en": "Functional regression"},
            any=("journey:registrant", "journey:admin", "journey:visitor"),
        ),
    ),
)

RELEASE = Release(
    repository="acme/live-event",
    branch="main",
    commit=COMMIT,
    parent=PARENT,
    merged_at=MERGED,
    kind=MergeKind.MERGE,
    pulls=(1,),
    title=CleanText("Read registrations by id"),
)

FACTS: dict[str, int | bool | str] = {"ping_before": 403, "track_registers": True, "ping_registers": False}


def healthy(check: str, seen: float = 1.0, **more: object) -> Evidence:
    """Evidence of a check that saw enough and found nothing."""
    share = Evidence(
        check=check, fired=False, seen=seen, exposure=1204.0, base_exposure=9630.0, could_see=0.0031, target=0.01
    )
    per_minute = Evidence(
        check=check,
        fired=False,
        seen=seen,
        count=1204,
        exposure=1800.0,
        base_count=9512,
        base_exposure=14400.0,
        ratio=1.01,
        low=0.94,
        high=1.09,
        ln_e=-2.1,
        threshold=6.2,
        could_see=60.2,
        target=200.0,
    )
    volumes = {one.name for one in PLAN.checks if one.rule is Rule.VOLUME}
    return structs.replace(per_minute if check in volumes else share, **more)


def harmful() -> Evidence:
    """DoD-1 fired."""
    return Evidence(
        check="api_400",
        fired=True,
        seen=0.07,
        count=14,
        own=2,
        exposure=240.0,
        base_exposure=9630.0,
        buckets_hit=9,
        first_at=at(1.6),
        last_at=at(3.7),
        could_see=0.012,
        target=0.01,
    )


def all_healthy(seen: float = 1.0) -> tuple[Evidence, ...]:
    """Every check of the plan, well."""
    return tuple(healthy(one.name, seen) for one in PLAN.checks)


def walk(journey: str, moment: datetime, walked: Walked = Walked.PASSED, **more: object) -> JourneyRun:
    """One walk."""
    run = JourneyRun(
        journey=journey,
        persona=journey,
        at=moment,
        walked=walked,
        steps=(
            Step(method="GET", path=CleanText("/live"), status=200),
            Step(method="POST", path=CleanText("/chat"), status=201),
        ),
        facts=FACTS if journey == "visitor" else {},
    )
    return structs.replace(run, **more)


def walks(moment: datetime) -> tuple[JourneyRun, ...]:
    """All journeys, well."""
    return tuple(walk(one.name, moment) for one in PLAN.journeys)


def sighting(commit: str, relation: Relation, moment: datetime) -> Sighting:
    """What the one address served."""
    return Sighting(address=ADDRESS, at=moment, commit=commit, deployment="dpl_1", relation=relation)


def answers(start: datetime, end: datetime, width: float = 10.0, bad: int = 0) -> tuple[Observation, ...]:
    """What every check counted in a window, *bad* of it for `api_400`; and that canaries came back, one a minute."""
    step, window = round(width * 1000), Window(start, end)
    starts = range(to_ms(start) // step * step, to_ms(end), step)
    zeros = {one.name for one in PLAN.checks if one.rule is Rule.ZERO}
    counted = {one.name: 0 if one.name in zeros else round(4 * width) for one in PLAN.checks}
    buckets = {
        name: tuple(Bucket(at=at, count=count, of=step, own=count // 20) for at in starts)
        for name, count in counted.items()
    }
    worse = [to_ms(LIVE) // step * step + place * step for place in range(bad)]
    buckets["api_400"] = tuple(Bucket(at=at, count=1, of=step, own=int(at == worse[0])) for at in worse)
    buckets["canary:edge_logs"] = tuple(Bucket(at=at, own=1) for at in starts)
    return tuple(Observation(question=name, window=window, width=width, buckets=some) for name, some in buckets.items())


def opened(plan: Plan = PLAN, release: Release = RELEASE) -> list[Event]:
    """The case is open and history was read."""
    history = answers(at(-240), at(0), 300.0)
    return [Opened(at=at(0.1), release=release, plan=plan), Baselined(at=at(0.2), observations=history)]


def live() -> list[Event]:
    """Production serves the release."""
    return [
        Sighted(at=at(0.3), awaited=COMMIT, sightings=(sighting(PARENT, Relation.OLDER, at(0.3)),)),
        Sighted(at=LIVE, awaited=COMMIT, sightings=(sighting(COMMIT, Relation.SAME, LIVE),)),
        Confirmed(
            at=STARTED,
            awaited=COMMIT,
            confirmation=Confirmation.LIVE,
            live_since=LIVE,
            deployments=(Deployment(address=ADDRESS, commit=COMMIT, id="dpl_1"),),
        ),
    ]


def look(number: int, moment: datetime, evidence: tuple[Evidence, ...], **more: object) -> list[Event]:
    """One look and what it weighs."""
    looked = Looked(at=moment, number=number, journeys=walks(moment))
    return [structs.replace(looked, **more), Weighed(at=moment, number=number, evidence=evidence)]


def closed(ending: Ending, moment: datetime, reason: str = "") -> list[Event]:
    """People were told, and the case is over."""
    return [Notified(at=moment, transition=ending.value), Closed(at=moment, ending=ending, reason=reason)]


def concluded(moment: datetime, outcome: Outcome, *reasons: Reason, triggers: tuple[str, ...] = ()) -> Concluded:
    """The verdict."""
    return Concluded(at=moment, verdict=Verdict(outcome=outcome, reasons=reasons, triggers=triggers))


def passed(plan: Plan = PLAN, release: Release = RELEASE) -> Timeline:
    """A harmless release."""
    return (
        *opened(plan, release),
        *live(),
        *look(1, STARTED, all_healthy(0.0)),
        *look(61, ENDS, all_healthy(), observations=answers(LIVE, ENDS)),
        concluded(ENDS, Outcome.PASS),
        *closed(Ending.PASSED, at(32)),
    )


def running() -> Timeline:
    """The same release after twelve minutes."""
    moment = STARTED + timedelta(minutes=12)
    return (*opened(), *live(), *look(24, moment, all_healthy(0.4), observations=answers(LIVE, moment)))


def waiting() -> Timeline:
    """Not deployed yet."""
    return (*opened(), live()[0])


def fired(leave: Leave, moment: datetime) -> Fired:
    """DoD-1 demands the undo."""
    window = Window(LIVE, moment)
    bucket = Bucket(at=0, count=14, of=240, own=2)
    return Fired(
        at=moment,
        triggers=("dod1",),
        culprits=("check:api_400",),
        leave=leave,
        second=(Observation(question="api_400", window=window, width=86400.0, buckets=(bucket,)),),
    )


AT_ONCE = Leave(permission=Permission.AUTO)


def failing(leave: Leave = AT_ONCE) -> list[Event]:
    """DoD-1 fails two minutes into the bake."""
    evidence = (harmful(), *(healthy(one.name, 0.07) for one in PLAN.checks if one.name != "api_400"))
    seen = answers(LIVE, at(3.75), bad=9)
    return [*opened(), *live(), *look(5, at(3.75), evidence, observations=seen), fired(leave, at(3.76))]


FAILED = Reason(code="fired", about="check:api_400")


def undone(*, cured: bool = True) -> Timeline:
    """DoD-1 fails, the release is undone and the undo proved."""
    proof = structs.replace(healthy("api_400", 1.0), count=0 if cured else 7)
    return (
        *failing(),
        concluded(at(3.8), Outcome.FAIL, FAILED, triggers=("dod1",)),
        RolledBack(at=at(4), rollback=Rollback(method="git", at=at(4), problem="moved")),
        RolledBack(at=at(4.5), rollback=Rollback(method="git", at=at(4.5), commit=REVERT)),
        Sighted(at=at(5.4), awaited=REVERT, sightings=(sighting(REVERT, Relation.SAME, at(5.4)),)),
        Confirmed(at=at(5.5), awaited=REVERT, confirmation=Confirmation.LIVE, live_since=at(5.4), undo=True),
        *look(1, at(10.5), (proof,), observations=answers(at(5.5), at(10.5))),
        Proved(at=at(10.6), cured=cured, since=at(5.4), reasons=() if cured else (Reason(code="not_cured"),)),
        *closed(Ending.UNDONE if cured else Ending.NOT_CURED, at(10.7), "" if cured else "not_cured"),
    )


def undoing() -> Timeline:
    """The undo is on the branch and not live yet."""
    return undone()[: len(undone()) - 7]


def never_deployed() -> Timeline:
    """Production kept serving the parent."""
    return (
        *opened(),
        live()[0],
        Confirmed(
            at=at(20.1),
            awaited=COMMIT,
            confirmation=Confirmation.NEVER_DEPLOYED,
            deployments=(Deployment(address=ADDRESS, commit=PARENT, id="dpl_0"),),
        ),
        concluded(at(20.1), Outcome.INCONCLUSIVE, Reason(code="never_deployed")),
        *closed(Ending.NEVER_DEPLOYED, at(20.2), "never_deployed"),
    )


def unreachable() -> Timeline:
    """No address answered."""
    silent = Sighting(address=ADDRESS, at=at(0.3), problem="timeout")
    return (
        *opened(),
        Sighted(at=at(0.3), awaited=COMMIT, sightings=(silent,)),
        Confirmed(at=at(20.1), awaited=COMMIT, confirmation=Confirmation.UNREACHABLE),
        concluded(at(20.1), Outcome.INCONCLUSIVE, Reason(code="unreachable")),
        *closed(Ending.INCONCLUSIVE, at(20.2), "unreachable"),
    )


def blind() -> Timeline:
    """The log source stopped answering, was given more time, and did not come back."""
    reason = Reason(code="blind", about="stream:edge_logs", numbers={"seen": 12.0, "blind": 18.0})
    evidence = tuple(
        structs.replace(one, seen=0.4, blind_minutes=18, reasons=(reason,), could_see=None) for one in all_healthy()
    )
    gap = Observation(question="api_400", window=Window(LIVE, at(20)), width=10.0, gap="timeout")
    canary = CanarySent(stream="edge_logs", at=at(20), problem="unreachable")
    unwalked = walk("admin", at(20), Walked.UNWALKED, problem="no_extension", steps=())
    return (
        *opened(),
        *live(),
        *look(1, STARTED, all_healthy(0.0), journeys=()),
        *look(30, at(20), evidence, journeys=(unwalked,), observations=(gap,), canaries=(canary,)),
        Interrupted(at=at(25), since=at(21), until=at(25)),
        Extended(at=ENDS, until=at(46.75), streams=("edge_logs",)),
        *look(90, at(46.75), evidence, journeys=(), observations=(gap,)),
        concluded(at(46.8), Outcome.INCONCLUSIVE, reason),
        *closed(Ending.INCONCLUSIVE, at(47), "blind"),
    )


def asked() -> list[Event]:
    """A person is asked whether to undo."""
    leave = Leave(
        permission=Permission.ASK, reasons=(Reason(code="public_evidence"), Reason(code="touches_migrations"))
    )
    return [*failing(leave), Asked(at=at(4), until=at(34), reasons=leave.reasons)]


def unanswered() -> Timeline:
    """Nobody answered: it was not undone."""
    return (
        *asked(),
        *look(60, at(34), (harmful(), *all_healthy()[1:])),
        Answered(at=at(34), approved=False),
        concluded(at(34), Outcome.FAIL, FAILED, triggers=("dod1",)),
        *closed(Ending.NOT_UNDONE, at(34.1), "no_answer"),
    )


def refused() -> Timeline:
    """Approved, but the branch is protected."""
    trouble = Rollback(method="git", at=at(6), problem="protected", permanent=True, link=f"{ADDRESS}/pull/9")
    return (
        *asked(),
        Answered(at=at(5), approved=True, by=CleanText("hana"), why=CleanText("users see errors")),
        concluded(at(5), Outcome.FAIL, FAILED, triggers=("dod1",)),
        RolledBack(at=at(6), rollback=trouble),
        Refused(at=at(6), reason=Reason(code="protected"), link=trouble.link),
        *closed(Ending.NOT_UNDONE, at(6.1), "protected"),
    )


def superseded() -> Timeline:
    """A newer deployment went live eight minutes into the bake."""
    return (
        *opened(),
        *live(),
        *look(16, at(9.75), all_healthy(0.26), sightings=(sighting(NEXT, Relation.NEWER, at(9.75)),)),
        concluded(at(9.8), Outcome.INCONCLUSIVE, Reason(code="superseded")),
        *closed(Ending.INCONCLUSIVE, at(9.9), "superseded"),
    )


def regressed() -> Timeline:
    """A journey fails, by name of the step; nothing in the logs."""
    broken = walk(
        "registrant",
        at(2),
        Walked.FAILED,
        failed_step=CleanText("the live page opens"),
        steps=(Step(method="GET", path=CleanText("/live"), status=400, code=CleanText("42703")),),
        repeated=True,
    )
    flaky = walk("admin", at(2), repeated=True, swept=False)
    odd = walk("visitor", at(2), facts={"ping_before": 204, "track_registers": True})
    return (
        *opened(),
        *live(),
        *look(1, at(2), all_healthy(0.01), journeys=(broken, flaky, odd)),
        Fired(
            at=at(2.1),
            triggers=("regression",),
            culprits=("journey:registrant",),
            leave=Leave(permission=Permission.OFF, reasons=(Reason(code="mode_off"),)),
        ),
        concluded(at(2.1), Outcome.FAIL, Reason(code="fired", about="journey:registrant"), triggers=("regression",)),
        Notified(at=at(2.2), transition="not_undone", problem="timeout"),
        Closed(at=at(2.2), ending=Ending.NOT_UNDONE, reason="mode_off"),
    )


FINAL = {
    story.__name__: story
    for story in (passed, undone, never_deployed, unreachable, blind, unanswered, refused, superseded, regressed)
}
FINAL["not_cured"] = lambda: undone(cured=False)
UNFINISHED = {story.__name__: story for story in (waiting, running, undoing)}
UNFINISHED["asking"] = lambda: tuple(asked())
