"""Documentation that drifts fails the build."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]  # no stubs are locked for two readers in the tests

from bakewatch.cli.main import _HELP as HELP
from bakewatch.cli.main import BUG, DISK, UNFINISHED, USAGE
from bakewatch.config import RepositorySettings, ServeSettings, Settings, load
from bakewatch.model import plan as nouns
from bakewatch.model.verdict import Ending

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
REFERENCE = (ROOT / "docs" / "plan.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_plan_in_the_readme_is_a_plan(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "bakewatch.toml"
    path.write_text(block)
    settings, plan = load(path)
    assert (settings.platform["kind"], [one.name for one in plan.checks]) == ("endpoint", ["server-errors"])


def test_every_command_stands_in_the_readme() -> None:
    table = README[README.index("| command |") : README.index("| exit code |")]
    assert {name for name in HELP if not re.search(rf"`{name}\b", table)} == set()


def test_the_exit_codes_of_the_readme_are_those_of_the_endings() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert told == {ending.exit_code for ending in Ending} | {USAGE, BUG, DISK, UNFINISHED}


@pytest.mark.parametrize(
    "kind",
    [
        Settings,
        RepositorySettings,
        ServeSettings,
        nouns.Plan,
        nouns.Service,
        nouns.Confirm,
        nouns.Bake,
        nouns.Undo,
        nouns.Stream,
        nouns.Check,
        nouns.Criterion,
        nouns.Persona,
        nouns.Journey,
        nouns.Policy,
        nouns.Trigger,
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_key_of_the_file_stands_in_its_reference(kind: type[Any]) -> None:
    missing = [one.name for one in msgspec.structs.fields(kind) if not re.search(rf"[`.\[]{one.name}\b", REFERENCE)]
    assert not missing


def test_the_defaults_of_the_reference_are_those_of_the_plan() -> None:
    for name, kind in (("confirm", nouns.Confirm), ("bake", nouns.Bake)):
        section = REFERENCE[REFERENCE.index(f"### `[{name}]`") :].split("\n### ")[0]
        for one in msgspec.structs.fields(kind):
            row = next(line for line in section.splitlines() if line.startswith(f"| `{one.name}`"))
            assert row.split("|")[-2].strip().strip("`") == str(one.default)


def test_the_workflows_of_the_action_use_what_it_has() -> None:
    page, action = (ROOT / "docs" / "action.md").read_text(), yaml.safe_load((ROOT / "action.yml").read_text())
    for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        (job,) = yaml.safe_load(block)["jobs"].values()
        (used,) = [one for one in job["steps"] if one.get("uses", "").startswith("OWNER/bakewatch@")]
        assert set(used["with"]) <= set(action["inputs"])
        assert not job["concurrency"]["cancel-in-progress"]
        assert set(re.findall(r"steps\.bake\.outputs\.([\w-]+)", block)) <= set(action["outputs"])
    for name, one in action["inputs"].items():
        (row,) = re.findall(rf"^\| `{name}` \|.*\| (.*) \|$", page, re.MULTILINE)
        told = str(one["default"])
        assert not told or "${{" in told or row == f"`{told}`", name
    assert all(re.search(rf"^\|.*`{name}`.*\|", page, re.MULTILINE) for name in action["outputs"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert "://" in target or (page.parent / target).exists(), target
