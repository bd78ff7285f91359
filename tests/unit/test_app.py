"""A data directory that nothing can be written to is an error of configuration, and so is a counter that cannot be."""

import subprocess
import sys
from pathlib import Path

import pytest

from bakewatch import app
from bakewatch.config import load
from bakewatch.errors import ConfigError
from bakewatch.vendors.journeys.runner import PytestJourneys

PLAN = """\
data = "{data}"
[service]
name = "x"
[repository]
remote = "/nonexistent"
[platform]
kind = "endpoint"
addresses = ["http://127.0.0.1:9"]
"""


@pytest.mark.parametrize(
    ("data", "limit", "says"),
    [
        ("file/data", "unlimited", "Not a directory"),
        ("/proc/none", "unlimited", "No such file"),
        ("data", "0", "File too large"),
    ],
    ids=["below a file", "not writable", "full"],
)
def test_a_data_directory_that_cannot_be_written_to(tmp_path: Path, data: str, limit: str, says: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "bakewatch.toml").write_text(PLAN.format(data=data))
    command = f"ulimit -f {limit}; exec {Path(sys.executable).with_name('bakewatch')} verify"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert (done.stderr.count("\n"), says in done.stderr) == (1, True)
    assert "bakewatch.toml: data: cannot be written to" in done.stderr


COUNTER = """
[counter]
kind = "supabase"
project = "abcdefghijklmnopqrst"
"""


def _written(folder: Path, more: str) -> Path:
    path = folder / "bakewatch.toml"
    path.write_text(PLAN.format(data="data") + more)
    return path


def test_who_counts_for_journeys_is_handed_to_who_walks_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_ACCESS_TOKEN", "sbp_x")
    path = _written(tmp_path, COUNTER)
    journeys = app.without_release(*load(path), tmp_path / "data", path).journeys
    assert isinstance(journeys, PytestJourneys) and journeys.counter is not None
    path = _written(tmp_path, "")
    journeys = app.without_release(*load(path), tmp_path / "data", path).journeys
    assert isinstance(journeys, PytestJourneys) and journeys.counter is None


@pytest.mark.parametrize(
    ("more", "token", "says"),
    [
        (COUNTER, "", "bakewatch.toml: counter: the environment variable SUPABASE_ACCESS_TOKEN is not set"),
        (COUNTER.replace("supabase", "x"), "sbp_x", "bakewatch.toml: counter: no counter of kind `x`"),
        (COUNTER.replace("pqrst", ""), "sbp_x", "bakewatch.toml: counter.project"),
        (
            COUNTER + '[walker]\nkind = "pytest"\ndb_env = "URL"\n',
            "sbp_x",
            "bakewatch.toml: walker: journeys would count",
        ),
    ],
)
def test_a_counter_that_cannot_be_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, token: str, says: str
) -> None:
    monkeypatch.setenv("SUPABASE_ACCESS_TOKEN", token)
    monkeypatch.setenv("URL", "postgresql://x")
    path = _written(tmp_path, more)
    with pytest.raises(ConfigError) as caught:
        app.check(*load(path), tmp_path / "data", path, online=False)
    assert says in str(caught.value)
