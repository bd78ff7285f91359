"""The releases, and the repository in which they are merged."""

import ast
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from live_event.scenes import SCENES
from live_event.team import EXAMPLE, RELEASES, Change, Team, change

NAMES = sorted(path.stem for path in RELEASES.glob("*.toml"))


def _released(wanted: Change) -> dict[str, str]:
    """The files that a release touches, as they are afterwards."""
    files = {edit.file: (EXAMPLE / edit.file).read_text() for edit in wanted.edits}
    for edit in wanted.edits:
        assert edit.find in files[edit.file], f"{edit.file} does not hold {edit.find!r}"
        files[edit.file] = files[edit.file].replace(edit.find, edit.replace)
    return files


def test_there_is_a_release_that_passes_and_one_that_is_caught() -> None:
    assert {change(name).harmful for name in NAMES} == {False, True}


@pytest.mark.parametrize("name", NAMES)
def test_a_release_fits_the_sources_and_leaves_python_behind(name: str) -> None:
    wanted = change(name)
    assert wanted.edits and wanted.title
    for file, text in _released(wanted).items():
        assert text != (EXAMPLE / file).read_text()
        ast.parse(text, file)


@pytest.mark.parametrize("name", NAMES)
def test_a_release_changes_one_place_per_edit(name: str) -> None:
    for edit in change(name).edits:
        assert (EXAMPLE / edit.file).read_text().count(edit.find) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_release_says_what_is_expected_of_it(name: str) -> None:
    wanted = change(name)
    assert wanted.expected and set(wanted.expected) <= {"undone", "passed", "not_undone", "inconclusive"}
    assert not wanted.harmful or wanted.expected == ("undone",)
    assert bool(wanted.breaks) == wanted.harmful
    assert not wanted.harmful or wanted.seen_by
    assert wanted.scene in ("", *SCENES)


@pytest.mark.parametrize("name", NAMES)
def test_what_should_see_a_release_is_in_the_plan_and_can_demand_an_undo(name: str) -> None:
    plan = tomllib.loads((EXAMPLE / "bakewatch.toml").read_text())
    demanding = {one for trigger in plan["triggers"] for one in (*trigger.get("all", ()), *trigger.get("any", ()))}
    assert set(change(name).seen_by) <= demanding


def test_releases_have_numbers_of_their_own() -> None:
    assert len({change(name).number for name in NAMES}) == len(NAMES)


def test_the_harmful_release_asks_for_a_column_that_the_table_does_not_have() -> None:
    (text,) = _released(change("registrations_id")).values()
    assert "SELECT registrations.id" in text
    versions = EXAMPLE / "src" / "live_event" / "migrations" / "versions"
    schema = "".join(one.read_text() for one in sorted(versions.glob("*.py")))
    table = schema.partition("CREATE TABLE registrations (")[2].partition(");")[0]
    assert "event_id text" in table
    assert "\n    id " not in table
    assert "ALTER TABLE registrations" not in schema


def test_a_release_that_nobody_wrote_is_not_found() -> None:
    with pytest.raises(FileNotFoundError):
        change("nothing")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A team that has pushed its healthy base."""
    team = Team(tmp_path / "team")
    team.create()
    team.start("# a plan\n")
    return team


def _git(team: Team, *words: str) -> str:
    return subprocess.run(
        ["git", "--git-dir", str(team.remote), *words], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.real
def test_the_base_is_the_example_with_its_plan(team: Team) -> None:
    files = set(_git(team, "ls-tree", "-r", "--name-only", "main").splitlines())
    migrations = "src/live_event/migrations/versions/v0001_tables.py"
    assert {"bakewatch.toml", "src/live_event/app.py", migrations, "journeys/visitor.py"} <= files
    assert not any("__pycache__" in file for file in files)
    assert _git(team, "show", "main:bakewatch.toml") == "# a plan"


@pytest.mark.real
@pytest.mark.parametrize("name", NAMES)
def test_a_release_arrives_as_a_real_merge(team: Team, name: str) -> None:
    base, wanted = team.head(), change(name)
    commit = team.merge(wanted)
    assert _git(team, "rev-parse", "main") == commit == team.head()
    assert _git(team, "log", "-1", "--format=%P", "main").split()[0] == base
    assert len(_git(team, "log", "-1", "--format=%P", "main").split()) == 2
    branch = name.replace("_", "-")
    assert team.log()[0].endswith(f" Merge pull request #{wanted.number} from live-event/{branch}")
    for file, text in _released(wanted).items():
        assert _git(team, "show", f"main:{file}") == text.strip()


@pytest.mark.real
def test_releases_are_merged_one_upon_the_other(team: Team) -> None:
    commits = [team.merge(change(name)) for name in ("harmless", "registrations_id")]
    assert [line.split()[0] for line in team.log()[:-1]] == [commit[:7] for commit in reversed(commits)]


@pytest.mark.real
def test_an_edit_that_does_not_fit_is_not_merged(team: Team) -> None:
    before = team.log()
    wanted = change("harmless")
    with pytest.raises(ValueError, match="does not hold"):
        team.merge(replace(wanted, edits=(replace(wanted.edits[0], find="nobody wrote this"),)))
    assert team.log() == before
