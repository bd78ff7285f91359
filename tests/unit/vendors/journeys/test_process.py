"""The allow-listed environment of a walk, and what must not be left of it."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from bakewatch.vendors.journeys.process import environment, run

PR_GET_DUMPABLE = 3

PLANTED = {"GITHUB_TOKEN": "x", "VERCEL_TOKEN": "x", "SUPABASE_ACCESS_TOKEN": "x", "HTTPS_PROXY": "http://u:p@x"}


def test_nothing_is_inherited_but_what_is_named() -> None:
    inherited = {"PATH": "/bin", "PYTHONPATH": "/lib", "HOME": "/home/kim", "ADMIN_PASSWORD": "secret"} | PLANTED
    seen = environment(inherited, Path("/tmp/walk"), ["ADMIN_PASSWORD", "NOT_SET", ""])
    assert (seen["PATH"], seen["PYTHONPATH"], seen["HOME"], seen["ADMIN_PASSWORD"]) == (
        "/bin",
        "/lib",
        "/tmp/walk",
        "secret",
    )
    assert not PLANTED.keys() & seen.keys()
    assert "NOT_SET" not in seen and "" not in seen


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_before_anything_runs_our_own_environment_is_shut(tmp_path: Path) -> None:
    run([sys.executable, "-c", ""], {"MARK": str(tmp_path)}, tmp_path, 10, mark="MARK")
    assert ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_nothing_with_the_mark_is_left_and_nothing_without_it_is_touched(tmp_path: Path) -> None:
    sleep = (
        "import subprocess\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "open('pid', 'w').write(str(child.pid))\n"
    )
    with subprocess.Popen(["sleep", "60"], env={"MARK": f"{tmp_path}/other", "OTHER": f"MARK={tmp_path}"}) as bystander:
        ended = run([sys.executable, "-c", sleep], {"MARK": str(tmp_path)}, tmp_path, 10, mark="MARK")
        assert (ended.code, ended.late, bystander.poll()) == (0, False, None)
        bystander.kill()
    status = Path("/proc", (tmp_path / "pid").read_text(), "stat")
    assert not status.exists() or status.read_text().split()[2] == "Z"
