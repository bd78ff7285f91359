"""The Action's own steps, run as a runner runs them, on the small production at the vendors' stand-ins."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bakewatch.durable import history
from bakewatch.model.timeline import Answered, Interrupted, Opened
from tests.e2e.runner import ACTION, Runner, Service, in_order, pause
from tests.e2e.vendorstack import GITHUB_TOKEN, NAME, VERCEL_TOKEN, VendorStack, on_vendors

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
BROKEN = {"broken": "x\n"}
Machine = Callable[..., Runner]
FAILED = ("undone", "not_cured")
"""A harmful release that was reverted; a machine that is busy elsewhere may be too blind to prove the cure."""


@pytest.fixture
def stack(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[VendorStack]:
    """What may take long has minutes that are long enough to be seen even on a busy machine."""
    scale = 0.16 if request.node.get_closest_marker("slow") else 0.08
    with on_vendors(tmp_path / "world", duration="6m", scale=scale, answer_within="20m") as started:
        yield started


@pytest.fixture
def machine(tmp_path: Path, stack: VendorStack) -> Machine:
    """Makes a new machine, for a push of this commit."""
    service = Service(tmp_path / "service")

    def made(commit: str, **more: Any) -> Runner:
        env = {"GITHUB_TOKEN": GITHUB_TOKEN, "VERCEL_TOKEN": VERCEL_TOKEN}
        folder = tmp_path / f"machine-{service.runs}"
        return Runner(folder=folder, service=service, remote=stack.remote, sha=commit, env=env, **more)

    return made


def _reverts(stack: VendorStack) -> int:
    subjects = stack.git("log", "--no-merges", "--format=%s", "main", cwd=stack.remote).splitlines()
    return sum(subject.startswith("Revert") for subject in subjects)


def _comment(stack: VendorStack) -> str:
    (ours,) = [one.body for one in stack.github.state.comments if one.author.login == "bakewatch"]
    return ours


def _asks_first(stack: VendorStack) -> None:
    """The plan leaves every undo to a person."""
    plan = stack.config.read_text()
    stack.commit("ask first", {"bakewatch.toml": plan.replace('mode = "auto"', 'mode = "ask"')})
    stack.git("push", "-q", "origin", "HEAD:main")
    stack.until_served(stack.git("rev-parse", "HEAD"))


def _timeline(runner: Runner, case: str) -> tuple[object, ...]:
    return history.timeline(runner.workspace / runner.inputs["data"], case)


def test_every_step_has_a_shell_and_no_input_is_put_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "uses" in step or step["shell"] == "bash"
        assert "${{" not in step.get("run", "")
    assert all(one["description"] for one in (*ACTION["inputs"].values(), *ACTION["outputs"].values()))


@pytest.mark.parametrize("data", ["apps/web/.bakewatch", 'a "b"; $(c):*?<>|\\'])
def test_runs_with_several_data_directories_upload_each_by_a_name_that_is_allowed(tmp_path: Path, data: str) -> None:
    (verify,) = [one for one in ACTION["runs"]["steps"] if one.get("id") == "verify"]
    (upload,) = [one for one in ACTION["runs"]["steps"] if "upload-artifact" in one.get("uses", "")]
    told = tmp_path / "output"
    env = {"PATH": "/usr/bin:/bin", "BAKEWATCH_DATA": data, "GITHUB_OUTPUT": str(told)}
    script = verify["run"].partition("words=")[0]
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], env=env, check=True)
    name, _, value = told.read_text().strip().partition("=")
    assert upload["with"]["name"].startswith("${{ steps.verify.outputs." + name + " }}-")
    assert re.fullmatch(r"bakewatch-[A-Za-z0-9._-]+", value) and len(value) == len("bakewatch-") + len(data)


def test_a_merge_is_watched_undone_shown_and_kept(stack: VendorStack, machine: Machine) -> None:
    commit = stack.merge(1, BROKEN)
    runner = machine(commit)
    told = runner.run({"language": "en"})
    printed = "".join(runner.output)
    case = f"{NAME}@{commit}"
    assert (told["case"], told["ending"], told["exit-code"]) == (case, "undone", "1"), printed
    assert (runner.codes["verify"], _reverts(stack)) == (1, 1)
    report = Path(told["report"]).read_text()
    assert report in runner.summary and Path(told["report"]).name == "report.en.md"
    assert _comment(stack).startswith(f"<!-- bakewatch: {case} -->\n")
    assert [one.state for one in stack.github.state.statuses][-1] == "failure"
    kept = runner.service.kept("artifacts", f"bakewatch-.bakewatch_data-{runner.run_id}-1") / ".bakewatch" / "data"
    assert (kept / "bakewatch.sqlite").exists() and not (kept / "actor.key").exists()
    assert {path.name for path in (kept / "reports" / f"team_mini@{commit}").iterdir()} >= {"report.ko.html"}
    secrets = (GITHUB_TOKEN.encode(), VERCEL_TOKEN.encode())
    texts = [printed.encode(), *(one.read_bytes() for one in kept.rglob("*") if one.is_file())]
    assert not any(secret in text for secret in secrets for text in texts)


@pytest.mark.slow
def test_a_job_that_is_run_again_after_the_end_repeats_it(stack: VendorStack, machine: Machine) -> None:
    commit = stack.merge(1, BROKEN)
    first = machine(commit)
    before = first.run()
    assert before["ending"] in FAILED, "".join(first.output)
    assert machine(commit).run() | {"report": "", "reports": ""} == before | {"report": "", "reports": ""}
    assert _reverts(stack) == 1
    lost = machine(commit)
    lost.service = Service(lost.folder / "empty")
    assert lost.run()["exit-code"] == "1" and "as the forge shows" in "".join(lost.output)


@pytest.mark.slow
@pytest.mark.parametrize("at", ["published  baking", "look 1 ", "published  undoing", "undo .*pushed"])
def test_a_machine_that_is_lost_is_followed_by_another_that_comes_to_the_same_end(
    stack: VendorStack, machine: Machine, at: str
) -> None:
    commit = stack.merge(1, BROKEN)
    first = machine(commit)
    first.run(hear=in_order((at, Runner.lose)))
    assert first.gone
    second = machine(commit)
    told = second.run()
    printed = "".join(second.output)
    if told["ending"] == "not_undone":
        assert "record_lost" in printed and at == "published  undoing" and _reverts(stack) == 0
        return
    assert told["case"] == f"{NAME}@{commit}~2" and told["ending"] in FAILED, printed
    assert _reverts(stack) == 1 and not stack.platform.held
    (opened, *_) = _timeline(second, told["case"])
    assert isinstance(opened, Opened) and opened.left is not None and opened.attempt == 2


@pytest.mark.slow
def test_a_job_that_is_cancelled_keeps_its_record_and_the_next_one_goes_on(
    stack: VendorStack, machine: Machine
) -> None:
    commit = stack.merge(1, {"app.txt": "2\n"})
    first = machine(commit)
    told = first.run(hear=in_order(("look ", Runner.cancel)))
    assert (told["ending"], first.codes["verify"]) == ("", 130)
    assert first.service.kept("artifacts", f"bakewatch-.bakewatch_data-{first.run_id}-1").exists()
    second = machine(commit)
    told = second.run()
    assert (told["case"], told["ending"]) == (f"{NAME}@{commit}", "passed"), "".join(second.output)
    assert sum(isinstance(one, Interrupted) for one in _timeline(second, told["case"])) <= 1


@pytest.mark.slow
def test_a_time_limit_ends_a_job_in_time_and_the_next_one_goes_on(stack: VendorStack, machine: Machine) -> None:
    commit = stack.merge(1, {"app.txt": "2\n"})
    first = machine(commit)
    told = first.run({"time-limit": "20s"})
    assert (told["ending"], told["exit-code"], first.codes["verify"]) == ("", "75", 75), "".join(first.output)
    second = machine(commit)
    told = second.run()
    assert told["case"] == f"{NAME}@{commit}" and told["ending"] in ("passed", "inconclusive")


@pytest.mark.slow
@pytest.mark.parametrize("wait", ["end", "question"])
def test_who_may_write_approves_by_a_comment(stack: VendorStack, machine: Machine, wait: str) -> None:
    _asks_first(stack)
    commit = stack.merge(1, BROKEN)

    def answer(runner: Runner) -> None:
        assert "/bakewatch approve" in _comment(stack)
        pause()
        stack.github.comment(1, "/bakewatch approve", "stranger")
        stack.github.comment(1, "/bakewatch approve", "maintainer")

    runner = machine(commit)
    if wait == "question":
        told = runner.run({"wait": wait})
        assert (told["ending"], told["exit-code"]) == ("", "75"), "".join(runner.output)
        answer(runner)
        runner = machine(commit, event={"issue": {"number": 1}})
        told = runner.run({"wait": wait})
    else:
        told = runner.run(hear=in_order(("published  asking", answer)))
    assert told["case"] == f"{NAME}@{commit}" and told["ending"] in FAILED, "".join(runner.output)
    assert _reverts(stack) == 1
    (answered,) = [one for one in _timeline(runner, told["case"]) if isinstance(one, Answered)]
    assert (answered.approved, answered.by) == (True, "maintainer")
