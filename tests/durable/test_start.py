"""Starting, stopping, dying and going on: the command as processes on one data directory, with real DBOS on SQLite."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakewatch.cli.read import state_in_words
from bakewatch.durable import history
from bakewatch.durable.archive import Archive
from bakewatch.durable.lock import Ownership
from bakewatch.model.timeline import Closed, to_json
from bakewatch.testing.world import RELEASE
from tests.durable.actor import CONFIG

pytestmark = pytest.mark.real
ROOT = Path(__file__).parent.parent.parent
CASE, OTHER = f"team/live@{RELEASE}", "e" * 40
Process = subprocess.Popen[str]


class Desk:
    """A working directory with a plan, and the processes that were started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.processes: list[Process] = []
        (folder / "bakewatch.toml").write_text(CONFIG)

    def set(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)

    def start(self, *words: str, **environ: str) -> Process:
        known = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.durable.actor", *words],
            cwd=self.folder,
            env=known,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.processes.append(process)
        return process

    def run(self, *words: str, expect: int = 0, **environ: str) -> tuple[str, str]:
        return ended(self.start(*words, **environ), expect)

    def marks(self, what: str = "") -> list[str]:
        path = self.folder / "marks"
        return [line for line in path.read_text().splitlines() if what in line] if path.exists() else []

    def told(self, case_id: str = CASE) -> list[str]:
        return [to_json(event) for event in history.timeline(self.data, case_id)]

    def state(self) -> str:
        return state_in_words(history.case(self.data, CASE))

    def killed(self, what: str = "sight", **environ: str) -> list[str]:
        """A long `verify` that is killed once *what* was done; what it had recorded."""
        self.set("long")
        process = self.start("verify", **environ)
        until(lambda: bool(self.marks(what)) and "confirmed" in str(self.told()))
        process.kill()
        process.wait()
        return self.told()


def ended(process: Process, expect: int) -> tuple[str, str]:
    out, err = process.communicate(timeout=40)
    assert process.returncode == expect, out + err
    return out, err


def until(true: Callable[[], bool], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    started = Desk(tmp_path)
    yield started
    for process in started.processes:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_secret_that_is_missing_loses_no_case_and_starts_none(desk: Desk) -> None:
    recorded = desk.killed(TOKEN_ENV="A_TOKEN", A_TOKEN="x")
    for words in (["resume"], ["verify", "--commit", OTHER]):
        _, err = desk.run(*words, expect=2)
        assert err.count("\n") == 1
        assert f"{CASE} is unfinished and cannot go on: the environment variable A_TOKEN is not set" in err
        assert f"export A_TOKEN=…, or end it with `bakewatch stop {CASE}`" in err
    assert [(one.id, one.running) for one in history.cases(desk.data)] == [(CASE, True)]
    assert "rests until `bakewatch resume`" in desk.run("stop", CASE)[0]
    (desk.folder / "long").unlink()
    desk.run("verify", "--commit", OTHER)
    assert desk.state() == "stopped; bakewatch resume ends it"
    assert desk.told() == recorded
    out, _ = desk.run("resume", expect=3, A_TOKEN="x")
    assert "(stopped)" in out
    assert desk.told()[: len(recorded)] == recorded


@pytest.mark.slow
def test_an_order_of_another_process_waits_for_the_one_that_has_its_secret(desk: Desk) -> None:
    desk.set("long")
    owner = desk.start("verify")
    until(lambda: bool(desk.marks("sight")))
    (desk.folder / "long").unlink()
    second = desk.start("verify", "--commit", OTHER, TOKEN_ENV="A_TOKEN", A_TOKEN="x")
    until(lambda: len(history.cases(desk.data)) == 2)
    time.sleep(1)
    desk.run("stop", CASE)
    ended(owner, 3)
    ended(second, 0)


@pytest.mark.slow
def test_a_bug_is_told_and_tried_again_with_all_that_was_recorded(desk: Desk) -> None:
    desk.set("bug")
    for command in ("verify", "resume"):
        _, err = desk.run(command, expect=70)
        assert "a bug of ours: KeyError in Production.walk:" in err
        assert (err.count("\n"), "hong" in err) == (1, False)
        assert (
            desk.state() == f"stopped, {err.split('; ')[0].removeprefix('bakewatch: ')}; bakewatch resume tries again"
        )
    recorded, seen = desk.told(), desk.marks("sight")
    assert set(desk.marks("notify")) and all("stopped" in one for one in desk.marks("notify"))
    desk.run("verify", "--commit", OTHER, expect=70)
    assert desk.told() == recorded
    (desk.folder / "bug").unlink()
    assert "verdict    PASS" in desk.run("resume")[0]
    told = desk.told()
    assert told[: len(recorded)] == recorded
    assert len(set(told)) == len(told)
    assert seen == desk.marks("sight")[: len(seen)]


@pytest.mark.slow
def test_a_full_disk_is_no_bug_and_is_gone_on_from(desk: Desk) -> None:
    desk.set("full")
    _, err = desk.run("verify", expect=74)
    assert err == f"bakewatch: no space left on the disk; {CASE} stopped, `bakewatch resume` tries again\n"
    (desk.folder / "full").unlink()
    assert "verdict    PASS" in desk.run("resume")[0]


@pytest.mark.slow
def test_a_bug_of_another_case_is_told_beside_the_own_ending(desk: Desk) -> None:
    desk.killed()
    (desk.folder / "long").unlink()
    desk.set("bug", RELEASE)
    out, err = desk.run("verify", "--commit", OTHER)
    assert "verdict    PASS" in out
    assert (err.count("\n"), f"{CASE} stopped, `bakewatch resume` tries again" in err) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_interrupted_during_a_push_owns_the_directory_until_it_has_ended(desk: Desk, number: int) -> None:
    desk.set("hurt")
    desk.set("slow", "2")
    first = desk.start("verify")
    until(lambda: bool(desk.marks("push begins")))
    first.send_signal(number)
    _, err = ended(desk.start("resume"), 5)
    assert "interrupted; `bakewatch resume` goes on" in ended(first, 130)[1]
    assert [line.partition(" ")[2] for line in desk.marks("push")] == ["push begins", "push ends"]


def test_an_interrupted_wait_ends_at_once(desk: Desk) -> None:
    desk.set("long")
    first = desk.start("verify")
    until(lambda: len(desk.marks("sight")) > 3)
    began = time.monotonic()
    first.send_signal(signal.SIGTERM)
    ended(first, 130)
    assert time.monotonic() - began < 10


def test_resume_takes_over_from_a_process_that_dies(desk: Desk) -> None:
    desk.set("long")
    owner = desk.start("verify")
    until(lambda: bool(desk.marks("sight")))
    attached = desk.start("resume")
    time.sleep(3)
    owner.kill()
    until(lambda: bool(desk.marks(f"{attached.pid} sight")))
    desk.run("stop", CASE)
    ended(attached, 3)
    assert sum(isinstance(event, Closed) for event in history.timeline(desk.data, CASE)) == 1


@pytest.mark.parametrize("made", [False, True], ids=["no record", "an empty record"])
def test_a_second_verify_waits_for_the_first_to_make_the_record(desk: Desk, made: bool) -> None:
    with Ownership(desk.data) as first:
        assert first.take()
        if made:
            (desk.data / "bakewatch.sqlite").touch()
        second = desk.start("verify")
        time.sleep(3)
        assert second.poll() is None
    ended(second, 0)


def test_two_first_verifies_are_one_case(desk: Desk) -> None:
    both = [desk.start("verify") for _ in range(2)]
    told = [ended(process, 0)[0] for process in both]
    assert told[0] == told[1]


def test_stop_ends_a_running_case_and_no_other(desk: Desk) -> None:
    desk.set("long")
    process = desk.start("verify")
    until(lambda: bool(desk.marks("sight")))
    assert desk.run("stop", RELEASE[:8], "--why", "deployed by mistake")[0] == f"{CASE}: stop sent\n"
    assert "inconclusive (stopped)" in ended(process, 3)[0]
    assert "it is over: inconclusive" in desk.run("stop", RELEASE[:8], expect=2)[1]


@pytest.mark.parametrize("words", [["verify"], ["list"], ["resume"]])
def test_a_garbled_record_is_one_line(desk: Desk, words: list[str]) -> None:
    desk.data.mkdir()
    (desk.data / "bakewatch.sqlite").write_text("garbage " * 1000)
    _, err = desk.run(*words, expect=2)
    assert (err.count("\n"), "not a database" in err) == (1, True)


def test_an_empty_record_holds_nothing_and_can_be_begun(desk: Desk) -> None:
    desk.data.mkdir()
    (desk.data / "bakewatch.sqlite").touch()
    assert "nothing has been recorded here yet" in desk.run("list", expect=2)[1]
    desk.run("verify")


def test_the_record_is_an_archive_of_what_passed(desk: Desk) -> None:
    assert list(Archive(desk.data).passed(datetime.now(UTC))) == []
    desk.run("verify")
    (timeline,) = Archive(desk.data).passed(datetime.now(UTC))
    assert [to_json(event) for event in timeline] == desk.told()
    assert list(Archive(desk.data).passed(timeline[0].at)) == []
    desk.set("hurt")
    desk.set("slow", "0")
    desk.run("verify", "--commit", OTHER, expect=5)
    assert len(list(Archive(desk.data).passed(datetime.now(UTC)))) == 1
