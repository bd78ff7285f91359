"""The allow-listed environment of a walk."""

from pathlib import Path

from bakewatch.vendors.journeys.process import environment

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
