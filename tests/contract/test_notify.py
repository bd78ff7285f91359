"""Notifications, through a real command and a real webhook."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakewatch.errors import ConfigError, NotifyError
from bakewatch.model.notice import Notice
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
