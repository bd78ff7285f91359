"""The private mirror and what it tells about ancestry, on real git remotes."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bakewatch.errors import ConfigError, RepositoryError
from bakewatch.ports import Remote
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import find_release
from bakewatch.vendors.git.repository import GitRepository
from tests.contract.remotes import ENVIRON, Team

pytestmark = pytest.mark.real


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
    assert mirror.read(commit, "./journeys/a.py") == b"a = 1\n"
    with pytest.raises(RepositoryError, match="not_a_file"):
        mirror.read(commit, "journeys")


def _written(team: Team, kind: str, raw: bytes) -> str:
    """An object of the clone as no git of today would write it."""
    words = ["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
    return subprocess.run(words, input=raw, capture_output=True, cwd=team.clone, check=True).stdout.decode().strip()


def _tree(team: Team, entry: bytes, name: str) -> bytes:
    return entry + b"\0" + bytes.fromhex(team.git("rev-parse", name))


@pytest.mark.parametrize(
    "author",
    [
        "A <a@team.example> 1 +051800",
        "A <a@team.example>1 +0000",
        "A <a@team.example> 01 +0000",
        "A <a@team.example> 99999999999999999999 +0000",
        "A<a@team.example> 1 +0000",
        "<a@team.example> 1 +0000",
        "A <a@team.example 1 +0000",
        "A a@team.example 1 +0000",
        "A <a@team.example> x +0000",
    ],
)
def test_what_old_tools_wrote_is_no_hindrance(team: Team, mirror: Mirror, author: str) -> None:
    head = f"tree {team.git('rev-parse', 'HEAD^{tree}')}\nparent {team.git('rev-parse', 'HEAD')}\nauthor {author}\n"
    commit = _written(team, "commit", f"{head}committer A <a@team.example> 1700000000 +0000\n\nold\n".encode())
    team.git("push", "-q", "origin", f"{commit}:main")
    assert mirror.fetch() == commit


@pytest.mark.parametrize("date", ["x +0000", "99999999999999 +0000", "99999999999999999999 +0000"])
def test_a_release_without_a_legible_date_is_a_clear_error(team: Team, mirror: Mirror, date: str) -> None:
    head = f"tree {team.git('rev-parse', 'HEAD^{tree}')}\nparent {team.git('rev-parse', 'HEAD')}\n"
    people = f"author A <a@team.example> 1 +0000\ncommitter A <a@team.example> {date}\n"
    commit = _written(team, "commit", f"{head}{people}\nShow it (#7)\n".encode())
    team.git("push", "-q", "origin", f"{commit}:main")
    with pytest.raises(ConfigError, match="does not say when"):
        find_release(mirror)


def test_old_modes_of_files_are_no_hindrance(team: Team, mirror: Mirror) -> None:
    tree = _written(team, "tree", _tree(team, b"040000 old", "HEAD^{tree}"))
    commit = team.git("commit-tree", tree, "-p", "HEAD", "-m", "old")
    team.git("push", "-q", "origin", f"{commit}:main")
    assert mirror.fetch() == commit


def test_what_may_do_harm_is_refused_by_a_code_of_its_own(team: Team, mirror: Mirror) -> None:
    tree = _written(team, "tree", _tree(team, b"40000 .git", "HEAD^{tree}"))
    commit = team.git("commit-tree", tree, "-p", "HEAD", "-m", "evil")
    team.git("push", "-q", "origin", f"{commit}:main")
    with pytest.raises(RepositoryError, match="bad_objects") as caught:
        mirror.fetch()
    assert not caught.value.permanent


def test_ancestry_is_known_also_of_commits_that_came_later(team: Team, mirror: Mirror) -> None:
    repository = GitRepository(mirror)
    base = repository.tip()
    commit = team.merge(1, {"app.txt": "2\n"})
    assert repository.contains(commit, base)
    assert not repository.contains(base, commit)
    assert not repository.contains("e" * 40, base)
    assert repository.tip() == commit


def test_two_that_begin_at_once_share_one_mirror_and_one_export(team: Team, tmp_path: Path) -> None:
    commit = team.merge(1, {"journeys/a.py": "a = 1\n" * 1000, "journeys/b.py": "b = 1\n"})
    remote = Remote(url=str(team.remote), branch="main")

    def begin(number: int) -> str:
        mirror = Mirror(remote, tmp_path / "data", ENVIRON)
        tip = mirror.fetch()
        mirror.export(commit, "journeys", tmp_path / "plan")
        return tip

    with ThreadPoolExecutor(8) as eight:
        assert set(eight.map(begin, range(8))) == {commit}
    assert sorted(one.name for one in (tmp_path / "plan").iterdir()) == ["journeys"]
    assert (tmp_path / "plan/journeys/a.py").read_text() == "a = 1\n" * 1000
    assert [one.name for one in (tmp_path / "data").iterdir()] == ["mirror.git"]
