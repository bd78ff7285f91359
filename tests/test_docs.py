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
from bakewatch.packs import Pack, Use, names, read

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
REFERENCE = (ROOT / "docs" / "plan.md").read_text()
PACKS = (ROOT / "docs" / "packs.md").read_text()
EXAMPLE = ROOT / "examples" / "live_event"
TOP = [ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")]
PAGES = [*TOP, EXAMPLE / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_plan_in_the_readme_is_a_plan_and_stays_one_with_what_is_added_to_it(tmp_path: Path) -> None:
    whole, *parts = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "bakewatch.toml"
    for added in ("", *parts):
        path.write_text(f"{whole}\n{added}")
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
        Use,
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


@pytest.mark.parametrize("block", re.findall(r"```toml\n(.*?)```", PACKS, re.DOTALL))
def test_what_is_shown_of_packs_belongs_into_a_plan(block: str, tmp_path: Path) -> None:
    path, source = tmp_path / "bakewatch.toml", '[sources.logs]\nkind = "chdb"\nfiles = ["x"]\n'
    base = '[service]\nname = "x"\n[repository]\nremote = "x"\n[platform]\nkind = "endpoint"\n'
    path.write_text(base + ("" if "[sources.logs]" in block else source) + block)
    assert load(path)[1].checks


@pytest.mark.parametrize("name", names())
def test_every_check_of_a_pack_is_told_as_it_is(name: str) -> None:
    """In the pack's order: stream, rule, and what it may do; then each trigger."""
    section = PACKS[PACKS.index(f"## `{name}`") :].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]
    pack = read(name)
    told = [(row[0], row[1], row[2], row[5]) for row in rows if len(row) == 6]
    assert told == [(f"`{one.name}`", f"`{one.stream}`", f"`{one.rule}`", _may(pack, one)) for one in pack.checks]
    assert all(row[3] and row[4] for row in rows if len(row) == 6)
    assert [row[0] for row in rows if len(row) == 2] == [f"`{one.name}`" for one in pack.triggers]


def _may(pack: Pack, check: nouns.Check) -> str:
    """What *check* may do: keep a release from passing, or carry a trigger; else it only informs."""
    carried = ", ".join(f"`{one.name}`" for one in pack.triggers if f"check:{check.name}" in one.names)
    return "; ".join(part for part in ("pass" if check.required else "", carried) if part) or "informs"


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


def test_what_the_guide_to_journeys_shows_stands_in_the_example() -> None:
    shown = re.findall(r"```python\n# (\S+)\n(.*?)```", (ROOT / "docs" / "journeys.md").read_text(), re.DOTALL)
    assert len(shown) >= 5
    for file, text in shown:
        assert text in (ROOT / file).read_text(), f"{file} does not hold what the guide shows of it"


def test_the_release_in_the_readme_of_the_example_is_one_of_its_releases() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    assert shown.strip() in (EXAMPLE / "releases" / "browser_only.toml").read_text()
