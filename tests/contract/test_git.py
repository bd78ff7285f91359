"""The repository and the revert, on real git remotes."""

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakewatch.errors import ConfigError, RepositoryError
from bakewatch.model.release import MergeKind, Release
from bakewatch.ports import Remote
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import TRAILER, find_release, touched
from bakewatch.vendors.git.repository import GitRepository
from bakewatch.vendors.git.revert import GitRevert, RevertSettings, branch_of
from tests.contract.remotes import Team

pytestmark = pytest.mark.real
ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path).start()


@pytest.fixture
def mirror(team: Team, tmp_path: Path) -> Mirror:
    return Mirror(Remote(url=str(team.remote), branch="main"), tmp_path / "data", ENVIRON)


def _revert(mirror: Mirror) -> GitRevert:
    return GitRevert(mirror, RevertSettings(), lambda: datetime.now(UTC))


def _harmful(team: Team, mirror: Mirror) -> Release:
    return find_release(mirror, commit=team.merge(1, {"app.txt": "one\nTWO\nthree\n"}))


# Releases


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
    done = _revert(mirror).roll_back(release)
    assert not done.problem
    assert team.show("app.txt") == "one\ntwo\nthree"


def _rebase_merge(team: Team, number: int, *between: str) -> tuple[str, str]:
    """Merge pull request *number*, two commits, by rebasing; what the branch became: (parent, last commit)."""
    start = team.git("rev-parse", "HEAD")
    team.git("checkout", "-q", "-b", f"pr-{number}")
    picked = [team.commit(f"part {part} of {number}", {f"{part}-{number}": "1"}) for part in ("one", "two")]
    team.git("push", "-q", "origin", f"HEAD:refs/pull/{number}/head")
    team.git("checkout", "-q", "main")
    team.git("reset", "-q", "--hard", start)
    parent = team.commit("meanwhile", {"meanwhile": str(number)})
    for commit in picked:
        team.git("cherry-pick", commit)
        for name in between:
            team.commit(name, {name: commit})
    team.push()
    return parent, team.git("rev-parse", "HEAD")


def test_a_rebase_merge_is_found_by_its_pull_request(team: Team, mirror: Mirror) -> None:
    parent, last = _rebase_merge(team, 21)
    release = find_release(mirror, pull=21)
    assert (release.kind, release.parent, release.commit, release.pulls) == (MergeKind.REBASE, parent, last, (21,))


def test_a_rebase_merge_that_is_not_certain_is_a_clear_error(team: Team, mirror: Mirror) -> None:
    _, last = _rebase_merge(team, 22, "foreign")
    with pytest.raises(ConfigError, match="no merge of #22 on main .*--range A..B"):
        find_release(mirror, pull=22)
    with pytest.raises(ConfigError, match=f"does not say whether it is the whole release.*--range .*{last[:12]} for"):
        find_release(mirror, commit=last)


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


def test_a_remote_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    gone = Mirror(Remote(url=str(tmp_path / "gone.git"), branch="main"), tmp_path / "data", ENVIRON)
    with pytest.raises(RepositoryError, match="unreachable"):
        gone.fetch()


@pytest.mark.parametrize(
    "url", ["https://user:secret@host.example/a/b.git", "http://host.example/a/b.git", "ext::sh -c evil", "--evil"]
)
def test_an_address_that_is_unsafe_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Mirror(Remote(url=url, branch="main"), tmp_path, ENVIRON)
    assert "secret" not in str(caught.value)


def test_the_name_comes_from_the_address(tmp_path: Path) -> None:
    for url, name in (
        ("https://git.example/team/live.git", "team/live"),
        ("git@git.example:team/live.git", "team/live"),
        ("ssh://git@git.example/team/live", "team/live"),
        ("/srv/repos/live.git", "live"),
    ):
        assert Mirror(Remote(url=url, branch="main"), tmp_path, ENVIRON).name == name


def test_files_are_read_and_exported_from_a_commit(team: Team, mirror: Mirror, tmp_path: Path) -> None:
    commit = team.merge(1, {"journeys/a.py": "a = 1\n"})
    mirror.fetch()
    assert mirror.read(commit, "journeys/a.py") == b"a = 1\n"
    assert mirror.read(commit, "nothing") is None
    mirror.export(commit, "journeys", tmp_path / "plan")
    assert (tmp_path / "plan/journeys/a.py").read_text() == "a = 1\n"


# The repository


def test_ancestry_is_known_also_of_commits_that_came_later(team: Team, mirror: Mirror) -> None:
    repository = GitRepository(mirror)
    base = repository.tip()
    commit = team.merge(1, {"app.txt": "2\n"})
    assert repository.contains(commit, base)
    assert not repository.contains(base, commit)
    assert not repository.contains("e" * 40, base)
    assert repository.tip() == commit


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, ""),
        ("", "kill_switch"),
        ("# until Monday\n", "kill_switch"),
        ("#1\n", "opt_out"),
        ("#2\n", ""),
        ("# not this one:\n#2\n", ""),
    ],
)
def test_the_brake_is_a_file_on_the_production_branch(
    team: Team, mirror: Mirror, text: str | None, problem: str
) -> None:
    release = _harmful(team, mirror)
    if text is not None:
        team.commit("brake", {".bakewatch/stop": text})
        team.push()
    brake = GitRepository(mirror).brake(release)
    assert (brake.pulled, brake.problem) == (bool(problem), problem)


def test_the_brake_names_a_commit(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.commit("brake", {".bakewatch/stop": release.commit[:10]})
    team.push()
    assert GitRepository(mirror).brake(release).problem == "opt_out"


def test_a_brake_that_cannot_be_read_is_pulled(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.remote.rename(team.remote.with_name("gone"))
    assert GitRepository(mirror).brake(release).problem == "brake_unreadable"


# The revert


def test_a_merge_is_reverted_once_and_found_again(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    first = _revert(mirror).roll_back(release)
    again = _revert(mirror).roll_back(release)
    assert not first.problem and not first.already
    assert again.already and again.commit == first.commit
    assert team.log()[0] == 'Revert "A change (#1)"'
    assert len(team.log()) == 3
    assert team.show("app.txt") == "one\ntwo\nthree"
    assert GitRepository(mirror).undone_by(release) == first.commit
    assert team.git("branch", "--list", "bakewatch/*", cwd=team.remote) == ""
    assert f"{TRAILER}: {release.bake_id}" in team.git("log", "-1", "--format=%B", "main", cwd=team.remote)


def test_later_changes_of_other_places_survive_the_revert(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.merge(2, {"other.txt": "new\n"})
    assert not _revert(mirror).roll_back(release).problem
    assert (team.show("app.txt"), team.show("other.txt")) == ("one\ntwo\nthree", "new")


def test_a_conflict_is_for_a_person(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.merge(2, {"app.txt": "one\nzwei\nthree\n"})
    before = team.log()
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent) == ("conflict", True)
    assert team.log() == before


def test_a_protected_branch_leaves_the_revert_for_a_person(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.hook("update", '[ "$1" != refs/heads/main ] || exit 1')
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent, done.link) == ("protected", True, branch_of(release))
    assert branch_of(release) in team.git("branch", "--list", cwd=team.remote)
    assert len(team.log()) == 2


def test_a_tip_that_keeps_moving_is_given_up_after_three_times(team: Team, mirror: Mirror, tmp_path: Path) -> None:
    release = _harmful(team, mirror)
    # Whenever the helper branch arrives, somebody else's commit lands on main first.
    tries = tmp_path / "tries"
    team.hook(
        "post-update",
        f'case "$1" in *revert*) echo x >> {tries}; '
        "new=$(date +%s%N | git -c user.name=x -c user.email=x@x.x "
        'commit-tree main^{tree} -p main) && git update-ref refs/heads/main "$new";; esac',
    )
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent) == ("moved", True)
    assert tries.read_text().count("x") == 3
    assert not any(subject.startswith("Revert") for subject in team.log())


def test_a_remote_that_is_gone_for_a_while_is_no_permanent_problem(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.remote.rename(team.remote.with_name("gone"))
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent) == ("unreachable", False)
    team.remote.with_name("gone").rename(team.remote)
    assert not _revert(mirror).roll_back(release).problem


def test_what_was_undone_by_hand_leaves_nothing_to_undo(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.merge(2, {"app.txt": "one\ntwo\nthree\n"})
    assert _revert(mirror).roll_back(release).problem == "nothing_to_undo"


def test_a_branch_that_is_not_ours_is_never_replaced(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    team.git("push", "-q", "origin", f"HEAD:refs/heads/{branch_of(release)}")
    assert _revert(mirror).roll_back(release).problem == "branch_taken"
    assert len(team.log()) == 2


def test_nothing_that_a_repository_brings_is_run(team: Team, mirror: Mirror, tmp_path: Path) -> None:
    """Filters and merge drivers of the repository, and hooks planted into the mirror."""
    planted = tmp_path / "planted"
    evil = f"touch {planted}"
    team.merge(5, {".gitattributes": "* filter=evil merge=evil diff=evil\n"})
    release = _harmful(team, mirror)
    config = mirror.git.folder / "config"
    hooks = mirror.git.folder / "hooks"
    for name in ("pre-push", "reference-transaction", "post-checkout", "pre-receive"):
        (hooks / name).write_text(f"#!/bin/sh\n{evil}\n")
        (hooks / name).chmod(0o755)
    assert "evil" not in config.read_text()
    assert not _revert(mirror).roll_back(release).problem
    assert not planted.exists()


def test_killed_anywhere_and_started_again_there_is_exactly_one_revert(team: Team, mirror: Mirror) -> None:
    release = _harmful(team, mirror)
    code = (
        "import sys, msgspec\nfrom pathlib import Path\nfrom datetime import UTC, datetime\n"
        "from bakewatch.model.release import Release\nfrom bakewatch.ports import Remote\n"
        "from bakewatch.vendors.git.mirror import Mirror\n"
        "from bakewatch.vendors.git.revert import GitRevert, RevertSettings\n"
        "release = msgspec.json.decode(sys.argv[3], type=Release)\n"
        f"mirror = Mirror(Remote(url=sys.argv[1], branch='main'), Path(sys.argv[2]), {ENVIRON!r})\n"
        "print('ready', flush=True)\n"
        "done = GitRevert(mirror, RevertSettings(), lambda: datetime.now(UTC)).roll_back(release)\n"
        "sys.exit(bool(done.problem))\n"
    )
    import msgspec

    argv = [sys.executable, "-c", code, str(team.remote), str(mirror.git.folder.parent)]
    argv.append(msgspec.json.encode(release).decode())
    chance = random.Random(7)
    killed = 0
    for _ in range(15):
        process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.08))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
    subprocess.run(argv, check=True, capture_output=True)
    assert killed > 5
    assert sum(subject.startswith("Revert") for subject in team.log()) == 1
    assert team.show("app.txt") == "one\ntwo\nthree"
