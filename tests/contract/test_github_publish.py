"""How a case is shown at GitHub: the comment, the status, the check."""

import pytest
from msgspec import structs

from bakewatch.errors import ForgeError
from bakewatch.model.forge import Mark
from bakewatch.model.release import Release
from bakewatch.vendors.github.comments import LIMIT
from tests.contract.github_rig import APP, TOKEN, Rig, bulletin

pytestmark = pytest.mark.real


def _mark(release: Release) -> str:
    return f"<!-- bakewatch: {release.bake_id} -->"


@pytest.mark.parametrize("token", [TOKEN, APP])
def test_one_comment_is_written_and_kept_up_to_date(hub: Rig, token: str) -> None:
    release, forge = hub.release(), hub.forge(token, publish=("comment",))
    for text in ("Two of thirty.", "Two of thirty.", "Four of thirty."):
        forge.publish(bulletin(release, text=text))
    (one,) = hub.github.state.comments
    assert one.body.splitlines()[:2] == [_mark(release), "### The bake is running"]
    assert "Four of thirty." in one.body and "Two of" not in one.body and one.body.endswith("https://reports.example/1")
    assert (len(hub.github.sent("POST")), len(hub.github.sent("PATCH"))) == (1, 1)


def test_it_is_found_again_by_another_process_behind_many_others(hub: Rig) -> None:
    release = hub.release()
    for number in range(120):
        hub.github.comment(1, f"Nice, {number}", "author")
    hub.forge().publish(bulletin(release, text="one"))
    hub.forge().publish(bulletin(release, text="two"))
    assert len(hub.github.state.comments) == 121
    assert "two" in hub.github.state.comments[-1].body


@pytest.mark.parametrize("token", [TOKEN, APP])
@pytest.mark.parametrize("role", ["write", "read"])
def test_a_comment_with_our_mark_by_somebody_else_is_left_alone(hub: Rig, token: str, role: str) -> None:
    release = hub.release()
    forged = hub.github.comment(1, f"{_mark(release)}\nAll is well", "stranger")
    hub.github.state.roles |= {"bakewatch": role, "bakewatch-app[bot]": role}
    forge = hub.forge(token, publish=("comment",))
    forge.publish(bulletin(release, text="one"))
    forge.publish(bulletin(release, text="two"))
    assert forged.body.endswith("All is well")
    (ours,) = [one for one in hub.github.state.comments if one is not forged]
    assert "two" in ours.body


def test_another_apps_comment_with_our_mark_is_passed_over(hub: Rig) -> None:
    release = hub.release()
    other = hub.github.admit("ghs_other", "other[bot]", "read", "Bot")
    hub.forge("ghs_other", publish=("comment",)).publish(bulletin(release, text="theirs"))
    hub.github.state.roles["bakewatch-app[bot]"] = "read"
    hub.forge(APP, publish=("comment",)).publish(bulletin(release, text="ours"))
    assert [(one.author == other, "ours" in one.body) for one in hub.github.state.comments] == [
        (True, False),
        (False, True),
    ]


def test_a_title_is_text(hub: Rig) -> None:
    release = hub.release()
    hub.forge(publish=("comment",)).publish(bulletin(release, title="<b>PR #1</b> [x](https://evil.example) *"))
    told = hub.github.state.comments[0].body.splitlines()[1]
    assert told == "### &#60;b&#62;PR #1&#60;/b&#62; \\[x\\](https&#58;//evil.example) \\*"


def test_a_long_report_is_cut_to_what_fits_and_says_so(hub: Rig) -> None:
    release = hub.release()
    text = "<details>\n\n```\n" + "0123456789 café\n" * 6000 + "```\n\n</details>"
    hub.forge().publish(bulletin(release, text=text))
    (one,) = hub.github.state.comments
    assert LIMIT - 100 < len(one.body) <= LIMIT
    last = one.body.splitlines()[-1]
    assert "cut here" in last and "https://reports.example/1" in last
    assert one.body.splitlines()[-5:-1] == ["0123456789 café", "```", "</details>", ""]


def test_nobody_is_called_and_nothing_of_others_is_linked(hub: Rig) -> None:
    release = hub.release()
    hub.forge().publish(bulletin(release, text="Thanks @octocat for #99 and other/repo#1, see #1"))
    body = hub.github.state.comments[0].body
    assert "@octocat" not in body and "#99" not in body and "repo#1" not in body and "see #1" in body


@pytest.mark.parametrize(
    ("mark", "state"),
    [
        (Mark.PENDING, "pending"),
        (Mark.SUCCESS, "success"),
        (Mark.FAILURE, "failure"),
        (Mark.NEUTRAL, "pending"),
    ],
)
def test_the_status_of_the_commit_is_set_once(hub: Rig, mark: Mark, state: str) -> None:
    release, forge = hub.release(), hub.forge(publish=("status",), context="Bake")
    for _ in range(2):
        forge.publish(bulletin(release, mark, title="x" * 200))
    (one,) = hub.github.state.statuses
    assert (one.sha, one.context, one.state) == (release.commit, "Bake", state)
    assert (len(one.description or ""), one.target_url) == (140, "https://reports.example/1")


def test_a_status_changes_when_the_case_does(hub: Rig) -> None:
    release, forge = hub.release(), hub.forge(publish=("status",))
    forge.publish(bulletin(release))
    forge.publish(bulletin(release, Mark.FAILURE, title="Undone"))
    assert [one.state for one in hub.github.state.statuses] == ["pending", "failure"]


def test_a_link_that_no_browser_follows_is_not_shown(hub: Rig) -> None:
    release = hub.release()
    hub.forge(APP, publish=("status", "comment", "check")).publish(bulletin(release, link="/var/report.md"))
    state = hub.github.state
    assert (state.statuses[0].target_url, state.checks[0].details_url) == (None, None)
    assert "/var/" not in state.comments[0].body


@pytest.mark.parametrize(
    ("mark", "status", "conclusion"),
    [
        (Mark.PENDING, "in_progress", None),
        (Mark.SUCCESS, "completed", "success"),
        (Mark.FAILURE, "completed", "failure"),
        (Mark.NEUTRAL, "completed", "neutral"),
    ],
)
def test_a_check_is_made_once_and_kept_up_to_date(hub: Rig, mark: Mark, status: str, conclusion: str | None) -> None:
    release, forge = hub.release(), hub.forge(APP, publish=("check",))
    forge.publish(bulletin(release))
    for _ in range(2):
        forge.publish(bulletin(release, mark, text="0123456789\n" * 9000))
    (one,) = hub.github.state.checks
    assert (one.sha, one.name, one.external_id) == (release.commit, "bakewatch", release.bake_id)
    assert (one.status, one.conclusion, one.title) == (status, conclusion, "The bake is running")
    assert len(hub.github.sent("PATCH")) == 1
    assert 65_400 < len(one.summary or "") <= 65_535 and "cut here" in (one.summary or "")


def test_a_check_of_another_case_or_another_app_is_left_alone(hub: Rig) -> None:
    release = hub.release()
    hub.github.admit("ghs_other", "other[bot]", "write", "Bot")
    hub.forge("ghs_other", publish=("check",)).publish(bulletin(release))
    hub.forge(APP, publish=("check",)).publish(structs.replace(bulletin(release), bake_id="team/live@other"))
    hub.forge(APP, publish=("check",)).publish(bulletin(release, Mark.SUCCESS))
    assert [one.conclusion for one in hub.github.state.checks] == [None, None, "success"]


def test_what_cannot_be_shown_keeps_nothing_else_from_being_shown(hub: Rig) -> None:
    release = hub.release()
    forge = hub.forge(publish=("check", "status", "comment"))
    with pytest.raises(ForgeError, match="forbidden") as caught:
        forge.publish(bulletin(release))
    assert caught.value.permanent
    assert (len(hub.github.state.statuses), len(hub.github.state.comments)) == (1, 1)


def test_a_pull_request_that_is_not_there_keeps_the_others_from_nothing(hub: Rig) -> None:
    release = hub.release()
    with pytest.raises(ForgeError, match="not_found"):
        hub.forge().publish(bulletin(structs.replace(release, pulls=(9, 1))))
    assert [one.number for one in hub.github.state.comments] == [1]


def test_a_limit_met_midway_is_told_as_one_that_passes(hub: Rig) -> None:
    release, forge = hub.release(), hub.forge()
    hub.github.limits.writes_a_minute = 1
    with pytest.raises(ForgeError, match="rate_limited") as caught:
        forge.publish(bulletin(release))
    assert not caught.value.permanent
    hub.clock.wait(61)
    forge.publish(bulletin(release))
    assert (len(hub.github.state.statuses), len(hub.github.state.comments)) == (1, 1)


def test_nothing_that_is_recorded_or_raised_has_the_token(hub: Rig) -> None:
    release, forge = hub.release(), hub.forge(publish=("check", "comment"))
    with pytest.raises(ForgeError) as caught:
        forge.publish(bulletin(release))
    assert TOKEN not in f"{caught.value!r} {hub.github.exchanges!r}"


def test_only_twenty_pull_requests_are_commented_on(hub: Rig) -> None:
    release = hub.release()
    with pytest.raises(ForgeError, match="not_found"):
        hub.forge(publish=("comment",)).publish(bulletin(structs.replace(release, pulls=tuple(range(2, 40)))))
    assert len(hub.github.sent("GET")) == 20
