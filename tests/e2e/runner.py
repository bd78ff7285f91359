"""A runner for the steps of the project's own Action: what GitHub's does with them, and its cache and artifacts.

What is not run is the installation: the command is the one of this source. `uses:` are the few that the Action has, by
what they do to files. Every `Runner` is a new machine; what survives it lies at the `Service`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # no stubs are locked for two readers in the tests

ROOT = Path(__file__).parent.parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
BAKEWATCH = Path(sys.executable).with_name("bakewatch")
GRACE, TO_KILL = 7.5, 2.5
"""Seconds between SIGINT and SIGTERM, and between SIGTERM and SIGKILL, when a job is cancelled."""

Hear = Callable[["Runner", str], None]


@dataclass
class Service:
    """What outlives a machine: the cache, newest last, and the artifacts."""

    folder: Path
    runs: int = 0

    def kept(self, kind: str, name: str) -> Path:
        """Where something of this *name* is kept."""
        return self.folder / kind / name.replace("/", "_")

    def restore(self, key: str, prefix: str) -> Path | None:
        """The entry *key*, else the newest that begins with *prefix*."""
        found = sorted((self.folder / "cache").glob("*"), key=lambda one: one.stat().st_mtime_ns)
        wanted = [one for one in found if one.name.startswith(prefix.replace("/", "_"))]
        exact = [one for one in wanted if one == self.kept("cache", key)]
        newest = exact or wanted
        return newest[-1] if newest else None


@dataclass
class Runner:
    """One machine, which runs the Action once."""

    folder: Path
    service: Service
    remote: Path
    sha: str
    env: dict[str, str]
    event: dict[str, Any] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    """What the steps printed."""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each step with an id."""
    codes: dict[str, int] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    gone: bool = False
    """The machine is lost: no further step runs."""

    def __post_init__(self) -> None:
        self.workspace, self.temp = self.folder / "workspace", self.folder / "temp"
        self.temp.mkdir(parents=True)
        self.service.runs += 1
        self.run_id = str(1000 + self.service.runs)
        words = ["git", "clone", "-q", "--depth", "1", f"file://{self.remote}", str(self.workspace)]
        subprocess.run(words, check=True)
        command = self.temp / "bakewatch" / "bin" / "bakewatch"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT / "src"}" exec "{BAKEWATCH}" "$@"\n')
        command.chmod(0o755)

    @property
    def summary(self) -> str:
        """The job's summary."""
        path = self.temp / "summary"
        return path.read_text() if path.exists() else ""

    def run(self, inputs: dict[str, str] | None = None, hear: Hear = lambda runner, line: None) -> dict[str, str]:
        """Run all steps; the Action's outputs. *hear* is told each line that a step prints."""
        given = {name: self._filled(str(one.get("default", ""))) for name, one in ACTION["inputs"].items()}
        self.inputs = given | (inputs or {})
        failed = False
        for step in ACTION["runs"]["steps"]:
            condition = str(step.get("if", "success()"))
            if self.gone or (failed and "always()" not in condition) or not self._value(condition):
                continue
            if "uses" in step:
                self._use(step["uses"], {name: self._filled(str(one)) for name, one in step["with"].items()})
            elif step.get("id") != "install":
                failed = self._bash(step, hear) != 0 or failed
        return {name: self._filled(one["value"]) for name, one in ACTION["outputs"].items()}

    def cancel(self) -> None:
        """The job is cancelled: the step's first process is told so, told again, and killed with all of its own."""
        process = self.process
        assert process is not None

        def tell() -> None:
            for number, patience in ((signal.SIGINT, GRACE), (signal.SIGTERM, TO_KILL)):
                process.send_signal(number)
                try:
                    process.wait(patience)
                    return
                except subprocess.TimeoutExpired:
                    continue
            os.killpg(process.pid, signal.SIGKILL)

        threading.Thread(target=tell, daemon=True).start()

    def lose(self) -> None:
        """The machine is gone, from one moment to the next, with everything on it."""
        assert self.process is not None
        self.gone = True
        os.killpg(self.process.pid, signal.SIGKILL)

    def _bash(self, step: dict[str, Any], hear: Hear) -> int:
        name = step.get("id", "step")
        script, told = self.temp / f"{name}.sh", self.temp / f"{name}.output"
        script.write_text(step["run"])
        told.touch()
        env = {
            **os.environ,
            **self.env,
            **{key: self._filled(str(value)) for key, value in step.get("env", {}).items()},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(told),
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary"),
            "GITHUB_SHA": self.sha,
            "RUNNER_TEMP": str(self.temp),
        }
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        self.process = subprocess.Popen(
            words,
            cwd=self.workspace,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.output.append(line)
                hear(self, line)
        self.codes[name] = self.process.wait()
        self.outputs[name] = dict(line.split("=", 1) for line in told.read_text().splitlines())
        return self.codes[name]

    def _use(self, action: str, told: dict[str, str]) -> None:
        name = action.partition("@")[0]
        if name == "actions/cache/restore":
            entry = self.service.restore(told["key"], told["restore-keys"])
            if entry is not None:
                shutil.copytree(entry, self.workspace, dirs_exist_ok=True)
        elif name == "actions/cache/save":
            self._copy(told["path"], self.service.kept("cache", told["key"]))
        elif name == "actions/upload-artifact":
            assert told["include-hidden-files"] == "True"
            self._copy(told["path"], self.service.kept("artifacts", told["name"]))
        else:
            assert name == "actions/setup-python", name

    def _copy(self, patterns: str, to: Path) -> None:
        for path in (one for pattern in patterns.split() for one in self.workspace.glob(pattern)):
            target = to / path.relative_to(self.workspace)
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, target)
            else:
                shutil.copy2(path, target)

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: self._value(found[1]), text)

    def _value(self, expression: str) -> str:
        """An expression as far as the Action uses them: names, texts, `||`, `!=`, and two functions; empty is false."""
        parts = [part.strip() for part in expression.split("||")]
        if len(parts) > 1:
            return next(filter(None, map(self._value, parts)), "")
        left, unequal, right = parts[0].partition("!=")
        if unequal:
            return "true" if self._value(left) != self._value(right) else ""
        name = left.strip()
        if name.startswith("'"):
            return name.strip("'")
        return "true" if name in ("always()", "success()") else self._named(name)

    def _named(self, name: str) -> str:
        github = {"sha": self.sha, "run_id": self.run_id, "run_attempt": "1", "event": self.event}
        steps = {step: {"outputs": told} for step, told in self.outputs.items()}
        known: Any = {"inputs": getattr(self, "inputs", {}), "env": self.env, "github": github, "steps": steps}
        for part in name.split("."):
            known = known.get(part, {})
        return str(known or "")


def in_order(*steps: tuple[str, Callable[[Runner], None]]) -> Hear:
    """Does each when its pattern comes, after the one before."""
    left = list(steps)

    def hear(runner: Runner, line: str) -> None:
        if left and re.search(left[0][0], line):
            left.pop(0)[1](runner)

    return hear


def pause(seconds: float = 1.2) -> None:
    """A forge dates what is written by the second."""
    time.sleep(seconds)
