"""Leaving a case before its end: in order, with its report so far, and to be gone on with."""

import signal
from pathlib import Path

import pytest
from msgspec import structs

from bakewatch.durable import history
from bakewatch.model.forge import Trace
from bakewatch.testing.world import RELEASE
from tests.durable.actor import order
from tests.durable.test_start import CASE, Desk, desk, ended, until

__all__ = ["desk"]
pytestmark = pytest.mark.real


def _job(desk: Desk) -> dict[str, str]:
    """The files of a job's step."""
    return {name: str(desk.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}


def _outputs(desk: Desk) -> dict[str, str]:
    lines = (desk.folder / "GITHUB_OUTPUT").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_time_limit_leaves_a_case_that_the_same_command_goes_on_with(desk: Desk) -> None:
    desk.set("long")
    _, err = desk.run("verify", "--time-limit", "6s", "--lang", "ko", expect=75, **_job(desk))
    assert err == f"bakewatch: the time limit is over: {CASE} is not over, the same command goes on with it\n"
    told, recorded = _outputs(desk), desk.told()
    assert (told["case"], told["exit-code"], told.get("ending")) == (CASE, "75", None)
    title = "# PR #1 배포 모니터링 보고서"
    assert Path(told["report"]).read_text().startswith(title)
    assert (desk.folder / "GITHUB_STEP_SUMMARY").read_text().startswith(title)
    assert desk.state() == "running (or to be resumed)"
    desk.run("stop", CASE)
    desk.run("verify", expect=3, **_job(desk))
    assert desk.told()[: len(recorded)] == recorded
    assert (_outputs(desk)["ending"], _outputs(desk)["exit-code"]) == ("inconclusive", "3")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_a_runner_sends_leaves_it_as_well(desk: Desk, number: int) -> None:
    desk.set("long")
    process = desk.start("verify", **_job(desk))
    until(lambda: bool(desk.marks("sight")) and "looked" in str(desk.told()))
    process.send_signal(number)
    _, err = ended(process, 130)
    assert "interrupted" in err and _outputs(desk)["exit-code"] == "130"
    assert Path(_outputs(desk)["report"]).exists()
    assert [one.running for one in history.cases(desk.data)] == [True]


def test_the_attempt_after_what_the_forge_shows_is_made_only_without_a_record(desk: Desk) -> None:
    left = Trace(attempt=3)
    shown = structs.replace(order(desk.data, RELEASE), left=left)
    assert history.numbered(shown, again=False) == structs.replace(shown, attempt=4)
    assert history.numbered(order(desk.data, RELEASE), again=False).attempt == 1
    desk.run("verify")
    for again in (False, True):
        assert history.numbered(shown, again=again) == structs.replace(shown, attempt=1 + again, left=None)


def test_a_limit_that_is_none_is_refused(desk: Desk) -> None:
    _, err = desk.run("verify", "--time-limit", "soon", expect=2)
    assert "`soon` is no duration such as 340m" in err and RELEASE not in err
