"""The real command on a small real production: passes, undoes, refuses, resumes, complains."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bakewatch.durable import history
from bakewatch.model.journey import Walked
from bakewatch.model.report import Report
from bakewatch.model.timeline import Closed, Fired, Interrupted, Looked, Prewalked, RolledBack, to_json
from tests.e2e.ministack import Stack, running

pytestmark = pytest.mark.real
BAKEWATCH = Path(sys.executable).with_name("bakewatch")
BROKEN = {"broken": "x\n"}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with running(tmp_path, duration="6m") as started:
        yield started


@pytest.fixture
def brief(tmp_path: Path) -> Iterator[Stack]:
    """One whose minutes may be missed: for what is never decided."""
    with running(tmp_path, duration="6m", scale=0.02) as started:
        yield started


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Stack]:
    """One whose minutes are long enough to be seen even on a busy machine: for what has to pass or to be cured."""
    with running(tmp_path, duration="6m", scale=0.12) as started:
        yield started


def _bakewatch(stack: Stack, *words: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [BAKEWATCH, words[0], "--config", stack.config, *words[1:]], capture_output=True, text=True, timeout=300
    )
    assert expect is None or done.returncode == expect, done.stdout + done.stderr
    return done


def _reverts(stack: Stack) -> int:
    return sum(subject.startswith("Revert") for subject in stack.history())


def test_a_harmless_release_passes_and_every_report_is_written(calm: Stack) -> None:
    stack = calm
    commit = stack.merge(2, {"app.txt": "2\n"})
    done = _bakewatch(stack, "verify", "--commit", commit)
    assert "verdict    PASS" in done.stdout
    assert _reverts(stack) == 0
    folder = stack.data / "reports" / f"mini@{commit}"
    assert {path.name for path in folder.iterdir()} == {
        "report.en.md",
        "report.ko.md",
        "report.en.html",
        "report.ko.html",
        "report.json",
    }
    assert "[ ]" not in (folder / "report.ko.md").read_text()
    msgspec.json.decode((folder / "report.json").read_bytes(), type=Report)
    assert [one["transition"] for one in stack.told()] == ["passed"]
    assert commit in _bakewatch(stack, "list").stdout
    assert "passed" in _bakewatch(stack, "status", commit[:8]).stdout
    assert _bakewatch(stack, "report", commit[:8], "--lang", "ko").stdout == (folder / "report.ko.md").read_text()


def test_a_harmful_release_is_undone_once_however_often_one_asks(calm: Stack) -> None:
    stack = calm
    commit = stack.merge(1, BROKEN)
    first = _bakewatch(stack, "verify", "--commit", commit, expect=1)
    assert "cured" in first.stdout
    assert _reverts(stack) == 1
    assert stack.served() == (stack.git("rev-parse", "main", cwd=stack.remote), False)
    told = history.timeline(stack.data, f"mini@{commit}")
    again = _bakewatch(stack, "verify", "--commit", commit, expect=1)
    assert "FIRED" in again.stdout
    assert history.timeline(stack.data, f"mini@{commit}") == told
    once_more = _bakewatch(stack, "verify", "--commit", commit, "--again", expect=3)
    assert "already_reverted" in once_more.stdout
    assert _reverts(stack) == 1
    assert [one["transition"] for one in stack.told()] == ["undone", "inconclusive"]


def _recorded(stack: Stack, case: str) -> list[str]:
    try:
        return [to_json(event) for event in history.timeline(stack.data, case)]
    except history.NoRecord:
        return []


@pytest.mark.slow
def test_killed_at_any_moment_it_resumes_to_the_same_timeline_and_one_undo(stack: Stack) -> None:
    commit = stack.merge(1, BROKEN)
    case = f"mini@{commit}"
    recorded: list[str] = []
    for more in (2, 3, 5, 8):
        process = subprocess.Popen(
            [BAKEWATCH, "verify", "--config", stack.config, "--commit", commit],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        while process.poll() is None and len(_recorded(stack, case)) < len(recorded) + more:
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = _recorded(stack, case)
        assert now[: len(recorded)] == recorded
        recorded = now
    _bakewatch(stack, "resume", expect=None)
    told = history.timeline(stack.data, case)
    lines = [to_json(event) for event in told]
    assert lines[: len(recorded)] == recorded
    assert len(set(lines)) == len(lines)
    assert isinstance(told[-1], Closed)
    assert told[-1].ending in ("undone", "not_cured")
    assert sum(isinstance(event, RolledBack) and not event.rollback.already for event in told) <= 1
    assert sum(isinstance(event, Interrupted) for event in told) <= 4
    assert _reverts(stack) == 1


@pytest.mark.slow
def test_a_second_verify_attaches_to_the_first(calm: Stack) -> None:
    stack = calm
    commit = stack.merge(2, {"app.txt": "2\n"})
    argv: list[str | Path] = [BAKEWATCH, "verify", "--config", stack.config, "--commit", commit]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    events = [[line for line in one.splitlines() if re.match(r"\d\d:", line)] for one in told]
    assert events[0] == events[1]
    assert len(history.cases(stack.data)) == 1


def test_a_person_is_asked_and_approves(calm: Stack) -> None:
    stack = calm
    stack.config.write_text(stack.config.read_text().replace('mode = "auto"', 'mode = "ask"'))
    stack.commit("ask first", {})
    stack.git("push", "-q", "origin", "main")
    commit = stack.merge(1, BROKEN)
    process = subprocess.Popen([BAKEWATCH, "verify", "--config", stack.config, "--commit", commit])
    deadline = time.monotonic() + 40
    while not any(one["transition"] == "asked" for one in stack.told()):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert stack.told()[0]["approve"] == f"bakewatch approve mini@{commit}"
    _bakewatch(stack, "approve", commit[:10], "--why", "the live page is broken")
    assert process.wait(100) == 1
    assert "nothing is being asked" in _bakewatch(stack, "reject", commit[:10], expect=2).stderr
    assert _reverts(stack) == 1


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [("conflict", "conflict"), ("protected", "protected"), ("moved", "moved"), ("switch", "kill_switch")],
)
def test_an_undo_that_is_refused_ends_in_a_report_a_notification_and_its_code(
    stack: Stack, arrange: str, reason: str
) -> None:
    """All but the conflict happen while the release is the tip; a conflict needs somebody else's merge on top."""
    if arrange == "switch":
        stack.commit("stop", {".bakewatch/stop": "# not today\n"})
        stack.git("push", "-q", "origin", "main")
    commit = stack.merge(1, BROKEN)
    hooks = stack.remote / "hooks"
    if arrange == "protected":
        _hook(hooks / "update", '[ "$1" != refs/heads/main ] || exit 1')
    if arrange == "moved":
        _hook(
            hooks / "post-update",
            'case "$1" in *revert*) new=$(date +%s%N | git -c user.name=x -c user.email=x@x.x commit-tree '
            "'main^{tree}' -p main) && git update-ref refs/heads/main \"$new\";; esac",
        )
    if arrange == "conflict":
        _hook(
            hooks / "post-update",
            'case "$1" in *revert*) tree=$(git ls-tree main | sed "/broken/s/[0-9a-f]\\{40\\}/'
            '$(echo y | git hash-object -w --stdin)/" | git mktree); new=$(echo x | git -c user.name=x '
            '-c user.email=x@x.x commit-tree $tree -p main) && git update-ref refs/heads/main "$new";; esac',
        )
    done = _bakewatch(stack, "verify", "--commit", commit, expect=5)
    assert reason in done.stdout
    assert [one["transition"] for one in stack.told()] == ["not_undone"]
    assert json.loads(_bakewatch(stack, "report", commit[:8], "--format", "json").stdout)
    assert _reverts(stack) == 0


def _hook(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("trouble", ["missing", "empty", "malformed", "silent"])
def test_a_source_in_trouble_is_never_a_pass_and_never_an_undo(brief: Stack, trouble: str) -> None:
    stack = brief
    text = stack.config.read_text()
    other = stack.folder / "other"
    other.mkdir()
    if trouble == "empty":
        (other / "logs.ndjson").touch()
    if trouble == "malformed":
        (other / "logs.ndjson").write_text("<html>\n" * 100)
    if trouble == "silent":
        text = text.replace("/canary/postgres_logs", "/version")
    else:
        text = text.replace(f'"{stack.logs}/*.ndjson"', f'"{other}/logs.ndjson"')
    stack.config.write_text(text)
    commit = stack.merge(2, {"app.txt": "2\n"})
    stack.config.write_text(text)
    done = _bakewatch(stack, "verify", "--commit", commit, expect=3)
    assert "INCONCLUSIVE" in done.stdout
    assert _reverts(stack) == 0


def test_a_commit_that_never_goes_live_is_never_deployed(brief: Stack) -> None:
    stack = brief
    commit = stack.merge(2, {"app.txt": "2\n"})
    (stack.folder / "frozen").write_text(stack.git("rev-parse", f"{commit}^"))
    done = _bakewatch(stack, "verify", "--commit", commit, expect=4)
    assert "never_deployed" in done.stdout


@pytest.mark.parametrize(
    ("find", "replace", "words"),
    [
        ("[bake]", "[bake]\nduratoin = 3", "bake: Object contains unknown field `duratoin`"),
        ("times = 2", 'times = "two"', "confirm.times: Expected `int`, got `str`"),
        ("= '42703'", "= (select 1)", "checks[0]"),
        ("= '42703'", "= file('/etc/passwd')", "checks[0]"),
        ("[personas.registrant]", '[personas.registrant]\npassword_env = "NO_SUCH_VARIABLE"', "NO_SUCH_VARIABLE"),
        ('http://127.0.0.1:{port}"]', 'http://127.0.0.1:9"]', "no answer from http://127.0.0.1:9"),
        ('http://127.0.0.1:{port}"]', 'http://live.example"]', "is not https"),
        ('kind = "endpoint"', 'kind = "endpiont"', "platform: no platform of kind `endpiont` (one of: endpoint)"),
        ('"check:missing_column"', '"check:nothing"', "triggers[0]: no check `nothing`"),
    ],
)
def test_a_wrong_plan_is_one_line_exit_code_2_and_nothing_started(
    stack: Stack, find: str, replace: str, words: str
) -> None:
    find = find.replace("{port}", str(stack.port))
    text = stack.config.read_text()
    assert find in text
    stack.config.write_text(text.replace(find, replace))
    stack.commit("a wrong plan", {})
    stack.git("push", "-q", "origin", "main")
    commit = stack.merge(2, {"app.txt": "2\n"})
    for command in (["check"], ["verify", "--commit", commit]):
        done = _bakewatch(stack, *command, expect=2)
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
    assert not (stack.data / "bakewatch.sqlite").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify", "--commit", "0" * 40), "no commit"),
        (("verify", "--pr", "77"), "no merge of #77"),
        (("report", "abcdef"), "nothing has been recorded here yet"),
        (("approve", "abcdef"), "nothing has been recorded here yet"),
    ],
)
def test_what_does_not_exist_is_one_line_and_exit_code_2(stack: Stack, words: tuple[str, ...], told: str) -> None:
    done = _bakewatch(stack, *words, expect=2)
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_check_says_what_a_plan_holds_and_schema_is_json(stack: Stack) -> None:
    assert "2 checks on 2 streams, 1 journeys, 2 triggers, undo auto: ok" in _bakewatch(stack, "check").stdout
    power = _bakewatch(stack, "check", "--power").stdout
    assert re.search(r"^missing_column +zero +0 % .* 5 %", power, re.MULTILINE)
    assert "with 95 % chance, in 6m of bake" in power and "not answered" not in power
    for what in ("plan", "report", "timeline", "notice"):
        done = subprocess.run([BAKEWATCH, "schema", what], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["$schema"]


def test_a_release_that_changes_its_own_journey_is_only_asked_about(stack: Stack) -> None:
    commit = stack.merge(1, {**BROKEN, "journeys/registrant.py": "def test_nothing():\n    pass\n"})
    process = subprocess.Popen(
        [BAKEWATCH, "verify", "--config", stack.config, "--commit", commit], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "asked" in line:
            break
    os.kill(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert "touches_plan" in line
    assert _reverts(stack) == 0


@pytest.mark.slow
def test_a_merge_during_a_bake_takes_over_and_inherits_what_was_never_judged(calm: Stack) -> None:
    """The first release is harmless and the second brings the harm: both are suspects, so a person is asked."""
    stack = calm
    first = stack.merge(2, {"app.txt": "2\n"})
    older = subprocess.Popen([BAKEWATCH, "verify", "--config", stack.config, "--commit", first])
    deadline = time.monotonic() + 40
    while not (stack.data / "bakewatch.sqlite").exists() or not history.timeline(stack.data, f"mini@{first}")[4:]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    second = stack.merge(3, BROKEN)
    newer = subprocess.Popen([BAKEWATCH, "verify", "--config", stack.config, "--commit", second])
    while not any(one["transition"] == "asked" for one in stack.told()):
        assert time.monotonic() < deadline + 40
        time.sleep(0.2)
    (told,) = [one for one in stack.told() if one["transition"] == "asked"]
    assert "suspects" in str(told["reasons"])
    _bakewatch(stack, "approve", second[:10])
    assert (newer.wait(80), older.wait(10)) == (1, 3)
    assert _reverts(stack) == 1
    assert stack.git("show", "main:app.txt", cwd=stack.remote) == "1"
    assert {one.ending for one in history.cases(stack.data)} == {"inconclusive", "undone"}


def test_what_fails_without_the_release_too_is_not_held_against_it(stack: Stack) -> None:
    """The service falls ill of something else after the release is live: so does the deployment before it."""
    commit = stack.merge(2, {"app.txt": "2\n"})
    argv: list[str | Path] = [BAKEWATCH, "verify", "--config", stack.config, "--commit", commit]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "live       release" in line:
                (stack.folder / "outage").touch()
    assert process.returncode == 3
    timeline = history.timeline(stack.data, f"mini@{commit}")
    assert any(isinstance(event, Prewalked) and event.run.walked is Walked.FAILED for event in timeline)
    assert any(run.walked is Walked.FAILED for event in timeline if isinstance(event, Looked) for run in event.journeys)
    assert not any(isinstance(event, Fired) for event in timeline)
    assert _reverts(stack) == 0
