"""Which release a commit, a pull request or a range is, on real git remotes."""

from datetime import timedelta

import pytest

from bakewatch.errors import ConfigError
from bakewatch.model.release import TRAILER, MergeKind
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release, merges, touched
from tests.contract.remotes import Team

pytestmark = pytest.mark.real


def _merge(team: Team, message: str, inner: str = "work") -> tuple[str, str]:
    """Merge a branch by a commit that says *message*: (what main was before, what it became)."""
    base = team.git("rev-parse", "HEAD")
    team.git("checkout", "-q", "-b", "work")
    team.commit(inner, {"work": "1"})
    team.git("checkout", "-q", "main")
    team.git("merge", "-q", "--no-ff", "-m", message, "work")
    team.push()
    return base, team.git("rev-parse", "HEAD")


def test_a_merge_commit_is_a_release_with_its_pull_request(team: Team, mirror: Mirror) -> None:
    base = team.git("rev-parse", "HEAD")
    commit = team.merge(7, {"app.txt": "2\n"}, title="Show the new page")
    release = find_release(mirror, commit=commit)
    assert (release.commit, release.parent, release.pulls) == (commit, base, (7,))
    assert (release.kind, release.title, release.repository) == (MergeKind.MERGE, "Show the new page", "live")
    assert release.merged_at.tzinfo is not None
    assert find_release(mirror, pull=7) == find_release(mirror, commit=commit[:9]) == find_release(mirror) == release


def test_a_squash_commit_is_a_release(team: Team, mirror: Mirror) -> None:
    base = team.git("rev-parse", "HEAD")
    commit = team.commit("Show the new page (#12)", {"app.txt": "2\n"})
    team.push()
    release = find_release(mirror, pull=12)
    assert (release.commit, release.parent, release.kind, release.pulls) == (commit, base, MergeKind.SQUASH, (12,))


@pytest.mark.parametrize(
    "message",
    [
        "Merge pull request #8 from team/work\n\nShow it",
        "Merge branch 'work' into 'main'\n\nShow it\n\nCloses #3\n\nSee merge request team/live!8",
        "Merged in work (pull request #8)\n\nShow it\n\nApproved-by: A person",
    ],
)
def test_a_merge_commit_names_its_pull_request_as_its_host_writes_it(team: Team, mirror: Mirror, message: str) -> None:
    base, commit = _merge(team, message)
    release = find_release(mirror)
    assert (release.commit, release.parent, release.kind) == (commit, base, MergeKind.MERGE)
    assert (release.pulls, release.title) == ((8,), "Show it")
    assert find_release(mirror, pull=8) == release


def test_a_merge_commit_that_names_no_pull_request_is_a_clear_error(team: Team, mirror: Mirror) -> None:
    base, commit = _merge(team, "Merge branch 'main' of git.example:team/live\n\nMerge pull request #8 from team/x")
    with pytest.raises(ConfigError, match=f"names no pull request .*--range {base[:12]}..{commit[:12]}"):
        find_release(mirror)
    with pytest.raises(ConfigError, match="no merge of #8"):
        find_release(mirror, pull=8)
    assert find_release(mirror, range_=f"{base}..{commit}").commit == commit


def test_a_trailer_of_ours_inside_a_nameless_merge_says_nothing_about_it(team: Team, mirror: Mirror) -> None:
    _merge(team, "Merge branch 'work'", f"Revert something\n\n{TRAILER}: live@{'a' * 40}")
    with pytest.raises(ConfigError, match="names no pull request"):
        find_release(mirror)


def test_several_pull_requests_in_one_merge_are_all_named(team: Team, mirror: Mirror) -> None:
    team.git("checkout", "-q", "-b", "train")
    team.commit("one (#3)", {"a": "1"})
    team.commit("two (#4)", {"b": "1"})
    team.git("checkout", "-q", "main")
    team.git("merge", "-q", "--no-ff", "-m", "Merge pull request #5 from team/train", "train")
    team.push()
    assert find_release(mirror).pulls == (5, 3, 4)


def test_a_rebase_merge_is_known_by_its_range(team: Team, mirror: Mirror) -> None:
    base = team.git("rev-parse", "HEAD")
    team.commit("one", {"a": "1"})
    last = team.commit("two", {"app.txt": "2\n"})
    team.push()
    release = find_release(mirror, range_=f"{base}..{last}")
    assert (release.kind, release.parent, release.commit) == (MergeKind.REBASE, base, last)
    assert find_release(mirror, range_=f"{last}^..{last}").kind is MergeKind.SQUASH


def test_what_is_no_release_is_a_clear_error(team: Team, mirror: Mirror) -> None:
    team.merge(1, {"app.txt": "2\n"})
    inside = team.git("rev-parse", "HEAD^2")
    team.git("checkout", "-q", "-b", "elsewhere")
    unmerged = team.commit("elsewhere", {"app.txt": "3\n"})
    team.git("push", "-q", "origin", "elsewhere")
    first = team.git("rev-list", "--max-parents=0", "HEAD")
    for arguments, words in (
        ({"commit": "0" * 40}, "no commit"),
        ({"commit": "--upload-pack=evil"}, "no commit"),
        ({"commit": unmerged}, "is not on main"),
        ({"commit": inside}, "inside a merge"),
        ({"commit": first}, "is the first commit"),
        ({"pull": 99}, "no merge of #99"),
        ({"range_": "main"}, "no range"),
        ({"range_": f"{unmerged}..{first}"}, "no stretch"),
    ):
        with pytest.raises(ConfigError, match=words):
            find_release(mirror, **arguments)


def test_a_release_knows_what_it_touches(team: Team, mirror: Mirror) -> None:
    release = find_release(mirror, commit=team.merge(1, {"journeys/a.py": "1", "app.txt": "1"}))
    for path in ("app.txt", "journeys/a.py"):
        assert touched(mirror, release, path.__eq__)
    assert not touched(mirror, release, lambda one: one not in ("app.txt", "journeys/a.py"))


def test_personal_data_in_a_title_does_not_get_into_the_release(team: Team, mirror: Mirror) -> None:
    release = find_release(mirror, commit=team.merge(1, {"a": "1"}, title="Let someone@private.example in"))
    assert "private.example" not in release.title


def test_merges_are_the_first_parents_oldest_first(team: Team, mirror: Mirror) -> None:
    base = team.git("rev-parse", "HEAD")
    merge = team.merge(7, {"app.txt": "2\n"})
    squash = team.commit("Show the new page (#12)", {"app.txt": "3\n"})
    team.push()
    mirror.fetch()
    release = find_release(mirror, commit=squash)
    found = merges(mirror, release.merged_at - timedelta(days=1))
    assert [one.commit for one in found] == [base, merge, squash]
    assert found[-1].at == release.merged_at
    assert merges(mirror, release.merged_at + timedelta(days=1)) == []
