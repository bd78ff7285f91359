"""The platform's words for a deployment, and the lines of a build log."""

from datetime import UTC, datetime

import pytest

from bakewatch.model.hosting import Build
from bakewatch.vendors.vercel.answers import Coded, Line, Listed, Said
from bakewatch.vendors.vercel.deployments import commit_in, hosted, telling

COMMIT = "a8719e7a02f879b3b39cdf290c3fbed7311410d5"


def _listed(state: str = "READY", **more: object) -> Listed:
    return Listed(uid="dpl_1", ready_state=state, created_at=1_770_422_400_000, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "build"),
    [
        ("QUEUED", Build.QUEUED),
        ("INITIALIZING", Build.QUEUED),
        ("BUILDING", Build.BUILDING),
        ("READY", Build.READY),
        ("ERROR", Build.FAILED),
        ("CANCELED", Build.CANCELED),
        ("BLOCKED", Build.BLOCKED),
        ("HOLDING", Build.BUILDING),
    ],
)
def test_every_state_is_one_of_ours_and_a_new_one_is_not_the_end(state: str, build: Build) -> None:
    assert hosted(_listed(state)).build is build


def test_a_skipped_build_is_known_by_its_message_alone() -> None:
    text = 'Canceled as a result of running the command defined in the "Ignored Build Step" setting.'
    assert hosted(_listed("CANCELED", error_message=text)).build is Build.SKIPPED
    unaffected = "The Deployment has been canceled because this project was not affected"
    assert hosted(_listed("CANCELED", error_message=unaffected)).build is Build.SKIPPED
    assert hosted(_listed("CANCELED", error_message="Canceled by kim")).build is Build.CANCELED
    assert hosted(_listed("ERROR", error_message=text)).build is Build.FAILED


def test_only_a_code_is_taken_for_one() -> None:
    assert hosted(_listed(error_code="a b", alias_error=Coded("cert_missing"))).code == "cert_missing"
    assert hosted(_listed(error_code="Invalid author kim@live.example")).code == ""


def test_a_deployment_is_staged_only_once_it_is_ready() -> None:
    one = hosted(_listed(ready_substate="STAGED", meta={"gitlabCommitSha": COMMIT}))
    assert (one.staged, one.commit, one.created_at) == (True, COMMIT, datetime(2026, 2, 7, tzinfo=UTC))
    assert not hosted(_listed("BUILDING", ready_substate="STAGED")).staged
    assert not hosted(_listed(ready_substate="PROMOTED")).staged


def test_a_commit_is_forty_digits_of_any_forge() -> None:
    assert commit_in({"githubCommitSha": "main", "gitCommitSha": COMMIT}) == COMMIT
    assert commit_in({"commit": COMMIT}) == ""


def test_the_lines_that_went_wrong_are_kept_else_the_last_ones() -> None:
    lines = [Line(type="stdout", text=f"step {one}") for one in "cba"]
    assert telling(lines) == ("step a", "step b", "step c")
    wrong = Line(type="stdout", level="error", payload=Said("Type error:\n\n  src/app.ts:3:1"))
    assert telling([*lines, wrong, Line(type="fatal", text="Killed")]) == ("Killed", "Type error:", "src/app.ts:3:1")
    assert telling([]) == ()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("export MAGIC=hunter2 && next build", "export MAGIC=[value] && next build"),
        ("SALT='a b' PEPPER=\"c d\" run", "SALT=[value] PEPPER=[value] run"),
        ("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc", "Authorization: [value]"),
        ("\x1b[36mMAGIC\x1b[39m=\x1b[32mhunter2\x1b[39m", "MAGIC=[value]"),
        ('{"MAGIC":"hunter2","NODE_ENV": "x"}', '{"MAGIC":[value],"NODE_ENV": [value]}'),
        ('> 3 | const MAGIC = "hunter2";', "> 3 | const MAGIC =[value];"),
        (r'"{\"MAGIC\":\"hunter 2\",\"B\":1}"', r'"{\"MAGIC\":[value],\"B\":1}"'),
        (r'MAGIC="a\"hunter2" run', "MAGIC=[value] run"),
        ("if (MAGIC == other || A => b)", "if (MAGIC == other || A => b)"),
        ("npm warn using --force", "npm warn using --force"),
    ],
)
def test_a_build_log_shows_no_variable(raw: str, shown: str) -> None:
    assert telling([Line(type="stdout", text=raw)]) == (shown,)
