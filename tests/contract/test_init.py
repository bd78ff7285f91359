"""`init` in real repositories: what it writes is a plan that passes `check`, and nothing is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.loopback import serving
from tests.contract.remotes import _ENVIRON as GIT
from tests.contract.remotes import Team

pytestmark = pytest.mark.real
REF = "abcdefghijklmnopqrst"
TOKENS = {
    name: "x" * 40 for name in ("GITHUB_TOKEN", "VERCEL_TOKEN", "SUPABASE_ACCESS_TOKEN", "SUPABASE_PUBLISHABLE_KEY")
}
WEB = {
    "package.json": json.dumps({"dependencies": {"next": "16.0.0", "@supabase/supabase-js": "2"}}),
    "app/page.tsx": "export default () => null;\n",
    ".vercel/project.json": json.dumps({"projectId": "prj_live", "orgId": "team_live"}),
    "supabase/config.toml": 'project_id = "live"\n',
    "supabase/.temp/project-ref": REF,
}


def bakewatch(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command in *folder*, without a terminal and without anybody's tokens."""
    command = [sys.executable, "-c", "from bakewatch.cli.main import main; main()", *words]
    bare = {name: value for name, value in os.environ.items() if name not in TOKENS}
    return subprocess.run(
        command, cwd=folder, env={**bare, **GIT, **environ}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def _repository(folder: Path, files: dict[str, str], remote: str = "") -> Path:
    root = folder / "shop"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    root.mkdir(exist_ok=True)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, env=GIT, check=True)
    if remote:
        subprocess.run(["git", "remote", "add", "origin", remote], cwd=root, env=GIT, check=True)
    return root


def test_an_empty_repository_gets_a_plan_that_passes_check_at_once(tmp_path: Path) -> None:
    root = _repository(tmp_path, {})
    done = bakewatch(root, "init")
    assert (done.returncode, done.stderr) == (0, "")
    assert (root / "journeys" / "front_page.py").is_file()
    assert "found: nothing but the repository" in done.stdout
    assert [
        line.split(": ")[2].partition(",")[0] for line in done.stdout.splitlines() if line.startswith("fill in")
    ] == [
        "remote",
        "addresses",
    ]
    checked = bakewatch(root, "check", "--offline")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "bakewatch.toml: 0 checks on 0 streams, 1 journeys, 1 triggers, undo ask: ok\n"


def test_a_next_app_on_vercel_and_supabase_gets_all_of_it(tmp_path: Path) -> None:
    root = _repository(tmp_path, WEB, "git@github.com:acme/shop.git")
    done = bakewatch(root, "init", "--address", "https://shop.example/", VERCEL_TOKEN="x")
    assert f"found: GitHub acme/shop, Vercel prj_live, Supabase {REF}, Next.js (app router)" in done.stdout
    assert "fill in" not in done.stdout and "docs/action.md" in done.stdout
    assert [line.split(":")[0].strip() for line in done.stdout.splitlines() if line.startswith("  [")] == [
        "[ ] GITHUB_TOKEN",
        "[x] VERCEL_TOKEN",
        "[ ] SUPABASE_ACCESS_TOKEN",
        "[ ] SUPABASE_PUBLISHABLE_KEY",
    ]
    checked = bakewatch(root, "check", "--offline", **TOKENS)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "streams, 1 journeys" in checked.stdout and not checked.stdout.startswith("bakewatch.toml: 0 checks")
    lacking = bakewatch(root, "check", "--offline", **{**TOKENS, "VERCEL_TOKEN": ""})
    assert lacking.returncode == 2
    assert "the environment variable VERCEL_TOKEN is not set" in lacking.stderr


def test_the_repository_of_the_example_gets_a_plan_that_passes_check_and_doctor(team: Team) -> None:
    example = Path(__file__).parents[2] / "examples" / "live_event"
    files = [example / "bakewatch.toml", *(example / "journeys").glob("*.py")]
    commit = team.commit("the example", {str(path.relative_to(example)): path.read_text() for path in files})
    team.push()
    with serving(lambda asked: (200, {}, json.dumps({"commit": commit}).encode())) as production:
        assert bakewatch(team.clone, "init", "--address", production.url).returncode == 2
        assert bakewatch(team.clone, "init", "--address", production.url, "--force").returncode == 0
        assert bakewatch(team.clone, "check").returncode == 0
        done = bakewatch(team.clone, "doctor")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all that is needed is there")
    assert f"serves {commit[:7]}" in done.stdout and "front_page.py can be loaded" in done.stdout


def test_a_plan_that_is_there_is_only_written_over_by_force(tmp_path: Path) -> None:
    root = _repository(tmp_path, {"bakewatch.toml": "mine\n", "journeys/front_page.py": "mine = True\n"})
    done = bakewatch(root, "init")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.endswith("it is there already (--force writes over it, --print only shows)\n")
    assert (root / "bakewatch.toml").read_text() == "mine\n"
    assert bakewatch(root, "init", "--force").returncode == 0
    assert "[platform]" in (root / "bakewatch.toml").read_text()
    assert (root / "journeys" / "front_page.py").read_text() == "mine = True\n"


def test_it_only_prints_when_told_so(tmp_path: Path) -> None:
    root = _repository(tmp_path, {"bakewatch.toml": "mine\n"})
    done = bakewatch(root, "init", "--print")
    assert (done.returncode, done.stdout.startswith("# What bakewatch looks at")) == (0, True)
    assert sorted(path.name for path in root.iterdir()) == [".git", "bakewatch.toml"]


def test_from_a_folder_below_it_is_written_at_the_root_and_elsewhere_when_told_so(tmp_path: Path) -> None:
    root = _repository(tmp_path, {f"apps/web/{name}": text for name, text in WEB.items()})
    assert bakewatch(root / "apps", "init").returncode == 0
    assert "# With Next.js (app router), in apps/web/app/version/route.ts:" in (root / "bakewatch.toml").read_text()
    assert bakewatch(root / "apps", "init", "--config", "web/watch.toml").returncode == 0
    assert 'plan = "apps/web/watch.toml"' in (root / "apps" / "web" / "watch.toml").read_text()
    assert (root / "apps" / "web" / "journeys" / "front_page.py").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--address", "http://shop.example"), "--address: `http://shop.example` is not https"),
        (("--address", "https://a:b@shop.example"), "--address: the address carries credentials"),
        (("--config", "none/there/bakewatch.toml"), "no such folder"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    root = _repository(tmp_path, {})
    done = bakewatch(root, "init", *words)
    assert (done.returncode, done.stderr.count("\n"), says in done.stderr) == (2, 1, True)
    assert not (root / "bakewatch.toml").exists()


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    root = _repository(tmp_path, {"journeys/other.py": ""})
    (root / "bakewatch.toml").symlink_to(tmp_path / "elsewhere.toml")
    assert "it is there already" in bakewatch(root, "init").stderr
    (root / "bakewatch.toml").unlink()
    (root / "journeys" / "front_page.py").symlink_to(tmp_path / "elsewhere.py")
    assert bakewatch(root, "init").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop"]


def test_neither_a_terminal_nor_its_language_nor_the_name_of_a_folder_is_needed(tmp_path: Path) -> None:
    root = _repository(tmp_path, WEB).rename(tmp_path / os.fsdecode(b"caf\xe9\n[x]"))
    command = f'{sys.executable} -c "from bakewatch.cli.main import main; main()" init <&-'
    latin = {"LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1:strict"}
    done = subprocess.run(["sh", "-c", command], cwd=root, env={**os.environ, **GIT, **latin}, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert 'name = "caf\\uFFFD\\U0000000A[x]"' in (root / "bakewatch.toml").read_text(encoding="utf-8")


def test_outside_of_a_repository_nothing_is_written(tmp_path: Path) -> None:
    done = bakewatch(tmp_path, "init")
    assert (done.returncode, "no git repository" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_token_in_the_remote_goes_nowhere(tmp_path: Path) -> None:
    root = _repository(tmp_path, {}, "https://kim:ghp_SECRET@github.com/acme/shop.git")
    done = bakewatch(root, "init")
    assert "SECRET" not in done.stdout + (root / "bakewatch.toml").read_text()
    assert 'remote = "https://github.com/acme/shop.git"' in (root / "bakewatch.toml").read_text()
