"""The house keeps its own rules: sizes, docstrings, words, exports, and documentation that does not drift."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "bakewatch"
EXAMPLE = ROOT / "examples" / "live_event" / "src"
MODULES = sorted([*SOURCE.rglob("*.py"), *EXAMPLE.rglob("*.py")])

FILE_LINES, FUNCTION_LINES = 320, 45


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module needs a docstring"
    assert len(text.splitlines()) <= FILE_LINES
    for function in _functions(tree):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= FUNCTION_LINES, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_public_is_documented(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} needs a docstring"


def test_only_privacy_makes_clean_text_out_of_raw_text() -> None:
    """`CleanText("…")` elsewhere may only wrap a constant: raw text must pass through the scrubber."""
    for path in SOURCE.rglob("*.py"):
        if "privacy" in path.parts or "testing" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "CleanText":
                assert all(isinstance(one, ast.Constant) for one in node.args), f"{path}:{node.lineno}"


def test_no_bare_except_exception_outside_the_command_line() -> None:
    for path in SOURCE.rglob("*.py"):
        if path.name == "main.py" and path.parent.name == "cli":
            continue
        assert not re.search(r"except (Base)?Exception\b", path.read_text()), path


def test_every_declared_kind_can_be_loaded() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for group, names in declared.items():
        if group.startswith("bakewatch."):
            found = {point.name: point for point in entry_points(group=group)}
            for name in names:
                assert found[name].load().settings


def test_imports_keep_their_direction() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["dev.lock", "action.lock"])
def test_the_lock_is_hashed_and_carries_no_address(name: str) -> None:
    lock = (ROOT / "requirements" / name).read_text()
    assert "://" not in lock
    for block in re.split(r"\n(?=[a-z])", lock.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_holds_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["local"]
    runtime = (ROOT / "requirements" / "runtime.in").read_text().splitlines()
    assert [line for line in runtime if line and not line.startswith("#")] == asked


def test_the_action_installs_what_is_tested() -> None:
    tested, installed = (_pinned(name) for name in ("dev.lock", "action.lock"))
    assert installed < tested and any(one.startswith("hatchling==") for one in installed)


def _pinned(name: str) -> set[str]:
    text = (ROOT / "requirements" / name).read_text()
    return set(re.findall(r"^[a-z0-9][\w.-]*==[^ \\]+", text, re.MULTILINE))


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom bakewatch.cli.main import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "heavy = {'dbos', 'chdb', 'numpy', 'httpx', 'psycopg', 'sqlglot', 'rich', 'msgspec'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
