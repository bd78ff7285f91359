"""The repository that somebody stands in."""

import os
import subprocess
from pathlib import Path

import pytest

from bakewatch.errors import ConfigError
from bakewatch.vendors.git.here import here
from tests.contract.remotes import ENVIRON, Team

pytestmark = pytest.mark.real
ALONE = {**ENVIRON, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": "/"}


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, env=ALONE, check=True, capture_output=True)


def test_a_clone_tells_its_remote_and_the_branch_of_it(team: Team) -> None:
    inside = team.clone / "apps"
    inside.mkdir()
    found = here(inside, ALONE)
    assert (found.root, found.remote, found.branch) == (team.clone.resolve(), str(team.remote), "main")


def test_the_branch_of_the_remote_counts_and_not_the_one_that_is_checked_out(team: Team) -> None:
    team.git("remote", "set-head", "origin", "main")
    team.git("checkout", "-q", "-b", "feature")
    assert here(team.clone, ALONE).branch == "main"


def test_a_repository_without_commits_and_remote_is_one_too(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q", "-b", "trunk")
    found = here(tmp_path, ALONE)
    assert (found.root, found.remote, found.branch) == (tmp_path.resolve(), "", "trunk")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://kim:secret@git.example/a/b.git", "https://git.example/a/b.git"),
        ("https://secret@git.example:8443/a/b.git", "https://git.example:8443/a/b.git"),
        ("git@git.example:a/b.git", "git@git.example:a/b.git"),
        ("ssh://git@git.example/a/b.git", "ssh://git@git.example/a/b.git"),
        ("ssh://git:secret@git.example:22/a/b.git", "ssh://git@git.example:22/a/b.git"),
        ("ftp://kim:secret@git.example/a/b.git", "ftp://git.example/a/b.git"),
        ("HTTPS://kim:se@cret@git.example/a/b.git", "HTTPS://git.example/a/b.git"),
        ("https://kim:secret@[git.example/a/b.git", "https://[git.example/a/b.git"),
        ("helper::https://kim:secret@git.example/a/b.git", "helper::https://git.example/a/b.git"),
        ("kim:secret@git.example:a/b.git", ""),
        ("file:///srv/a@b/c.git", "file:///srv/a@b/c.git"),
        ("../a:b@c.git", "../a:b@c.git"),
    ],
)
def test_a_token_in_the_remote_is_not_told(tmp_path: Path, url: str, told: str) -> None:
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "remote", "add", "upstream", url)
    assert here(tmp_path, ALONE).remote == told


def test_only_a_whole_name_of_a_branch_is_one(team: Team) -> None:
    team.git("checkout", "-q", "-b", "trunk")
    team.git("branch", "-q", "feature/main")
    team.git("branch", "-q", "-D", "main")
    team.git("update-ref", "-d", "refs/remotes/origin/main")
    team.git("tag", "master")
    assert here(team.clone, ALONE).branch == "trunk"
    team.git("branch", "-q", "origin/trunk")
    team.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
    team.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert here(team.clone, ALONE).branch == "trunk"


def test_a_head_on_no_branch_says_nothing(team: Team) -> None:
    team.git("checkout", "-q", "--detach")
    team.git("branch", "-q", "-D", "main")
    team.git("update-ref", "-d", "refs/remotes/origin/main")
    assert here(team.clone, ALONE).branch == "main"


@pytest.mark.parametrize("name", [b"shop ", b"caf\xe9"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    _git(folder, "init", "-q")
    assert here(folder, ALONE).root.samefile(folder)


def test_outside_of_a_repository_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        here(tmp_path, ALONE)
    assert str(error.value) == f"{tmp_path}: no git repository (the folder of one, or `git init`)"
    with pytest.raises(ConfigError, match="no such folder"):
        here(tmp_path / "none", ALONE)
