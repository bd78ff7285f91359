"""Run the bakewatch command in this process, and let it die, or its clock jump, at a chosen operation of its runtime.

    python -m benchmarks.killer --before 7 --trace deaths.ndjson -- verify --config bakewatch.toml

An operation is one call of the runtime: `step`, `publish`, `now` or `wait_until`. They are counted from 1 in every
process, replayed ones included, so that a number means the same operation after every restart.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

OPERATIONS = ("step", "publish", "now", "wait_until")
WHEN = ("before", "after", "inside")
"""Before an operation begins; after it was recorded; inside a step, when its work is done and not recorded yet."""


class Saboteur:
    """Counts the operations of this process, and strikes at the chosen ones."""

    def __init__(self, when: str, number: int, jumps: dict[int, float], trace: Path | None) -> None:
        self._when, self._at, self._jumps, self._trace = when, number, jumps, trace
        self._lock, self._here = threading.Lock(), threading.local()
        self._count = 0
        self._shift = timedelta(0)

    def clock(self) -> datetime:
        """The time, UTC, as wrong as it is at the moment."""
        return datetime.now(UTC) + self._shift

    def around(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """*original*, an operation of the runtime, as an operation that is counted and may be the last."""

        def operation(runtime: object, *words: Any) -> Any:
            if getattr(self._here, "inside", False):
                return original(runtime, *words)
            number = self._next()
            name = str(words[0]) if kind == "step" else type(words[0]).__name__ if kind == "publish" else ""
            self._strike("before", number, kind, name)
            if kind == "step":
                words = (*words[:2], self._striking(words[2], number, name))
            self._here.inside = True
            try:
                done = original(runtime, *words)
            finally:
                self._here.inside = False
            if kind == "publish" and self._jumps:
                self._note({"published": name, "real": time.monotonic()})
            self._strike("after", number, kind, name)
            return done

        return operation

    def _next(self) -> int:
        with self._lock:
            self._count += 1
            if self._count in self._jumps:
                self._shift = timedelta(seconds=self._jumps[self._count])
                self._note({"jump": self._jumps[self._count], "number": self._count})
            return self._count

    def _striking(self, work: Callable[[], Any], number: int, name: str) -> Callable[[], Any]:
        """*work* of a step, after which this process may die. A replayed step does not work, so it kills nobody."""

        def worked() -> Any:
            done = work()
            if self._when == "inside" and number >= self._at:
                self._die(number, "step", name)
            return done

        return worked

    def _strike(self, when: str, number: int, kind: str, name: str) -> None:
        if when == self._when and number == self._at:
            self._die(number, kind, name)

    def _die(self, number: int, kind: str, name: str) -> NoReturn:
        self._note({"when": self._when, "number": number, "kind": kind, "name": name})
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")

    def _note(self, what: dict[str, object]) -> None:
        if self._trace is not None:
            with self._trace.open("a") as file:
                file.write(json.dumps(what) + "\n")


def _sabotage(saboteur: Saboteur) -> None:
    from bakewatch import app
    from bakewatch.durable import runtime

    for name in OPERATIONS:
        setattr(runtime.DbosRuntime, name, saboteur.around(name, getattr(runtime.DbosRuntime, name)))
    for module in (app, runtime):
        vars(module)["clock"] = saboteur.clock


def main(words: Sequence[str]) -> None:
    """Run `bakewatch` with the words after `--`."""
    parser = argparse.ArgumentParser(prog="benchmarks.killer", description=__doc__.splitlines()[0] if __doc__ else "")
    for when in WHEN:
        parser.add_argument(f"--{when}", type=int, metavar="N", help=f"die {when} operation N")
    parser.add_argument("--jump", action="append", default=[], metavar="N:SECONDS", help="set the clock off from N on")
    parser.add_argument("--trace", type=Path, help="where to note what was done, one JSON object a line")
    parser.add_argument("command", nargs="+", help="the words of the bakewatch command")
    asked = parser.parse_args(words)
    chosen = [(when, getattr(asked, when)) for when in WHEN if getattr(asked, when) is not None]
    when, number = chosen[0] if chosen else ("", 0)
    jumps = {int(at): float(seconds) for at, _, seconds in (one.partition(":") for one in asked.jump)}
    _sabotage(Saboteur(when, number, jumps, asked.trace))
    from bakewatch.cli.main import main as bakewatch

    sys.argv = ["bakewatch", *asked.command]
    bakewatch()


if __name__ == "__main__":
    main(sys.argv[1:])
