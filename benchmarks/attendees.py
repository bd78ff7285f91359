"""How many attendees one machine holds: `python -m benchmarks.attendees [--steps 50,100,200] [--hold 60]`.

Every attendee of the example's event signs up, is registered, pings, listens to the chat on a socket, and now and then
says something, which all the others hear. The database, the service and this generator share the machine. A step is
held for *--hold* seconds after all of its attendees have come; what is told of it was measured meanwhile. Steps end
with the first that the service does not hold.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.attendee import CHAT_SECONDS, PING_SECONDS, Attendee, Measured, arriving
from benchmarks.processes import Usage, Used
from benchmarks.table import Row, show, write
from live_event.stack import Stack, serving

COMMAND = "python -m benchmarks.attendees"
STEPS = (50, 100, 200, 400, 800, 1200, 1600)
ENOUGH = 200
"""So many attendees a small event has."""
KINDS = ("ping", "chat", "heard")
"""`heard`: from the database's time of a message until another attendee has it."""
P95_SECONDS = 0.3
"""Slower than this, in the 95th percentile of any kind of request, is not held."""


@dataclass(frozen=True)
class Step:
    """What was measured while so many attendees were there."""

    attendees: int
    seconds: float
    measured: Measured
    used: Used

    @property
    def held(self) -> bool:
        """Was everybody served, and in time?"""
        found = self.measured
        slowest = max(map(found.p95, KINDS))
        return not found.problems and found.answers("ping") > 0 and slowest <= P95_SECONDS

    def __str__(self) -> str:
        found, used = self.measured, self.used
        asked, heard = (
            (found.answers("ping") + found.answers("chat")) / self.seconds,
            found.answers("heard") / self.seconds,
        )
        times = ", ".join(f"{kind} {found.p95(kind) * 1000:.0f} ms" for kind in KINDS)
        wrong = ", ".join(f"{count} x {what}" for what, count in found.problems.most_common(3))
        return (
            f"p95: {times}; {asked:.0f} requests and {heard:.0f} frames a second;"
            f" service {used.service_mb:.0f} MB and {used.service_cores:.2f} cores, database"
            f" {used.database_mb:.0f} MB and {used.database_cores:.2f} cores,"
            f" generator {used.generator_cores:.2f} cores" + (f"; failed: {wrong}" if wrong else "")
        )


async def climb(stack: Stack, steps: Sequence[int], hold: float) -> list[Step]:
    """Let attendees come, step by step, until one is not held. Attendees of a step stay for the next one."""
    done: list[Step] = []
    async with arriving(stack.platform.addresses) as come:
        everybody: list[Attendee] = []
        for wanted in steps:
            everybody += await come(wanted - len(everybody))
            usage = Usage(stack.folder)
            measured = Measured()
            for one in everybody:
                one.measured = measured
            started = time.perf_counter()
            await asyncio.sleep(hold)
            done.append(Step(wanted, time.perf_counter() - started, measured, usage.since()))
            print(f"{wanted}: {'held' if done[-1].held else 'NOT HELD'}: {done[-1]}", flush=True)
            if not done[-1].held:
                break
    return done


def rows(steps: Sequence[Step], wanted: Sequence[int]) -> Iterator[Row]:
    """The table."""
    held = [one for one in steps if one.held]
    for one in steps:
        yield Row(f"{one.attendees} attendees", "counted", str(one), True)
    most = held[-1].attendees if held else 0
    yield Row("attendees held", f"at least {ENOUGH}", str(most), most >= ENOUGH)
    failed = next((one for one in steps if not one.held), None)
    told = f"between {most} and {failed.attendees}" if failed else f"beyond {wanted[-1]}, the last step"
    yield Row(f"saturates (p95 above {P95_SECONDS * 1000:.0f} ms, or a failure)", "said", told, True)


def main() -> None:
    """Measure, tell, and write the results when all steps were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", default=",".join(map(str, STEPS)))
    parser.add_argument("--hold", type=float, default=60.0)
    asked = parser.parse_args()
    steps = [int(one) for one in asked.steps.split(",")]
    told = f"pings every {PING_SECONDS:.0f} s, listens, talks every {CHAT_SECONDS:.0f} s"
    print(f"everybody {told}", flush=True)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as stack:
        found = asyncio.run(climb(stack, steps, asked.hold))
    table = list(rows(found, steps))
    show(table)
    if tuple(steps) == STEPS:
        print(write("attendees", COMMAND, table))
    sys.exit(0 if all(one.met for one in table) else 1)


if __name__ == "__main__":
    main()
