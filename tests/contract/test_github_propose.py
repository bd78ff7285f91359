"""The pull request that undoes a release, opened and merged at GitHub's stand-in in a real repository."""

import pytest

from bakewatch.model.release import Release
from bakewatch.model.rollback import Rollback
from bakewatch.ports import Remote
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release
from bakewatch.vendors.git.repository import GitRepository, undone_by
from bakewatch.vendors.git.revert import GitRevert, RevertSettings, branch_of
from tests.contract.github_rig import BRANCH, NAME, TOKEN, Rig
from tests.contract.remotes import ENVIRON

pytestmark = pytest.mark.real

PROTECT = '[ "$1" != refs/heads/main ] || { echo "GH006: Protected branch update failed" >&2; exit 1; }'


def _head(hub: Rig) -> str:
    """The commit that the revert's branch is now; empty without one."""
    return hub.team.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}", cwd=hub.team.remote)


def _propose(hub: Rig, release: Release, *, merge: bool = True) -> Rollback:
    return hub.forge().propose(release, BRANCH, *_words(release), head=_head(hub), merge=merge)


def _words(release: Release) -> tuple[str, str]:
    body = f"This reverts {release.commit}, found harmful.\n\nBakewatch-Undoes: {release.bake_id}"
    return 'Revert "A change (#1)"', body


@pytest.mark.parametrize("allowed", ["merge", "squash", "rebase"])
def test_it_is_merged_as_the_repository_allows_and_main_has_the_trailer(hub: Rig, allowed: str) -> None:
    release = hub.release()
    hub.undo(release)
    hub.github.state.allowed = {allowed}
    done = _propose(hub, release)
    assert (done.method, done.problem, done.already) == ("github", "", False)
    assert (done.commit, done.link) == (hub.main("%H"), "https://github.com/team/live/pull/2")
    assert hub.team.show("app.txt") == "one\ntwo\nthree"
    assert hub.trailers() == [release.bake_id]
    if allowed != "rebase":
        assert hub.main("%s") == 'Revert "A change (#1)" (#2)'


def test_asked_again_it_is_there_already(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    first, again = _propose(hub, release), _propose(hub, release)
    assert (again.already, again.commit, again.link) == (True, first.commit, first.link)
    assert len(hub.github.state.pulls) == 2


def test_without_merge_it_is_opened_once_and_left_for_a_person(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    for _ in range(2):
        done = _propose(hub, release, merge=False)
        assert (done.problem, done.permanent, done.commit) == ("needs_a_person", True, "")
        assert done.link.endswith("/pull/2")
    assert hub.github.sent("PUT") == [] and len(hub.github.state.pulls) == 2
    commit = hub.github.merge(2)
    done = _propose(hub, release, merge=False)
    assert (done.already, done.commit, done.problem) == (True, commit, "")


def test_a_missing_review_is_for_a_person(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    hub.github.state.protected = True
    done = _propose(hub, release)
    assert (done.problem, done.permanent, done.link[-7:]) == ("needs_a_person", True, "/pull/2")
    assert hub.main("%H") == release.commit


def test_a_conflict_is_for_a_person_and_nothing_is_tried(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    hub.team.pull()
    hub.team.commit("meanwhile", {"app.txt": "one\nzwei\nthree\n"})
    hub.team.push()
    done = _propose(hub, release)
    assert (done.problem, done.permanent) == ("needs_a_person", True)
    assert hub.github.sent("PUT") == []


def test_a_token_that_may_not_merge_leaves_it_for_a_person(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    _propose(hub, release, merge=False)
    hub.github.state.roles["bakewatch"] = "read"
    done = _propose(hub, release)
    assert (done.problem, done.permanent) == ("needs_a_person", True)


def test_a_pull_request_that_a_person_closed_is_not_opened_again(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    _propose(hub, release, merge=False)
    hub.github.close(2)
    done = _propose(hub, release)
    assert (done.problem, done.link[-7:]) == ("needs_a_person", "/pull/2")
    assert len(hub.github.state.pulls) == 2


def test_what_github_has_not_computed_yet_passes(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    _propose(hub, release, merge=False)
    hub.github.state.pulls[2].computing = 1
    done = _propose(hub, release)
    assert (done.problem, done.permanent) == ("not_ready", False)
    assert not _propose(hub, release).problem


def test_what_is_refused_in_every_way_with_nothing_missing_is_for_a_person_and_may_be_tried_again(hub: Rig) -> None:
    """A merge queue or a rule that nothing tells; or a base that moved, which passes by itself."""
    release = hub.release()
    hub.undo(release)
    hub.github.state.moving = 3
    done = _propose(hub, release)
    assert (done.problem, done.permanent, done.link[-7:]) == ("needs_a_person", True, "/pull/2")
    assert not _propose(hub, release).problem


def test_a_head_that_moves_meanwhile_is_not_merged(hub: Rig) -> None:
    """Between the look at the pull request and its merge, somebody pushes to its branch."""
    release = hub.release()
    hub.undo(release)
    _propose(hub, release, merge=False)
    other = hub.branch("other", {"evil.txt": "1"})
    outlook, looks = hub.github._pulls.outlook, []

    def moved(one):  # type: ignore[no-untyped-def]
        looks.append(one)
        told = outlook(one)
        if len(looks) == 1:
            hub.team.git("update-ref", f"refs/heads/{BRANCH}", other, cwd=hub.team.remote)
        return told

    hub.github._pulls.outlook = moved  # type: ignore[method-assign]
    done = _propose(hub, release)
    assert (done.problem, done.permanent) == ("moved", False)
    assert hub.main("%H") == release.commit


@pytest.mark.parametrize("message", ["no trailer", "Bakewatch-Undoes: team/live@" + "0" * 40])
def test_a_branch_without_the_trailer_is_somebody_elses_and_left_for_a_person(hub: Rig, message: str) -> None:
    release = hub.release()
    hub.undo(release, trailers=message)
    done = _propose(hub, release)
    assert (done.problem, done.permanent) == ("needs_a_person", True)
    assert hub.github.sent("PUT") == []


def test_a_branch_with_more_than_the_revert_is_left_for_a_person(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    hub.team.git("fetch", "-q", "origin")
    hub.team.git("checkout", "-q", "-B", "work", f"origin/{BRANCH}")
    hub.team.commit(f"more\n\nBakewatch-Undoes: {release.bake_id}", {"evil.txt": "1"})
    hub.team.git("push", "-q", "origin", f"HEAD:refs/heads/{BRANCH}")
    assert _propose(hub, release).problem == "needs_a_person"
    assert hub.main("%H") == release.commit


def test_a_forks_pull_request_of_the_same_branch_is_not_ours(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    one = hub.github.open(BRANCH, "Revert", by="stranger", fork="stranger/live")
    hub.github.close(one.number)
    done = _propose(hub, release)
    assert (done.problem, done.link[-7:]) == ("", "/pull/3")


def test_a_branch_that_is_not_there_is_told_with_it(hub: Rig) -> None:
    done = _propose(hub, hub.release())
    assert (done.problem, done.permanent, done.link) == ("refused", True, BRANCH)


def test_trouble_passes_and_shows_no_token(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    hub.github.limits.an_hour = 2
    done = _propose(hub, release)
    assert (done.problem, done.permanent) == ("rate_limited", False)
    hub.clock.wait(3600)
    hub.github.limits.an_hour = 5000
    hub.github.revoke(TOKEN)
    done = _propose(hub, release)
    assert (done.problem, done.permanent) == ("unauthorized", True)
    assert TOKEN not in f"{done!r} {hub.github.exchanges!r}"


def test_writes_are_a_second_apart(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    forge = hub.forge()
    forge.propose(release, BRANCH, *_words(release), head=_head(hub), merge=True)
    assert hub.github.sent("POST") + hub.github.sent("PUT") == [
        "/repos/team/live/pulls",
        "/repos/team/live/pulls/2/merge",
    ]
    assert hub.clock.waits == [1.0]


def test_words_from_elsewhere_neither_call_anybody_nor_close_anything(hub: Rig) -> None:
    release = hub.release(title="Thank @octocat, fixes #99")
    hub.undo(release)
    title, body = _words(release)
    hub.forge().propose(
        release, BRANCH, "Thank @octocat (#1), fixes #99", f"cc @octocat\n{body}", head=_head(hub), merge=True
    )
    told = hub.main() + hub.github.state.pulls[2].body + hub.github.state.pulls[2].title
    assert "@octocat" not in told and "#99" not in told
    assert "(#1)" in told and hub.trailers() == [release.bake_id]


def test_the_protected_branch_of_a_team_is_undone_through_a_pull_request(hub: Rig, mirror: Mirror) -> None:
    """From git's refusal to the trailer on main: the whole way."""
    hub.release()
    mirror = Mirror(Remote(url=str(hub.team.remote), branch="main", name=NAME), mirror.git.folder.parent, ENVIRON)
    hub.team.hook("update", PROTECT)
    release = find_release(mirror, pull=1)
    refused = GitRevert(mirror, RevertSettings(), hub.clock).roll_back(release)
    assert (refused.problem, refused.link) == ("protected", branch_of(release))
    done = hub.forge().propose(release, refused.link, *_words(release), head=refused.commit, merge=True)
    assert not done.problem
    assert GitRepository(mirror).undone_by(release)
    again = GitRevert(mirror, RevertSettings(), hub.clock).roll_back(release)
    assert again.already
    assert find_release(mirror, commit=done.commit).reverts == release.bake_id
    assert undone_by(mirror, release) in hub.team.git("rev-list", "main", cwd=hub.team.remote)


def test_another_commit_with_the_same_trailers_is_not_merged(hub: Rig) -> None:
    release = hub.release()
    hub.undo(release)
    ours = _head(hub)
    hub.undo(release)  # somebody pushes another one
    hub.branch(BRANCH, {"app.txt": "evil\n"}, hub.team.git("log", "-1", "--format=%B", ours, cwd=hub.team.remote))
    assert _head(hub) != ours
    done = hub.forge().propose(release, BRANCH, *_words(release), head=ours, merge=True)
    assert done.problem == "needs_a_person" and not hub.trailers()
