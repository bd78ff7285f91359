"""The repository that somebody stands in."""

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
    ],
)
def test_a_token_in_the_remote_is_not_told(tmp_path: Path, url: str, told: str) -> None:
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "remote", "add", "upstream", url)
    assert here(tmp_path, ALONE).remote == told


def test_outside_of_a_repository_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        here(tmp_path, ALONE)
    assert str(error.value) == f"{tmp_path}: no git repository (the folder of one, or `git init`)"
    with pytest.raises(ConfigError, match="no such folder"):
        here(tmp_path / "none", ALONE)
