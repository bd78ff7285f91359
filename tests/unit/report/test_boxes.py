"""The report a person used to fill in by hand, box by box: same sections, same order, no open box at the end."""

import re

import pytest
from msgspec import structs

from bakewatch.model.foresight import Foresight
from bakewatch.model.habit import Habit
from bakewatch.model.plan import Mode, Undo
from bakewatch.model.precedent import Beside, Kind
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import Foreseen, Studied, Weighed
from bakewatch.model.verdict import Evidence
from bakewatch.report import html, markdown
from bakewatch.report.compose import compose
from bakewatch.stats.noise import Noise

from . import timelines as told

HAND_WRITTEN = [
    "# PR #1 배포 모니터링 보고서",
    "**배포 시작 시각**",
    "**모니터링 기간**",
    "## 1. PR 머지 완료",
    "- **PR 번호**",
    "- **머지 시각**",
    "- **머지 커밋 SHA**",
    "- **상태**",
    "## 2. 프로덕션 배포 확인",
    "**배포 확인 방법**",
    "- [x] 배포 완료 시각",
    "- [x] 배포 ID/URL",
    "- [x] 배포 커밋 SHA",
    "**참고**",
    "## 3. 배포 후 30분 DoD 모니터링",
    "### DoD-1: PostgREST 400",
    "**확인 항목**",
    "**검색 키워드**",
    "- `registrations.id`",
    "- `column registrations.id does not exist`",
    "- `400`",
    "**확인 방법**",
    "**결과**",
    "- [x] 상태",
    "- [x] 발견된 400 에러 수",
    "- [x] 로그 요약",
    "### DoD-2: PostgREST 409",
    "**검색 키워드**",
    "**확인 방법**",
    "**결과**",
    "- [x] 상태",
    "- [x] 발견된 409 에러 수",
    "- [x] 트래픽 증폭 여부",
    "- [x] 로그 요약",
    "### DoD-3: Auth 폭주 여부",
    "**검색 키워드**",
    "**확인 방법**",
    "**결과**",
    "- [x] 상태",
    "- [x] `/auth/v1/user` 호출량",
    "- [x] 비정상 증가 여부",
    "- [x] 로그 요약",
    "### DoD-4: 기능 회귀 테스트",
    "#### 4-1. 등록자 계정 테스트",
    "- [x] 등록자 계정으로 라이브 진입 → 채팅/Q&A 정상",
    "- [x] 결과",
    "#### 4-2. 관리자 계정 테스트",
    "- [x] 결과",
    "#### 4-3. 체크C: 비등록자 플로우 확인 (중요)",
    "**테스트 시나리오**",
    "1. 비등록자 상태에서 라이브 진입 시도",
    "2. `access/track` 호출 확인",
    "3. `presence/ping` 호출 확인",
    "**확인 사항**",
    "- [x] `access/track`에서 등록 생성이 일어나는지",
    "**정책 확인**",
    "**체크C 판정**",
    "- [x] 정책",
    "- [x] 현재 동작이 정책과 일치하는지",
    "- [x] 결론",
    "## 4. 롤백 트리거 확인",
    "아래 중 하나라도 발생하면 즉시 롤백:",
    "- [x] DoD-1 실패 (400 재발)",
    "- [x] DoD-2 실패 (409 폭발 + DB 부하 상승)",
    "- [x] 기능 회귀로 운영 불가",
    "**롤백 상태**",
    "- [x] 롤백 필요 여부",
    "- [x] 롤백 실행 여부",
    "**롤백 절차** (필요 시)",
    "git revert -m 1 a8719e7a02f879b3b39cdf290c3fbed7311410d5",
    "git push origin main",
    "## 5. 이상 징후 기록",
    "**발견된 이상 징후**",
    "**로그 요약** (PII 제외)",
    "## 6. 모니터링 타임라인",
    "| 시각 | 이벤트 | 상태 |",
    "**작성자**",
    "**최종 업데이트**",
]
"""The boxes, labels and headings of the report that was written by hand, in its order."""

TIMELINE_ROWS = ["PR 머지 완료", "배포 완료", "DoD-1 확인", "DoD-2 확인", "DoD-3 확인", "DoD-4 테스트", "체크C 판정"]

LANGUAGES = ["en", "ko"]
EMPTY_PHRASES = ["확인 중", "확인 필요", "테스트 필요", "TBD", "to be confirmed", "None", "undefined"]


def rendered(story: str, language: str) -> str:
    return markdown.render(compose({**told.FINAL, **told.UNFINISHED}[story](), told.at(14)), language)


@pytest.mark.parametrize("story", told.FINAL)
def test_every_box_of_the_hand_written_report_is_there_in_its_order(story: str) -> None:
    lines = iter(rendered(story, "ko").splitlines())
    for box in HAND_WRITTEN:
        assert any(line.startswith(box) for line in lines), box


@pytest.mark.parametrize("story", told.FINAL)
def test_every_row_of_the_hand_written_timeline_is_there_and_answered(story: str) -> None:
    table = rendered(story, "ko").split("## 6. ")[1]
    for row in TIMELINE_ROWS:
        assert re.search(rf"^\| (\d\d:\d\d:\d\d KST|—) \| {row} \| \S+ \S", table, re.MULTILINE), row
    assert "⏳" not in table.replace("⏳ 대기", "")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", told.FINAL)
def test_a_final_report_has_no_open_box(story: str, language: str) -> None:
    text = rendered(story, language)
    assert "[ ]" not in text
    for line in text.splitlines():
        if line.startswith("- [x]"):
            assert re.search(r"(: \S|\*\*)", line), f"a box without an answer: {line}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", [*told.FINAL, *told.UNFINISHED])
def test_no_box_is_filled_with_a_phrase_that_says_nothing(story: str, language: str) -> None:
    text = rendered(story, language)
    text = text.replace("- None\n", "").replace("- None (so far)\n", "")
    for phrase in EMPTY_PHRASES:
        assert phrase not in text, phrase


@pytest.mark.parametrize("story", [*told.FINAL, *told.UNFINISHED])
def test_both_languages_have_the_same_structure(story: str) -> None:
    def shape(language: str) -> list[str]:
        return [re.sub(r"[^\s#|>*-].*", "", line)[:6] for line in rendered(story, language).splitlines()]

    assert shape("en") == shape("ko")


def test_a_running_report_says_how_far_it_is_and_may_have_open_boxes() -> None:
    assert "**판정**: **진행 중, 30분 중 12분**" in rendered("running", "ko")
    assert "**Verdict**: **running, 12 of 30 minutes**" in rendered("running", "en")
    assert "- [ ] State: running, 12 of 30 minutes ⏳" in rendered("running", "en")


def test_a_question_to_a_person_is_open() -> None:
    assert "waits for a person" in rendered("asking", "en")
    assert re.search(
        r"- \[ \] 롤백 실행 여부: \*\*아직 아니오\*\* — 11:50:18 KST에 승인 요청", rendered("asking", "ko")
    )


def test_a_trigger_says_in_words_whether_it_occurred() -> None:
    text = rendered("undone", "ko")
    assert "- [x] DoD-1 실패 (400 재발): **발생** · 11:50:03 KST ❌" in text
    assert "- [x] 기능 회귀로 운영 불가: **미발생** ✅" in text
    assert "did not occur" in rendered("passed", "en")


def test_a_trigger_that_could_not_be_seen_did_not_simply_not_occur() -> None:
    section = rendered("blind", "ko").split("## 4. ")[1].split("**롤백 상태**")[0]
    assert "- [x] DoD-1 실패 (400 재발): **볼 수 없었음** ⚠️" in section
    assert "미발생" not in section


def test_what_was_never_deployed_fills_every_box_with_that() -> None:
    text = rendered("never_deployed", "ko")
    assert "- [x] 배포 완료 시각: **배포되지 않음** · 20분 동안 기다림 ❌" in text
    assert "- [x] 발견된 400 에러 수: 도달하지 않음 — 배포되지 않음" in text
    assert "- [x] 롤백 필요 여부: **아니오** — 되돌릴 배포가 없음" in text


def test_a_zero_says_what_could_have_been_seen() -> None:
    text = rendered("passed", "en")
    assert "- [x] Number of 400 errors found: **0** of 1,204 (0 %)" in text
    assert "- Could have seen: with 95 % chance anything from 0.31 % on (needed: 1 %)" in text
    assert "- Upper bound of the zero: with 95 % confidence below 0.25 %" in text
    assert "- Time seen: 100 % of the planned minutes; blind minutes: 0" in text


def test_a_zero_of_a_blind_check_says_that_it_was_only_partly_seen() -> None:
    text = rendered("blind", "en")
    assert "- [x] Number of 400 errors found: **0** of 1,204 (0 %); only 40 % of the planned time was seen" in text


def test_own_traffic_and_the_second_query_are_told_apart() -> None:
    text = rendered("undone", "en")
    assert "**14** of 240 (5.83 %); 2 of our own traffic, counted apart" in text
    assert "- Second query: 14 over the whole time (own traffic: 2)" in text


def test_amplification_is_told_by_the_check_that_is_named_for_it() -> None:
    line = next(line for line in rendered("passed", "en").splitlines() if "Traffic amplification" in line)
    assert line == "- [x] Traffic amplification: **No** — 1.01 times (99 % interval 0.94 – 1.09) · API calls ✅"


def test_the_undo_is_told_with_its_commit_its_proof_and_how_long_production_was_broken() -> None:
    text = rendered("undone", "en")
    assert "**Production broken for**: **3 min 48 s** (11:47:54 KST" in text
    assert "- [x] Rollback carried out: **Yes** — reverted by `c0ffee000000` at 11:50:48 KST ✅" in text
    assert "- [x] Proof of recovery: **what failed was seen to pass**" in text
    assert f"# carried out by bakewatch as {told.REVERT}; do not run it again" in text


def test_a_refusal_says_why_and_where_a_person_goes_on() -> None:
    text = rendered("refused", "en")
    assert "the branch is protected: a person is needed" in text
    assert "approved at 11:51:18 KST by `hana`: `users see errors`" in text
    assert "go on at `https://live.example/pull/9`" in text


@pytest.mark.parametrize(("language", "words"), [("en", "nothing could be counted"), ("ko", "셀 수 있던 구간 없음")])
def test_where_nothing_could_be_counted_no_zero_is_shown(language: str, words: str) -> None:
    unseen = told.healthy("api_409", 0.0, count=0, own=0, exposure=0.0)
    timeline = (*told.opened(), *told.live(), *told.look(1, told.STARTED, (unseen,)))
    text = markdown.render(compose(timeline), language)
    assert words in text
    assert "**0**" not in text


def test_a_failed_journey_says_in_which_step() -> None:
    assert "`the live page opens`: `GET /live 400 42703`" in rendered("regressed", "ko")


def test_policy_and_behaviour_stand_side_by_side() -> None:
    text = rendered("regressed", "ko")
    assert "- [x] `ping_before`: 불일치: 관찰 204, 정책 403 ❌" in text
    assert "- [x] 현재 동작이 정책과 일치하는지: **아니오** ❌" in text


def test_titles_that_number_themselves_are_not_numbered_twice() -> None:
    journeys = tuple(
        structs.replace(one, title=f"4-{place}. 체크C: {one.name}") for place, one in enumerate(told.PLAN.journeys, 1)
    )
    text = markdown.render(compose(told.passed(structs.replace(told.PLAN, journeys=journeys))), "ko")
    assert "#### 4-3. 체크C: visitor\n" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_output_of_a_demonstration_says_so(language: str) -> None:
    plan = structs.replace(told.PLAN, time_scale=0.05, generated_history=True)
    report = compose(told.passed(plan))
    words = {"en": ["20 times faster", "load generator"], "ko": ["20배 빠르게", "부하 생성기"]}[language]
    for text in (markdown.render(report, language), html.render(report, language)):
        assert all(word in text for word in words)
        assert text.index(words[1]) < text.index("1. PR")


@pytest.mark.parametrize(
    ("language", "never", "when"),
    [
        ("en", "was never replayed on history", "replayed on history on 2026-02-07 11:46:18 KST"),
        ("ko", "재생해 본 적이 없습니다", "2026-02-07 11:46:18 KST에 과거 이력에 재생해 보았습니다"),
    ],
)
def test_a_plan_that_undoes_on_its_own_says_whether_it_was_replayed(language: str, never: str, when: str) -> None:
    auto, asking = told.passed(), told.passed(structs.replace(told.PLAN, undo=Undo(mode=Mode.ASK)))
    known = (structs.replace(auto[0], replayed=told.MERGED), *auto[1:])
    texts = [markdown.render(compose(timeline), language) for timeline in (auto, known, asking)]
    assert [never in text for text in texts] == [True, False, False]
    assert [when in text for text in texts] == [False, True, False]


def test_several_pull_requests_are_listed_and_none_is_said() -> None:
    several = compose(told.passed(release=structs.replace(told.RELEASE, pulls=(1, 2, 3))))
    assert markdown.render(several, "ko").startswith("# PR #1, #2, #3 배포 모니터링 보고서\n")
    none = compose(told.passed(release=structs.replace(told.RELEASE, pulls=(), title=CleanText(""))))
    assert markdown.render(none, "en").startswith("# `a8719e7` deployment monitoring report\n")


def test_times_are_the_plans_with_utc_beside() -> None:
    assert "2026-02-07 11:46:18 KST (2026-02-07T02:46:18Z UTC)" in rendered("passed", "ko")


def test_an_unknown_time_zone_becomes_utc() -> None:
    plan = structs.replace(told.PLAN, service=structs.replace(told.PLAN.service, timezone="Nowhere/Else"))
    assert "2026-02-07 02:46:18 UTC" in markdown.render(compose(told.passed(plan)), "en")


def test_an_unknown_language_becomes_english() -> None:
    report = compose(told.passed())
    assert markdown.render(report, "fr") == markdown.render(report, "en")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "scatter 3.4 times as much as chance alone; drift by 22.1 % within half an hour (learnt from 7 days)"),
        ("ko", "우연만일 때의 3.4배로 흩어지고, 30분 사이 22.1 % 정도 변함 (7일의 이력에서)"),
    ],
)
def test_how_noisy_a_service_is_by_itself_is_told(language: str, words: str) -> None:
    noise = Noise(3.4, ((0.05, 0.1), (0.1, 0.15), (0.1, 0.2)))
    first, *rest = told.passed()
    studied = Studied(at=told.at(0.25), habits={told.PLAN.checks[1].name: Habit(noise, days=7.0)})
    assert words in html.render(compose((first, studied, *rest), told.at(60)), language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "not learnt (0.2 days of history): scatter as by chance alone and a drift of 10.5 % are assumed"),
        ("ko", "알 수 없음 (이력 0.2일): 우연만의 흩어짐과 10.5 %의 변화를 가정함"),
    ],
)
def test_noise_that_nobody_measured_is_told_as_assumed(language: str, words: str) -> None:
    first, *rest = told.passed()
    studied = Studied(at=told.at(0.25), habits={told.PLAN.checks[1].name: Habit(days=0.2)})
    assert words in html.render(compose((first, studied, *rest), told.at(60)), language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "anything from 0.5 % on by the end; 2 times as much within 13 min; 5 times as much within 3 min"),
        ("ko", "끝까지 0.5 %부터 발견; 2배 증가는 13분 안에; 5배 증가는 3분 안에"),
    ],
)
def test_what_was_foreseen_is_told(language: str, words: str) -> None:
    said = Foresight(
        check="api_409", per_minute=100, rate=0.002, could_see=0.005, target=0.01, minutes=(None, 12.2, 2.5, None)
    )
    first, *rest = told.passed()
    foreseen = Foreseen(at=told.at(1.8), checks=(said,))
    assert words in html.render(compose((first, foreseen, *rest), told.at(60)), language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            "12× the same time of earlier days (so many known: 7; agrees); "
            "1× the time after earlier releases that passed and stayed (so many known: 2; does not agree)",
        ),
        (
            "ko",
            "이전 날 같은 시각의 12배 (알려진 날 7일; 같은 결론); "
            "통과하고 유지된 이전 릴리스 직후의 1배 (알려진 릴리스 2개; 다른 결론)",
        ),
    ],
)
def test_further_baselines_are_told_each(language: str, words: str) -> None:
    def beside(kind: Kind, number: int, base_count: int) -> Beside:
        return Beside(
            kind=kind,
            number=number,
            count=12,
            exposure=10.0,
            base_count=base_count,
            base_exposure=10.0,
            agrees=kind is Kind.DAY,
        )

    def told_of(one: Evidence) -> Evidence:
        return structs.replace(one, beside=(beside(Kind.DAY, 7, 1), beside(Kind.RELEASE, 2, 12)), not_worse=2.0)

    events = [
        structs.replace(event, evidence=tuple(map(told_of, event.evidence))) if isinstance(event, Weighed) else event
        for event in told.passed()
    ]
    page = html.render(compose(tuple(events), told.at(60)), language)
    assert words in page
    assert {"en": "2× as much is ruled out so far (95 %)", "ko": "지금까지 2배 증가는 배제됨 (95 %)"}[language] in page
