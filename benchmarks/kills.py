"""The kills: at every boundary of the runtime's operations, inside every step, and at random moments."""

import json
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.rows import common
from benchmarks.table import Row
from benchmarks.trial import CODES, LANES, Facts, Trial, say, trial

MOST = 400
"""More operations than a case can have: a chain that gets so far does not come to its end."""
_FIGURES = {
    "before": "operations killed before",
    "after": "operations killed after",
    "inside": "steps killed inside, work done and not recorded",
}
PER_CASE = 10
SHORTEST, LONGEST = 0.3, 6.0
"""A random kill comes so many seconds after the start of the command."""


@dataclass
class Chain:
    """One case, killed at its next operation again and again until it ended."""

    when: str
    facts: Facts
    killed: list[str] = field(default_factory=list)
    """The operations that it was killed at, in order."""
    skipped: int = 0
    """Operations that a run got past without being killed there."""
    ended: bool = False
    """The last run was not killed, and came to the case's end."""


def boundaries() -> Iterator[Row]:
    """Die before, after and inside every operation."""
    with ThreadPoolExecutor(LANES) as lanes:
        chains = list(lanes.map(_chain, ("before", "after", "inside")))
    for chain in chains:
        figure = _FIGURES[chain.when]
        value = f"{len(chain.killed)}" + (f", {chain.skipped} missed" if chain.skipped else "")
        yield Row(figure, "every one of the case", value, bool(chain.killed) and chain.ended and not chain.skipped)
    undone = sum(name == "step undo" for chain in chains for name in chain.killed)
    yield Row("kills at the undo itself", "before, after and inside: 3", str(undone), undone >= 3)
    yield from common("boundaries", [chain.facts for chain in chains])


def _chain(when: str) -> Chain:
    started = time.monotonic()
    with trial(f"boundaries {when}", scale=0.4, proof="2m") as tortured:
        chain = Chain(when, tortured.facts)
        number = 1
        while number < MOST:
            # The same command again, or `resume`: both must go on.
            command = "resume" if number % 3 == 0 and tortured.recorded else "verify"
            process = tortured.start(command, f"--{when}", str(number))
            code = tortured.wait(process)
            if code != -9:
                chain.ended = code in CODES.values()
                break
            tortured.facts.kills += 1
            died = json.loads(tortured.trace.read_text().splitlines()[-1])
            chain.killed.append(f"{died['kind']} {died['name']}".strip())
            chain.skipped += when != "inside" and died["number"] != number
            number = died["number"] + 1
        tortured.finish()
        say(f"{tortured.facts.name}: {chain.facts} in {time.monotonic() - started:.0f} s")
        return chain


class Budget:
    """Kills that are still to be done, shared by the lanes."""

    def __init__(self, kills: int) -> None:
        self._left, self._cases = kills, 0
        self._lock = threading.Lock()

    def take(self) -> bool:
        """One kill; false when there is none left."""
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def give_back(self) -> None:
        """It did not kill."""
        with self._lock:
            self._left += 1

    def case(self) -> int | None:
        """The number of the next case, while there are kills for it."""
        with self._lock:
            self._cases += 1
            return self._cases if self._left > 0 else None


def at_random(kills: int, seed: int) -> Iterator[Row]:
    """Die at random moments, *kills* times in all, in as many fresh cases as that needs."""
    budget = Budget(kills)
    with ThreadPoolExecutor(LANES) as lanes:
        found = [one for lane in lanes.map(lambda _: _lane(budget, seed), range(LANES)) for one in lane]
    done = sum(one.kills for one in found)
    yield Row(f"random kills (seed {seed})", str(kills), f"{done} in {len(found)} cases", done >= kills)
    yield from common("random", found)


def _lane(budget: Budget, seed: int) -> list[Facts]:
    found = []
    while (number := budget.case()) is not None:
        found.append(_random_case(number, budget, random.Random(f"{seed}/{number}")))
    return found


def _random_case(number: int, budget: Budget, dice: random.Random) -> Facts:
    started, moments = time.monotonic(), []
    with trial(f"random {number}", scale=0.1) as tortured:
        for turn in range(PER_CASE):
            if not budget.take():
                break
            process = tortured.start("resume" if tortured.recorded and dice.random() < 0.3 else "verify")
            # Every third case dies for the first time when its database has just come into being.
            moments.append(_birth(tortured, process) if number % 3 == 1 and not turn else _moment(process, dice))
            if not tortured.kill(process):
                budget.give_back()
                break
        facts = tortured.finish(dice.choice((("verify",) * 3, ("resume", "verify", "verify"))))
    told = " ".join(f"{moment:.2f}" for moment in moments)
    say(f"{facts.name}: killed after {told} s; {facts} in {time.monotonic() - started:.0f} s")
    return facts


def _moment(process: subprocess.Popen[bytes], dice: random.Random) -> float:
    moment = dice.uniform(SHORTEST, LONGEST)
    with suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    return moment


def _birth(tortured: Trial, process: subprocess.Popen[bytes]) -> float:
    started = time.monotonic()
    while not (tortured.stack.data / "bakewatch.sqlite").exists() and process.poll() is None:
        time.sleep(0.0005)
    return time.monotonic() - started
