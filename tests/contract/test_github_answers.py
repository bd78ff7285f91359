"""Answers in comments at GitHub: of whom they count, and when."""

from datetime import datetime, timedelta

import pytest
from msgspec import structs

from bakewatch.errors import ForgeError
from bakewatch.model.forge import Trace, answer_in
from bakewatch.model.release import Release
from bakewatch.model.verdict import Ending
from bakewatch.ports import Message
from tests.contract.github_rig import APP, TOKEN, Rig, bulletin

pytestmark = pytest.mark.real


def _asked(hub: Rig, token: str = TOKEN) -> tuple[Release, datetime]:
    """A release that is asked about; somebody commented on it before, and an hour passes."""
    release = hub.release()
    hub.github.comment(1, "/bakewatch approve", "owner")
    hub.clock.wait(60)
    since = hub.clock()
    hub.forge(token, publish=("comment",)).publish(bulletin(release))
    hub.clock.wait(60)
    return release, since


def _answer(hub: Rig, release: Release, since: datetime, token: str = TOKEN) -> Message | None:
    return hub.forge(token).answer(release, since, since + timedelta(minutes=30))


@pytest.mark.parametrize("login", ["owner", "maintainer", "author"])
@pytest.mark.parametrize("kind", ["approve", "reject", "stop"])
def test_who_may_write_answers(hub: Rig, login: str, kind: str) -> None:
    release, since = _asked(hub)
    hub.github.comment(1, f"/bakewatch {kind}", login)
    assert _answer(hub, release, since) == Message(kind=kind, by=login)  # type: ignore[arg-type]


@pytest.mark.parametrize("token", [TOKEN, APP])
def test_nobody_has_answered_yet(hub: Rig, token: str) -> None:
    release, since = _asked(hub, token)
    assert _answer(hub, release, since, token) is None


@pytest.mark.parametrize("login", ["helper", "reader", "stranger"])
def test_who_may_not_write_changes_nothing(hub: Rig, login: str) -> None:
    release, since = _asked(hub)
    hub.github.state.roles |= {"reader": "read"}
    hub.github.comment(1, "/bakewatch approve", login)
    assert _answer(hub, release, since) is None
    hub.clock.wait(1)
    hub.github.comment(1, "/bakewatch reject", "owner")
    assert _answer(hub, release, since) == Message(kind="reject", by="owner")  # type: ignore[arg-type]


def test_neither_a_bot_nor_an_app_in_the_name_of_a_person_answers(hub: Rig) -> None:
    release, since = _asked(hub)
    hub.github.state.roles |= {"robot[bot]": "admin"}
    hub.github.comment(1, "/bakewatch approve", "robot[bot]", kind="Bot")
    hub.github.comment(1, "/bakewatch approve", "owner", app="helper-app")
    assert _answer(hub, release, since) is None


def test_a_comment_that_was_edited_counts_no_more(hub: Rig) -> None:
    release, since = _asked(hub)
    one = hub.github.comment(1, "Looks good", "owner")
    hub.clock.wait(5)
    hub.github.edit(one, "/bakewatch approve")
    assert _answer(hub, release, since) is None


def test_a_comment_on_another_pull_request_answers_nothing(hub: Rig) -> None:
    release, since = _asked(hub)
    hub.branch("other", {"b.txt": "1"})
    hub.github.comment(hub.github.open("other", "Another").number, "/bakewatch approve", "owner")
    assert _answer(hub, release, since) is None
    both = structs.replace(release, pulls=(1, 2))
    assert _answer(hub, both, since) == Message(kind="approve", by="owner")  # type: ignore[arg-type]


def test_the_first_answer_counts(hub: Rig) -> None:
    release, since = _asked(hub)
    for kind in ("reject", "approve"):
        hub.github.comment(1, f"/bakewatch {kind}", "owner")
        hub.clock.wait(1)
    assert _answer(hub, release, since) == Message(kind="reject", by="owner")  # type: ignore[arg-type]


def test_an_answer_counts_until_the_question_is_over_however_late_it_is_read(hub: Rig) -> None:
    release, since = _asked(hub)
    forge, until = hub.forge(), hub.clock() + timedelta(minutes=1)
    hub.clock.wait(60)
    hub.github.comment(1, "/bakewatch reject", "owner")
    hub.clock.wait(1)
    assert forge.answer(release, since, until) == Message(kind="reject", by="owner")  # type: ignore[arg-type]
    assert forge.answer(release, since, until - timedelta(seconds=1)) is None


def test_a_clock_that_is_behind_lets_no_answer_in_from_before_the_question(hub: Rig) -> None:
    release, since = _asked(hub)
    behind = since - timedelta(minutes=2)
    assert _answer(hub, release, behind) is None
    hub.github.comment(1, "/bakewatch approve", "owner")
    assert _answer(hub, release, behind) == Message(kind="approve", by="owner")  # type: ignore[arg-type]


def test_somebody_elses_comment_with_our_mark_moves_no_question(hub: Rig) -> None:
    release, since = _asked(hub)
    hub.github.comment(1, "/bakewatch approve", "owner")
    hub.clock.wait(60)
    hub.github.comment(1, f"<!-- bakewatch: {release.bake_id} -->", "stranger")
    assert _answer(hub, release, since) == Message(kind="approve", by="owner")  # type: ignore[arg-type]


def test_what_cannot_be_asked_is_raised(hub: Rig) -> None:
    release, since = _asked(hub)
    hub.github.limits.anger(60)
    with pytest.raises(ForgeError, match="rate_limited"):
        _answer(hub, release, since)


@pytest.mark.parametrize(
    ("comment", "answer"),
    [
        ("/bakewatch approve", "approve"),
        ("\n /Bakewatch  Approve \nIt broke the checkout.", "approve"),
        ("/bakewatch stop\r\n", "stop"),
        ("> /bakewatch approve", ""),
        ("/bakewatch approve please", ""),
        ("Please `/bakewatch approve`", ""),
        ("No\n/bakewatch approve", ""),
        ("```\n/bakewatch approve\n```", ""),
        ("    /bakewatch approve\n\nis what you would write", ""),
        ("\n \t/bakewatch approve", ""),
        ("/bakewatch nudge", ""),
        ("/bakewatch", ""),
        ("", ""),
    ],
)
def test_an_answer_is_a_first_line_of_its_own(comment: str, answer: str) -> None:
    assert answer_in(comment) == answer


TRACE = Trace(attempt=2, triggers=("a --> @b #1",), culprits=("check:<c>",), back="dpl_1", ending=Ending.UNDONE)


@pytest.mark.parametrize("token", [TOKEN, APP])
def test_the_trace_of_a_case_is_found_again_by_a_machine_without_its_record(hub: Rig, token: str) -> None:
    release = hub.release()
    assert hub.forge(token).trace(release) is None
    trace = structs.replace(TRACE, live_since=hub.clock())
    hub.forge(token).publish(structs.replace(bulletin(release), trace=trace))
    body = hub.github.state.comments[0].body
    assert [line.count("-->") for line in body.splitlines()[:2]] == [1, 1] and "@b" not in body and "#1" not in body
    assert hub.forge(token).trace(release) == trace


def test_a_trace_that_is_none_or_not_ours_is_not_believed(hub: Rig) -> None:
    release = hub.release()
    mark = f"<!-- bakewatch: {release.bake_id} -->"
    hub.github.comment(1, f'{mark}\n<!-- {{"attempt":9}} -->', "owner")
    assert hub.forge().trace(release) is None
    wrong = ('{"attempt":0}', f'{{"attempt":{2**64 - 1}}}', '{"attempt":1,"live_since":"2026-02-07T03:00:00"}')
    for told in ("{", '{"attempt":"one"}', "", "nothing", *wrong):
        hub.github.comment(1, f"{mark}\n<!-- {told} -->", "bakewatch")
        assert hub.forge().trace(release) is None
