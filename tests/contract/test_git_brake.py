"""The kill switch on the production branch, on real git remotes."""

import subprocess

import pytest

from bakewatch.model.release import Release
from bakewatch.model.rollback import Brake
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.repository import GitRepository
from tests.contract.remotes import Team

pytestmark = pytest.mark.real


def _brake(team: Team, mirror: Mirror, release: Release, text: str) -> tuple[bool, str]:
    """What the brake says when a maintainer has pushed *text* as the kill switch; SHA stands for the release."""
    for word, commit in (("SHA", release.commit), ("sha8", release.commit[:8]), ("OTHER", release.parent)):
        text = text.replace(word, commit)
    team.commit("brake", {".bakewatch/stop": text})
    team.push()
    brake = GitRepository(mirror).brake(release)
    return brake.pulled, brake.problem


def test_without_the_file_the_brake_is_off(team: Team, mirror: Mirror, release: Release) -> None:
    team.commit("beside it", {".bakewatch/stopped": "", "stop": ""})
    team.push()
    assert not GitRepository(mirror).brake(release).pulled


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# until Monday\n",
        "#\n",
        "stop\n",
        "no rollbacks today please\n",
        "PR #1\n",
        "pull/2",
        "https://git.example/team/live/pull/2\n",
        "1\n",
        "2\n",
        "#2 and the rest\n",
        "#2,#3\n",
        "#02\n",
        "#\uff12\n",
        "#everything\n",
        "#2\nstop\n",
        "OTHER0\n",
        "abc12\n",
        "@OTHER\n",
        "\ufeff#2\n",
    ],
)
def test_what_is_not_understood_stops_everything(team: Team, mirror: Mirror, release: Release, text: str) -> None:
    assert _brake(team, mirror, release, text) == (True, "kill_switch")


@pytest.mark.parametrize(
    "text", ["#1\n", "  #1  # it is slow\r\n", "#2\n\n#1", "SHA", "sha8\n", "live@SHA", "live@sha8", "old/name@SHA"]
)
def test_an_entry_that_names_the_release_stops_it(team: Team, mirror: Mirror, release: Release, text: str) -> None:
    assert _brake(team, mirror, release, text) == (True, "opt_out")


def test_a_commit_may_be_written_in_capitals(team: Team, mirror: Mirror, release: Release) -> None:
    assert _brake(team, mirror, release, release.commit.upper()) == (True, "opt_out")
    assert _brake(team, mirror, release, f"Live@{release.commit[:9].upper()}") == (True, "opt_out")


@pytest.mark.parametrize("text", ["#2\n", "# not this one:\n#2\n", "#11", "OTHER", "live@OTHER # an old one\n"])
def test_an_entry_that_names_another_release_stops_only_that(
    team: Team, mirror: Mirror, release: Release, text: str
) -> None:
    assert _brake(team, mirror, release, text) == (False, "")


def test_a_brake_that_cannot_be_fetched_is_pulled(team: Team, mirror: Mirror, release: Release) -> None:
    team.remote.rename(team.remote.with_name("gone"))
    assert GitRepository(mirror).brake(release).problem == "brake_unreadable"


@pytest.mark.parametrize("kind", ["folder", "symlink", "submodule", "symlink above", "submodule above", "file above"])
def test_what_is_there_but_no_file_is_pulled(team: Team, mirror: Mirror, release: Release, kind: str) -> None:
    path = team.clone / (".bakewatch" if kind.endswith("above") else ".bakewatch/stop")
    path.parent.mkdir(exist_ok=True)
    if kind == "folder":
        path.mkdir()
        (path / "README").write_text("#2")
        team.git("add", "-A")
    elif kind.startswith("submodule"):
        name = str(path.relative_to(team.clone))
        team.git("update-index", "--add", "--cacheinfo", f"160000,{release.parent},{name}")
    else:
        path.write_text("#2") if kind == "file above" else path.symlink_to("app.txt")
        team.git("add", "-A")
    team.git("commit", "-q", "-m", kind)
    team.push()
    brake = GitRepository(mirror).brake(release)
    assert (brake.pulled, brake.problem) == (True, "brake_unreadable")


def test_a_brake_of_which_the_mirror_lost_the_words_is_pulled(team: Team, mirror: Mirror, release: Release) -> None:
    team.commit("brake", {".bakewatch/stop": "#2"})
    team.push()
    tip = mirror.fetch()
    blob = mirror.git.tell("rev-parse", f"{tip}:.bakewatch/stop")
    for pack in list((mirror.git.folder / "objects/pack").glob("*.pack")):
        kept = mirror.git.folder.parent / pack.name
        pack.rename(kept)
        pack.with_suffix(".idx").unlink()
        with kept.open("rb") as stream:
            subprocess.run(["git", "--git-dir", mirror.git.folder, "unpack-objects", "-q"], stdin=stream, check=True)
    (mirror.git.folder / "objects" / blob[:2] / blob[2:]).unlink()
    assert GitRepository(mirror).brake(release) == Brake(pulled=True, problem="brake_unreadable")
