"""A data directory that nothing can be written to is an error of configuration."""

import subprocess
import sys
from pathlib import Path

import pytest

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
