"""`doctor` against the stand-ins: a line for everything, the exact scope for what is missing, and nothing changed."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bakewatch.app.doctor import Surgery, examine, surgery
from bakewatch.config import load
from bakewatch.model.probe import Finding, Grade
from bakewatch.testing.github import GitHub
from bakewatch.testing.vercel import Platform, StandIn
from tests.contract import openapi_github
from tests.contract.loopback import Asked, Loopback, serving
from tests.contract.openapi import FOLDER
from tests.contract.remotes import Team

pytestmark = pytest.mark.real
TOKENS = {"GITHUB_TOKEN": "ghp_0123456789SECRET", "VERCEL_TOKEN": "vercel0123456789SECRET"}
PLAN = """\
[service]
name = "live"
[personas.visitor]
[[journeys]]
name = "front"
persona = "visitor"
file = "journeys/front.py"
[repository]
remote = "{remote}"
name = "team/live"
[platform]
kind = "endpoint"
addresses = ["{production}"]
[hosting]
kind = "vercel"
project = "prj_live"
team = "team_live"
api = "{vercel}"
[forge]
kind = "github"
api = "{github}"
publish = ["comment", "status", "check"]
"""
JOURNEY = "def test_front(api, expect):\n    expect(api.get('/').status_code == 200, 'it opens')\n"


class Surroundings:
    """A production on stand-ins, with everything right. Change a part to set a scene."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.team = folder, Team(folder).start()
        self.serves = self.team.commit("journeys", {"journeys/front.py": JOURNEY})
        self.team.push()
        self.platform = Platform(lambda: datetime.now(UTC))
        self.vercel = StandIn(self.platform, token=TOKENS["VERCEL_TOKEN"])
        self.github = GitHub(self.team.remote)
        self.github.admit(TOKENS["GITHUB_TOKEN"], "bakewatch", "write")
        self.production: Loopback | None = None
        self.config = self.team.clone / "bakewatch.toml"

    def version(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        if not asked.path.startswith("/version"):
            return 404, {}, b""
        return 200, {}, msgspec.json.encode({"commit": self.serves})

    def write(self, *changes: tuple[str, str]) -> None:
        """Write the plan, with *changes* to its text."""
        assert self.production is not None
        addresses = {"production": self.production.url, "vercel": self.vercel.url, "github": self.github.url}
        text = PLAN.format(remote=self.team.remote, **addresses)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.config.write_text(text)

    def examine(self, **more: object) -> dict[str, Finding]:
        """Everything that is found, by `table name`."""
        settings, plan = load(self.config)
        one: Surgery = surgery(settings, plan, self.folder / "data", self.config, **more)
        return {f"{found.about} {found.name}": found for found in examine(one)}


@pytest.fixture
def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Surroundings]:
    for name, value in TOKENS.items():
        monkeypatch.setenv(name, value)
    one = Surroundings(tmp_path)
    with one.vercel, one.github, serving(one.version) as production:
        one.production = production
        one.platform.domains = {production.url.removeprefix("http://"): ""}
        for commit in (one.team.git("rev-parse", "HEAD^"), one.serves):
            one.platform.times = type(one.platform.times)(0, 0, 0, 0, 0)
            one.platform.push(commit)
            one.platform.settle()
        one.write()
        yield one
    if FOLDER in os.environ:
        openapi_github.check(one.github.exchanges)


def _state(around: Surroundings) -> object:
    """All that a doctor must leave as it is."""
    moved = [one for one in around.vercel.asked if one.method != "GET"]
    asked = [one.asked for one in around.github.exchanges if one.asked.method != "GET"]
    refs = around.team.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=around.team.remote)
    return moved, asked, refs


def test_where_all_is_right_everything_is_said_to_be_there_and_nothing_is_changed(around: Surroundings) -> None:
    before = _state(around)
    found = around.examine()
    assert [name for name, one in found.items() if one.in_the_way] == []
    served = around.serves[:7]
    words = {name: one.what for name, one in found.items() if one.grade is Grade.OK}
    assert words["repository remote"] == f"main of team/live is at {served}"
    assert words["repository kill switch"] == "readable: off"
    assert words[f"platform {around.production.url if around.production else ''}"] == f"serves {served}"
    assert words["platform commit"] == "what is served is on main"
    assert words["hosting deployments"].endswith(f"{served}, ready")
    assert words["hosting rollback"].startswith("may go back to dpl_")
    assert words["forge repository"] == "team/live: its account may push"
    assert words["forge branch"] == "main is not protected: an undo may be pushed"
    assert words["forge rate limit"].endswith("of 5,000 requests are left")
    assert words["method push"] == "may push a branch (tried, nothing was pushed)"
    assert words["walker front"] == "journeys/front.py can be loaded (it was not walked)"
    unknown = {name for name, one in found.items() if one.grade is Grade.UNKNOWN}
    assert unknown == {"hosting moving production", "forge writing", "checks plan"}
    assert _state(around) == before


@pytest.mark.parametrize(
    ("lacks", "line", "scope"),
    [
        ("Pull requests", "forge pull requests", "Pull requests: read and write"),
        ("Commit statuses", "forge statuses", "Commit statuses: read and write"),
        ("Checks", "forge checks", "Checks: read and write"),
        ("Contents", "forge branch", "Contents: read"),
    ],
)
def test_a_permission_that_github_was_not_given_is_named(
    around: Surroundings, lacks: str, line: str, scope: str
) -> None:
    around.github.state.lacking[TOKENS["GITHUB_TOKEN"]] = {lacks}
    one = around.examine()[line]
    assert (one.grade, one.what, one.in_the_way) == (Grade.MISSING, "forbidden", True)
    assert one.right.startswith("GITHUB_TOKEN: ") and one.right.endswith(scope)


def test_an_account_that_may_only_read_is_missing_the_right_to_push(around: Surroundings) -> None:
    around.github.state.roles["bakewatch"] = "read"
    one = around.examine()["forge repository"]
    assert (one.grade, one.what) == (Grade.MISSING, "its account may only read")
    assert "Contents: read and write" in one.right and "team/live" in one.right


def test_a_token_of_another_team_is_missing_the_project_and_hides_nothing_else(around: Surroundings) -> None:
    around.vercel.tokens.clear()
    found = around.examine()
    right = "VERCEL_TOKEN: a token of the team team_live with access to the project prj_live"
    for name in ("project", "domains", "deployments", "rollback"):
        one = found[f"hosting {name}"]
        assert (one.grade, one.what, one.right) == (Grade.MISSING, "forbidden", right)
    assert found["forge repository"].grade is found["method push"].grade is Grade.OK


def test_what_is_not_in_the_environment_is_a_line_for_each(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in TOKENS:
        monkeypatch.delenv(name)
    found = around.examine()
    assert found["hosting settings"].what == "the environment variable VERCEL_TOKEN is not set"
    assert found["forge settings"].right == "export GITHUB_TOKEN=…"
    assert found["platform commit"].grade is Grade.OK


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("live.git", "gone.git", "repository remote", "unreachable"),
        ("front.py", "back.py", "walker front", "journeys/back.py: no_such_file"),
        ("prj_live", "prj_gone", "hosting project", "not_found"),
        (
            "[forge]",
            '[notify]\nkind = "command"\ncommand = ["no-such-program"]\n[forge]',
            "notify command",
            "no program",
        ),
        ('kind = "github"', 'kind = "gitbub"', "forge settings", "no forge of kind `gitbub`"),
    ],
)
def test_a_wrong_line_in_the_plan_is_told_as_one(
    around: Surroundings, old: str, new: str, line: str, what: str
) -> None:
    around.write((old, new))
    one = around.examine()[line]
    assert (one.grade, one.what.startswith(what), bool(one.right)) == (Grade.MISSING, True, True)


def test_a_production_that_says_no_commit_or_that_of_another_repository(around: Surroundings) -> None:
    around.serves = "f" * 40
    one = around.examine()["platform commit"]
    assert (one.grade, one.what, one.in_the_way) == (Grade.MISSING, "fffffff is not on main", True)
    around.serves = "unknown"
    found = around.examine()
    assert around.production is not None
    assert found[f"platform {around.production.url}"].what == "no_commit"
    assert '{"commit": "the whole commit"}' in found[f"platform {around.production.url}"].right
    assert found["platform commit"].grade is Grade.UNKNOWN


def test_a_protected_branch_and_a_switch_are_told_and_nothing_is_missing(around: Surroundings) -> None:
    around.github.state.protected = True
    around.team.commit("stop", {".bakewatch/stop": "#7\n"})
    around.team.push()
    found = around.examine()
    assert found["forge branch"].what == "main is protected: an undo is a pull request that a person merges"
    assert found["repository kill switch"].what == "readable: .bakewatch/stop is there, and stops what it names"
    assert [name for name, one in found.items() if one.in_the_way] == []


def test_addresses_that_hang_hide_none_that_answers(around: Surroundings) -> None:
    assert around.production is not None
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = [f"http://127.0.0.1:{mute.getsockname()[1]}/{number}" for number in range(4)]
        named = ", ".join(f'"{one}"' for one in (*silent, around.production.url))
        around.write((f'["{around.production.url}"]', f"[{named}]\ntimeout = 2"))
        settings, plan = load(around.config)
        one = surgery(settings, plan, around.folder / "data", around.config)
        found = {one.name: one for one in examine(one, within=6.0) if one.about == "platform"}
    assert found[around.production.url].grade is Grade.OK
    assert {found[address].what for address in silent} == {"timeout"}
    assert found["commit"].what == "no answer within 4.8 s"


CHECK = """\
[sources.files]
kind = "chdb"
files = ["logs/*.ndjson"]
[streams.edge]
source = "files"
[[checks]]
name = "errors"
stream = "edge"
rule = "volume"
where = "severity_text = 'ERROR'"
[[journeys]]
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "team/live"', 'name = "team/live"\ntoken_env = "NOT_SET"'),
        ('remote = "', 'remote = "https://kim:SECRET@git.example/'),
        ('addresses = ["http', 'addresses = ["ftp'),
    ],
    ids=["token", "remote", "address"],
)
def test_a_repository_or_a_production_that_is_wrong_hides_no_check(around: Surroundings, old: str, new: str) -> None:
    around.write(("[[journeys]]\n", CHECK), (old, new))
    found = around.examine(canaries=False)
    assert "checks errors" in found and "checks all of them" not in found
    wrong = [one for name, one in found.items() if name in ("repository settings", "platform addresses")]
    assert [one.grade for one in wrong] == [Grade.MISSING]
    assert not any("SECRET" in f"{one.what}{one.right}" for one in found.values())


def test_limits_that_are_spent_are_unknown_and_not_a_missing_scope(around: Surroundings) -> None:
    around.github.limits.an_hour = 0
    one = around.examine()["forge pull requests"]
    assert (one.grade, one.what, one.right) == (Grade.UNKNOWN, "rate_limited", "try again")


def test_the_command_prints_no_secret_and_its_exit_code_says_what_is_missing(around: Surroundings) -> None:
    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from bakewatch.cli.main import main; main()", "doctor", *words]
        env = {**os.environ, **environ}
        return subprocess.run([*command, "--config", str(around.config)], env=env, capture_output=True, text=True)

    done = run()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all that is needed is there")
    assert run(VERCEL_TOKEN="wrong0SECRET").returncode == 2
    told = run("--json", "--no-canaries", GITHUB_TOKEN="wrong0SECRET")
    assert told.returncode == 2
    body = msgspec.json.decode(told.stdout)
    assert body["ready"] is False
    assert {one["what"] for one in body["found"] if one["about"] == "forge"} >= {"unauthorized"}
    assert "SECRET" not in done.stdout + done.stderr + told.stdout + told.stderr
    assert threading.active_count() < 20
