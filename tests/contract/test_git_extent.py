"""How much of the production branch a pull request is: certain, or a clear error. On real git remotes."""

import pytest

from bakewatch.errors import ConfigError, RepositoryError
from bakewatch.model.forge import Pull
from bakewatch.model.release import MergeKind
from bakewatch.testing.runtime import START
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release
from tests.contract.remotes import Team

pytestmark = pytest.mark.real


def _propose(team: Team, number: int, *subjects: str, form: str = "refs/pull/{}/head") -> list[str]:
    """Pull request *number* with one commit per subject, kept by the remote; main has moved on meanwhile."""
    start = team.git("rev-parse", "HEAD")
    team.git("checkout", "-q", "-B", f"pr-{number}")
    commits = [team.commit(subject, {f"{at}-{number}": "1"}) for at, subject in enumerate(subjects)]
    team.keep_pull(number, form=form)
    team.git("checkout", "-q", "main")
    team.git("reset", "-q", "--hard", start)
    team.commit("meanwhile", {"meanwhile": str(number)})
    return commits


def _rebase(team: Team, commits: list[str], *between: str) -> tuple[str, str]:
    """Merge *commits* by rebasing; what the branch became: (parent, last commit)."""
    parent = team.git("rev-parse", "HEAD")
    for commit in commits:
        team.git("cherry-pick", commit)
        for name in between:
            team.commit(name, {name: commit})
    team.push()
    return parent, team.git("rev-parse", "HEAD")


def _squash(team: Team, number: int, subject: str) -> tuple[str, str]:
    parent = team.git("rev-parse", "HEAD")
    team.git("merge", "-q", "--squash", f"pr-{number}")
    team.git("commit", "-q", "-m", subject)
    team.push()
    return parent, team.git("rev-parse", "HEAD")


@pytest.mark.parametrize("form", ["refs/pull/{}/head", "refs/merge-requests/{}/head"])
def test_a_rebase_merge_is_found_by_its_pull_request(team: Team, mirror: Mirror, form: str) -> None:
    parent, last = _rebase(team, _propose(team, 21, "part one", "part two", form=form))
    release = find_release(mirror, pull=21)
    assert (release.kind, release.parent, release.commit, release.pulls) == (MergeKind.REBASE, parent, last, (21,))


def test_a_rebase_merge_is_whole_although_only_its_last_commit_has_the_number(team: Team, mirror: Mirror) -> None:
    parent, last = _rebase(team, _propose(team, 9, "add a migration", "use it (#9)"))
    for release in (find_release(mirror), find_release(mirror, commit=last), find_release(mirror, pull=9)):
        assert (release.kind, release.parent, release.commit, release.pulls) == (MergeKind.REBASE, parent, last, (9,))


def test_a_rebase_merge_of_one_commit_is_that_commit(team: Team, mirror: Mirror) -> None:
    parent, last = _rebase(team, _propose(team, 9, "one of one"))
    release = find_release(mirror, pull=9)
    assert (release.kind, release.parent, release.commit) == (MergeKind.SQUASH, parent, last)


def test_a_commit_inside_a_rebase_merge_is_not_the_release(team: Team, mirror: Mirror) -> None:
    _, last = _rebase(team, _propose(team, 9, "first (#9)", "second (#9)"))
    assert find_release(mirror).kind is MergeKind.REBASE
    with pytest.raises(ConfigError, match=rf"is not what #9 brought to main, which ends with {last[:12]} \(--pr 9"):
        find_release(mirror, commit=f"{last}^")


def test_a_rebase_merge_that_is_not_certain_is_a_clear_error(team: Team, mirror: Mirror) -> None:
    _, last = _rebase(team, _propose(team, 22, "part one", "part two"), "foreign")
    with pytest.raises(ConfigError, match="no merge of #22 on main .*--range A..B"):
        find_release(mirror, pull=22)
    with pytest.raises(ConfigError, match=f"does not say whether it is the whole release.*--range .*{last[:12]} for"):
        find_release(mirror, commit=last)


def test_a_rebase_merge_with_a_number_that_is_not_certain_is_a_clear_error(team: Team, mirror: Mirror) -> None:
    """Another's commit came between the two: the second one alone would be taken for a squash."""
    first, second = _propose(team, 23, "part one", "part two (#23)")
    team.git("cherry-pick", first)
    team.commit("foreign", {"foreign": "1"})
    _, last = _rebase(team, [second])
    for arguments in ({"pull": 23}, {"commit": last}):
        with pytest.raises(
            ConfigError, match=rf"cannot be known from {last[:12]} .*--range {last[:12]}\^..{last[:12]}"
        ):
            find_release(mirror, **arguments)


def test_a_squash_merge_of_several_commits_is_one_commit(team: Team, mirror: Mirror) -> None:
    _propose(team, 7, "part one", "part two")
    parent, commit = _squash(team, 7, "Show it (#7)")
    team.commit("Follow-up of (#7)", {"later": "1"})
    team.push()
    for release in (find_release(mirror, pull=7), find_release(mirror, commit=commit)):
        assert (release.kind, release.parent, release.commit, release.pulls) == (MergeKind.SQUASH, parent, commit, (7,))
    with pytest.raises(ConfigError, match="is not what #7 brought"):
        find_release(mirror)


def test_a_squash_merge_beside_a_line_that_changed_meanwhile_is_known(team: Team, mirror: Mirror) -> None:
    """Its patch has other surroundings than the pull request's, and a binary file."""
    team.commit("many lines", {"lines": "".join(f"{number}\n" for number in range(12))})
    team.push()
    start = team.git("rev-parse", "HEAD")
    team.git("checkout", "-q", "-b", "pr-7")
    team.commit("work", {"lines": (team.clone / "lines").read_text().replace("5\n", "five\n"), "binary": "\0x"})
    team.keep_pull(7)
    team.git("checkout", "-q", "main")
    team.git("reset", "-q", "--hard", start)
    team.commit("meanwhile", {"lines": (team.clone / "lines").read_text().replace("7\n", "seven\n")})
    _, commit = _squash(team, 7, "Show it (#7)")
    assert find_release(mirror, pull=7).commit == commit


def test_a_squash_merge_that_holds_more_than_its_pull_request_is_a_clear_error(team: Team, mirror: Mirror) -> None:
    _propose(team, 7, "part one")
    team.git("merge", "-q", "--squash", "pr-7")
    commit = team.commit("Show it (#7)", {"more": "1"})
    team.push()
    with pytest.raises(ConfigError, match=f"cannot be known from {commit[:12]}"):
        find_release(mirror)


def test_a_merge_commit_with_the_number_at_its_end_is_known_by_the_head_that_it_merged(
    team: Team, mirror: Mirror
) -> None:
    _propose(team, 7, "part one", "part two")
    parent = team.git("rev-parse", "HEAD")
    team.git("merge", "-q", "--no-ff", "-m", "Show it (#7)", "pr-7")
    team.push()
    release = find_release(mirror)
    assert (release.kind, release.parent, release.pulls) == (MergeKind.MERGE, parent, (7,))
    team.keep_pull(7, "HEAD^")
    with pytest.raises(ConfigError, match="cannot be known"):
        find_release(mirror)


def test_a_merge_that_says_so_needs_no_head(team: Team, mirror: Mirror) -> None:
    team.keep_pull(3)
    commit = team.merge(7, {"a": "1"})
    team.commit("Follow-up of (#7)", {"b": "1"})
    team.push()
    assert find_release(mirror, pull=7).commit == commit


def test_a_fast_forward_is_a_clear_error_because_nobody_kept_where_it_began(team: Team, mirror: Mirror) -> None:
    team.commit("part one", {"a": "1"})
    team.commit("part two (#7)", {"b": "1"})
    team.keep_pull(7)
    team.push()
    with pytest.raises(ConfigError, match="cannot be known"):
        find_release(mirror)


def test_a_number_of_no_pull_request_is_not_trusted(team: Team, mirror: Mirror) -> None:
    """The remote keeps pull requests, so this is the number of an issue."""
    _propose(team, 7, "part one")
    commit = team.commit("Mend what was reported (#5)", {"a": "1"})
    team.push()
    with pytest.raises(ConfigError, match=f"what #5 brought to main cannot be known from {commit[:12]}"):
        find_release(mirror)


def test_a_plain_remote_is_trusted_when_only_one_commit_has_the_number(team: Team, mirror: Mirror) -> None:
    first = team.commit("Show it (#7)", {"a": "1"})
    team.push()
    assert find_release(mirror, pull=7).commit == first
    second = team.commit("Follow-up of (#7)", {"b": "1"})
    team.push()
    for arguments in ({}, {"pull": 7}, {"commit": first}):
        with pytest.raises(ConfigError, match=f"#7 .*cannot be known from {second[:12]}, {first[:12]} .*--range A..B"):
            find_release(mirror, **arguments)


def test_a_remote_that_is_gone_is_not_one_without_pull_requests(team: Team, mirror: Mirror) -> None:
    mirror.fetch()
    team.remote.rename(team.remote.with_name("gone"))
    with pytest.raises(RepositoryError, match="unreachable"):
        mirror.pull_head(7)


def _told(number: int, commit: str) -> Pull:
    return Pull(number=number, repository="team/live", base="main", head="", merged_at=START, commit=commit)


def test_a_squash_whose_subject_names_nobody_is_found_when_the_hosting_service_tells(
    team: Team, mirror: Mirror
) -> None:
    _propose(team, 31, "one", "two")
    parent, last = _squash(team, 31, "a subject that somebody has edited")
    with pytest.raises(ConfigError):
        find_release(mirror, pull=31)
    for release in (
        find_release(mirror, pull=31, told=_told(31, last)),
        find_release(mirror, commit=last, told=_told(31, last)),
    ):
        assert (release.kind, release.parent, release.commit, release.pulls) == (MergeKind.SQUASH, parent, last, (31,))


def test_what_the_hosting_service_tells_does_not_cut_a_rebase_merge_short(team: Team, mirror: Mirror) -> None:
    parent, last = _rebase(team, _propose(team, 32, "one", "two"))
    release = find_release(mirror, pull=32, told=_told(32, last))
    assert (release.parent, release.commit) == (parent, last)
    # Without the head nobody knows how many commits it was.
    team.git("push", "-q", "origin", ":refs/pull/32/head")
    with pytest.raises(ConfigError):
        find_release(mirror, pull=32, told=_told(32, last))
