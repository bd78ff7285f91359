"""GitHub's own revert of a pull request, at its stand-in in a real repository."""

import pytest
from msgspec import structs

from bakewatch.model.release import MergeKind, Suspect
from bakewatch.vendors.github import wire
from tests.contract.github_rig import APP, TOKEN, Rig

pytestmark = pytest.mark.real


@pytest.mark.parametrize("way", ["merge", "squash", "rebase"])
@pytest.mark.parametrize("token", [TOKEN, APP])
def test_a_release_of_one_pull_request_is_reverted_once(hub: Rig, way: str, token: str) -> None:
    release = hub.release(way)
    done = hub.revert(token=token).roll_back(release)
    assert (done.method, done.problem, done.commit, done.already) == ("github", "", hub.main("%H"), False)
    assert hub.team.show("app.txt") == "one\ntwo\nthree"
    assert hub.trailers() == [release.bake_id]
    again = hub.revert(token=token).roll_back(release)
    assert (again.already, again.commit) == (True, done.commit)
    assert len(hub.github.state.pulls) == 2


def test_it_is_never_rebased_because_its_commits_lack_the_trailer(hub: Rig) -> None:
    release = hub.release()
    hub.github.state.allowed = {"rebase"}
    done = hub.revert().roll_back(release)
    assert (done.problem, done.permanent, done.link[-7:]) == ("needs_a_person", True, "/pull/2")
    assert hub.main("%H") == release.commit


def test_unless_the_plan_acts_by_itself_it_is_left_for_a_person(hub: Rig) -> None:
    release = hub.release()
    for _ in range(2):
        done = hub.revert(merge=False).roll_back(release)
        assert (done.problem, done.permanent, done.link[-7:]) == ("needs_a_person", True, "/pull/2")
    assert len(hub.github.state.pulls) == 2
    commit = hub.github.merge(2)
    assert hub.revert(merge=False).roll_back(release).commit == commit


def test_a_merge_that_does_not_say_what_it_became_is_asked_about_again(hub: Rig) -> None:
    release = hub.release()
    commit = hub.revert().roll_back(release).commit
    hub.github.state.pulls[2].result = ""
    done = hub.revert().roll_back(release)
    assert (done.problem, done.permanent) == ("not_ready", False)
    hub.github.state.pulls[2].result = commit
    assert hub.revert().roll_back(release).commit == commit


def test_one_that_was_opened_before_a_crash_is_found_again(hub: Rig) -> None:
    release = hub.release()
    hub.revert(merge=False).roll_back(release)
    done = hub.revert().roll_back(release)
    assert (done.problem, done.already, len(hub.github.state.pulls)) == ("", False, 2)


def test_a_strangers_pull_request_with_our_trailer_is_not_ours(hub: Rig) -> None:
    release = hub.release()
    body = f"Bakewatch-Undoes: {release.bake_id}"
    hub.branch("evil", {"evil.txt": "1"})
    hub.github.open("evil", "Revert", by="stranger", body=body, fork="stranger/live")
    hub.branch("worse", {"worse.txt": "1"})
    hub.github.open("worse", "Revert", by="author", body=body)
    done = hub.revert().roll_back(release)
    assert (done.problem, done.link[-7:]) == ("", "/pull/4")
    assert "evil.txt" not in hub.team.git("ls-tree", "--name-only", "main", cwd=hub.team.remote)


def test_what_others_pushed_to_its_branch_is_not_merged(hub: Rig) -> None:
    release = hub.release()
    hub.revert(merge=False).roll_back(release)
    branch = "revert-1-feature"
    hub.team.git("fetch", "-q", "origin")
    hub.team.git("checkout", "-q", "-B", "work", f"origin/{branch}")
    hub.team.commit("more", {"evil.txt": "1"})
    hub.team.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    done = hub.revert().roll_back(release)
    assert (done.problem, done.permanent, done.link[-7:]) == ("needs_a_person", True, "/pull/2")
    assert hub.main("%H") == release.commit


def test_trouble_at_github_itself_is_no_conflict(hub: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    release = hub.release()
    said = {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}
    monkeypatch.setattr(hub.github._server.routes, "_revert", lambda call, variables: said)
    done = hub.revert().roll_back(release)
    assert (done.problem, done.permanent) == ("malformed", False)
    monkeypatch.undo()
    assert not hub.revert().roll_back(release).problem


def test_anything_but_exactly_one_pull_request_is_not_reverted(hub: Rig) -> None:
    release = hub.release()
    suspect = Suspect(bake_id="team/live@1", commit="1" * 40, kind=MergeKind.MERGE, merged_at=hub.clock())
    for other in (
        structs.replace(release, pulls=()),
        structs.replace(release, pulls=(1, 2)),
        structs.replace(release, suspects=(suspect,)),
        structs.replace(release, commit="2" * 40),
    ):
        done = hub.revert().roll_back(other)
        assert (done.problem, done.permanent) == ("not_one_pull", True)
    assert hub.github.sent("POST") == []


def test_what_cannot_be_taken_back_by_itself_is_a_conflict(hub: Rig) -> None:
    release = hub.release()
    hub.team.pull()
    hub.team.commit("meanwhile", {"app.txt": "one\nzwei\nthree\n"})
    hub.team.push()
    done = hub.revert().roll_back(release)
    assert (done.problem, done.permanent) == ("conflict", True)


def test_a_token_that_may_not_write_is_told(hub: Rig) -> None:
    release = hub.release()
    hub.github.state.roles["bakewatch"] = "read"
    done = hub.revert().roll_back(release)
    assert (done.problem, done.permanent) == ("forbidden", True)


def test_trouble_passes(hub: Rig) -> None:
    release = hub.release()
    hub.github.limits.anger(30)
    assert (hub.revert().roll_back(release).problem, len(hub.github.state.pulls)) == ("rate_limited", 1)
    hub.clock.wait(31)
    assert not hub.revert().roll_back(release).problem


def test_a_pull_request_in_a_list_is_merged_when_it_says_when(hub: Rig) -> None:
    hub.release()
    (one,) = next(iter(hub.rest().pages("/pulls", list[wire.PullRequest], {"state": "all"})))
    assert one.is_merged and one.is_inside
