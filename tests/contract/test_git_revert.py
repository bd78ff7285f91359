"""The revert, on real git remotes."""

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from bakewatch.model.release import TRAILER, Release
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release
from bakewatch.vendors.git.repository import GitRepository
from bakewatch.vendors.git.revert import GitRevert, RevertSettings, branch_of
from tests.contract.remotes import ENVIRON, Team

pytestmark = pytest.mark.real


def _revert(mirror: Mirror) -> GitRevert:
    return GitRevert(mirror, RevertSettings(), lambda: datetime.now(UTC))


def test_a_merge_is_reverted_once_and_found_again(team: Team, mirror: Mirror, release: Release) -> None:
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


def test_later_changes_of_other_places_survive_the_revert(team: Team, mirror: Mirror, release: Release) -> None:
    team.merge(2, {"other.txt": "new\n"})
    assert not _revert(mirror).roll_back(release).problem
    assert (team.show("app.txt"), team.show("other.txt")) == ("one\ntwo\nthree", "new")


def test_a_conflict_is_for_a_person(team: Team, mirror: Mirror, release: Release) -> None:
    team.merge(2, {"app.txt": "one\nzwei\nthree\n"})
    before = team.log()
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent) == ("conflict", True)
    assert team.log() == before


def test_a_protected_branch_leaves_the_revert_for_a_person(team: Team, mirror: Mirror, release: Release) -> None:
    team.hook("update", '[ "$1" != refs/heads/main ] || exit 1')
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent, done.link) == ("protected", True, branch_of(release))
    assert branch_of(release) in team.git("branch", "--list", cwd=team.remote)
    assert len(team.log()) == 2


def test_a_tip_that_keeps_moving_is_given_up_after_three_times(
    team: Team, mirror: Mirror, release: Release, tmp_path: Path
) -> None:
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


def test_a_remote_that_is_gone_for_a_while_is_no_permanent_problem(
    team: Team, mirror: Mirror, release: Release
) -> None:
    team.remote.rename(team.remote.with_name("gone"))
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent) == ("unreachable", False)
    team.remote.with_name("gone").rename(team.remote)
    assert not _revert(mirror).roll_back(release).problem


def test_what_was_undone_by_hand_leaves_nothing_to_undo(team: Team, mirror: Mirror, release: Release) -> None:
    team.merge(2, {"app.txt": "one\ntwo\nthree\n"})
    assert _revert(mirror).roll_back(release).problem == "nothing_to_undo"


def test_a_branch_that_is_not_ours_is_never_replaced(team: Team, mirror: Mirror, release: Release) -> None:
    team.git("push", "-q", "origin", f"HEAD:refs/heads/{branch_of(release)}")
    assert _revert(mirror).roll_back(release).problem == "branch_taken"
    assert len(team.log()) == 2


def test_nothing_that_a_repository_brings_is_run(team: Team, mirror: Mirror, release: Release, tmp_path: Path) -> None:
    """Filters and merge drivers of the repository, and hooks planted into the mirror."""
    planted = tmp_path / "planted"
    evil = f"touch {planted}"
    team.merge(5, {".gitattributes": "* filter=evil merge=evil diff=evil\n"})
    config = mirror.git.folder / "config"
    hooks = mirror.git.folder / "hooks"
    for name in ("pre-push", "reference-transaction", "post-checkout", "pre-receive"):
        (hooks / name).write_text(f"#!/bin/sh\n{evil}\n")
        (hooks / name).chmod(0o755)
    assert "evil" not in config.read_text()
    assert not _revert(mirror).roll_back(release).problem
    assert not planted.exists()


def test_killed_anywhere_and_started_again_there_is_exactly_one_revert(
    team: Team, mirror: Mirror, release: Release
) -> None:
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


def test_a_stretch_of_several_commits_is_reverted_as_one(team: Team, mirror: Mirror) -> None:
    base = team.git("rev-parse", "HEAD")
    team.commit("one", {"a": "1"})
    last = team.commit("two", {"app.txt": "2\n"})
    team.push()
    assert not _revert(mirror).roll_back(find_release(mirror, range_=f"{base}..{last}")).problem
    assert team.show("app.txt") == "one\ntwo\nthree"
    assert "a" not in team.git("ls-tree", "--name-only", "main", cwd=team.remote).splitlines()


def test_what_was_taken_off_the_branch_is_not_brought_back(team: Team, mirror: Mirror, release: Release) -> None:
    team.commit("older than the release is gone too", {"a": "1"})
    team.push()
    team.git("push", "-q", "-f", "origin", f"{release.commit}^:main")
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent) == ("not_on_branch", True)
    assert team.log() == ["base"]


def test_what_is_taken_off_the_branch_meanwhile_is_not_brought_back(
    team: Team, mirror: Mirror, release: Release
) -> None:
    # When the helper branch arrives, a person has just set main back: the revert would fast-forward it again.
    team.hook("post-update", f'case "$1" in *revert*) git update-ref refs/heads/main {release.parent};; esac')
    done = _revert(mirror).roll_back(release)
    assert (done.problem, done.permanent) == ("not_on_branch", True)
    assert team.log() == ["base"]


@pytest.mark.parametrize(
    ("reason", "told", "problem"),
    [
        ("protected branch hook declined", "", "protected"),
        ("pre-receive hook declined", "GitLab: You are not allowed to push code to protected branches", "protected"),
        ("push declined due to repository rule violations", "error: GH013: Repository rule violations", "protected"),
        ("Internal Server Error", "", "push_failed"),
        ("unpacker error", "fatal: write error: No space left on device", "no_space"),
        ("failed", "", "push_failed"),
    ],
)
def test_only_a_refusal_is_a_protected_branch(
    team: Team, mirror: Mirror, release: Release, tmp_path: Path, reason: str, told: str, problem: str
) -> None:
    """A provider's trouble passes: git as it tells of one, in front of the real one."""
    refusing = tmp_path / "bin" / "git"
    refusing.parent.mkdir()
    refusing.write_text(
        f"""#!/bin/sh
case " $* " in *" push "*":refs/heads/main "*)
  echo 'remote: {told}' >&2; printf '!\ta:refs/heads/main\t[remote rejected] ({reason})\nDone\n'; exit 1;;
esac
PATH={ENVIRON["PATH"]} exec git "$@"
"""
    )
    refusing.chmod(0o755)
    environ = {"PATH": f"{refusing.parent}:{ENVIRON['PATH']}"}
    done = _revert(Mirror(mirror.remote, mirror.git.folder.parent, environ)).roll_back(release)
    protected = problem == "protected"
    assert (done.problem, done.permanent, bool(done.link)) == (problem, protected, protected)
    assert not _revert(mirror).roll_back(release).problem


def test_a_release_stays_until_we_or_a_person_revert_it(team: Team, mirror: Mirror, release: Release) -> None:
    repository = GitRepository(mirror)
    assert repository.stayed(release)
    assert not repository.stayed(structs.replace(release, commit="f" * 40))
    _revert(mirror).roll_back(release)
    assert not repository.stayed(release)


def test_a_release_that_a_person_reverted_by_git_did_not_stay(team: Team, mirror: Mirror, release: Release) -> None:
    team.pull()
    team.git("revert", "--no-edit", "-m", "1", release.commit)
    team.push()
    assert not GitRepository(mirror).stayed(release)


def test_a_revert_that_git_words_as_a_reference_counts_too(team: Team, mirror: Mirror, release: Release) -> None:
    team.pull()
    team.git("revert", "--no-edit", "--reference", "-m", "1", release.commit)
    team.push()
    assert not GitRepository(mirror).stayed(release)
