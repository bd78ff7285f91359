"""The releases, and the repository in which they are merged."""

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from live_event.scenes import SCENES
from live_event.team import EXAMPLE, RELEASES, Change, Edit, Team, change

NAMES = sorted(path.stem for path in RELEASES.glob("*.toml"))


def _released(wanted: Change) -> dict[str, str]:
    """The files that a release touches, as they are afterwards."""
    files = {edit.file: (EXAMPLE / edit.file).read_text() for edit in wanted.all_edits}
    for edit in wanted.all_edits:
        assert edit.find in files[edit.file], f"{edit.file} does not hold {edit.find!r}"
        files[edit.file] = files[edit.file].replace(edit.find, edit.replace)
    return files | {one.file: one.text for one in wanted.adds}


def test_there_is_a_release_that_passes_and_one_that_is_caught() -> None:
    assert {change(name).harmful for name in NAMES} == {False, True}


@pytest.mark.parametrize("name", NAMES)
def test_a_release_fits_the_sources_and_leaves_python_behind(name: str) -> None:
    wanted = change(name)
    assert wanted.title and wanted.kind
    released = _released(wanted)
    assert released
    for file, text in released.items():
        before = EXAMPLE / file
        assert not before.exists() or text != before.read_text()
        if file.endswith(".py"):
            ast.parse(text, file)


@pytest.mark.parametrize("name", NAMES)
def test_a_release_changes_one_place_per_edit(name: str) -> None:
    for edit in change(name).all_edits:
        assert (EXAMPLE / edit.file).read_text().count(edit.find) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_release_says_what_is_expected_of_it(name: str) -> None:
    wanted = change(name)
    assert wanted.harmful or not wanted.undoable
    assert not wanted.undoable or (wanted.expected == ("undone",) and wanted.seen_by)
    assert not (wanted.harmful and "passed" in wanted.expected)
    assert bool(wanted.because) == (wanted.expected not in (("undone",), ("passed",)))
    assert wanted.scene in ("", *SCENES)


def test_the_catalogue_is_wide() -> None:
    told = [change(name) for name in NAMES]
    assert sum(one.harmful for one in told) >= 24 and sum(not one.harmful for one in told) >= 16
    assert len({one.kind for one in told}) == len(told)


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("expected = 'undone'\n", "number"),
        ("number = 1\ntitle = 'A'\nexpected = 'fine'\n", "expected"),
        ("number = 1\ntitle = 'A'\nexpected = 'passed'\nplatform = 'sulks'\n", "platform"),
        ("number = 1\ntitle = 'A'\nexpected = 'passed'\nhope = 'much'\n", "hope"),
    ],
)
def test_a_release_that_does_not_say_what_it_must_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, wrong: str
) -> None:
    (tmp_path / "odd.toml").write_text(told)
    monkeypatch.setattr("live_event.team.RELEASES", tmp_path)
    with pytest.raises(ValidationError, match=wrong):
        change("odd")


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
    edit = Edit(file="src/live_event/api.py", find="nobody wrote this", replace="")
    with pytest.raises(ValueError, match="does not hold"):
        team.merge(wanted.model_copy(update={"edits": (edit,)}))
    assert team.log() == before
