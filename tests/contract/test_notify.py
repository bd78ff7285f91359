"""Notifications, through a real command and a real webhook."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from bakewatch.errors import ConfigError, NotifyError
from bakewatch.model.journey import JourneyRun, Step, Walked
from bakewatch.model.notice import Notice
from bakewatch.model.text import CleanText
from bakewatch.model.verdict import Evidence, Reason
from bakewatch.vendors.notify import CommandNotifier, CommandSettings, Nobody, WebhookNotifier
from tests.contract.loopback import serving

NOTICE = Notice(
    key="team/live@abc#undone",
    transition="undone",
    bake_id="team/live@abc",
    service="live",
    commit="abc",
    at=datetime(2026, 2, 7, tzinfo=UTC),
)


def _command(*words: str, environ: dict[str, str] | None = None, seen: tuple[str, ...] = ()) -> CommandNotifier:
    return CommandNotifier(CommandSettings(command=words, environment=seen), environ or {})


def test_a_command_gets_the_notice_and_only_the_allowed_environment(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    code = f"import os, sys, json; json.dump([json.load(sys.stdin), dict(os.environ)], open({str(told)!r}, 'w'))"
    environ = {"GIT_TOKEN": "secret", "CHAT": "room"}
    _command(sys.executable, "-c", code, environ=environ, seen=("CHAT",)).notify(NOTICE)
    notice, seen = json.loads(told.read_text())
    assert notice["key"] == NOTICE.key
    assert seen["CHAT"] == "room"
    assert "GIT_TOKEN" not in seen


@pytest.mark.parametrize(("words", "code"), [(("/no/such/program",), "no_command"), (("false",), "command_failed")])
def test_a_command_that_fails_is_not_a_delivery(words: tuple[str, ...], code: str) -> None:
    with pytest.raises(NotifyError, match=code):
        _command(*words, environ={"PATH": "/usr/bin:/bin"}).notify(NOTICE)


def test_a_webhook_gets_the_notice_with_its_key() -> None:
    with serving(lambda asked: (204, {}, b"")) as server:
        WebhookNotifier(server.url + "/hook").notify(NOTICE)
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.headers["idempotency-key"]) == ("POST", "/hook", NOTICE.key)
    assert json.loads(asked.body)["transition"] == "undone"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_another_answer_than_success_is_not_a_delivery(status: int) -> None:
    with serving(lambda asked: (status, {}, b"")) as server, pytest.raises(NotifyError, match=f"status_{status}"):
        WebhookNotifier(server.url).notify(NOTICE)


def test_an_unsafe_webhook_is_refused_and_an_unreachable_one_is_no_delivery() -> None:
    with pytest.raises(ConfigError):
        WebhookNotifier("http://chat.example/hook")
    with pytest.raises(NotifyError, match="unreachable"):
        WebhookNotifier("http://127.0.0.1:9/").notify(NOTICE)


def test_nobody_being_told_is_itself_told() -> None:
    with pytest.raises(NotifyError, match="not_configured"):
        Nobody().notify(NOTICE)


def test_a_question_to_a_person_has_the_numbers_and_the_command() -> None:
    asked = structs.replace(
        NOTICE,
        transition="asked",
        pulls=(7,),
        triggers=("dod-2",),
        reasons=(Reason(code="public_evidence", about="check:errors"),),
        evidence=(
            Evidence(check="errors", fired=True, seen=1.0, count=40, exposure=800, ratio=5.04, low=3.1, high=8.2),
        ),
        walks=(
            JourneyRun(
                journey="registrant",
                persona="registrant",
                at=NOTICE.at,
                walked=Walked.FAILED,
                steps=(Step(method="GET", path=CleanText("/live"), status=400, code=CleanText("42703")),),
                failed_step=CleanText("the live page opens"),
            ),
        ),
        approve="bakewatch approve team/live@abc",
        comment="/bakewatch approve",
        until=NOTICE.at,
    )
    with serving(lambda request: (200, {}, b"ok")) as server:
        WebhookNotifier(server.url).notify(asked)
    assert json.loads(server.asked[0].body)["text"].splitlines() == [
        "live #7 abc: asked (dod-2)",
        "errors: 40 of 800, 5.04 times as before (3.1 to 8.2); registrant: failed at “the live page opens” "
        "(GET /live 400 42703)",
        "check:errors public_evidence",
        "bakewatch approve team/live@abc until 2026-02-07 00:00:00 UTC; or bakewatch reject team/live@abc --why …",
        "or by a comment on the pull request: /bakewatch approve",
    ]
