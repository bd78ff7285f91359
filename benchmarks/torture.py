"""Torture `bakewatch verify` on a small real production, and prove that it undoes once and forgets nothing.

    python -m benchmarks.torture [--kills N] [--seed N] [--only PART]

Everything runs on loopback, in folders of its own, and stops by itself.
"""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from benchmarks import kills, table, troubles
from benchmarks.table import Row
from benchmarks.trial import halt, say

SEED = 20260101


def torture(only: Sequence[str], count: int, seed: int) -> list[Row]:
    """Run the parts in *only*, or all; returns their rows."""
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "boundaries": kills.boundaries,
        "random": lambda: kills.at_random(count, seed),
        "disk_full": troubles.disk_full,
        "locked": troubles.locked,
        "clock": troubles.clock,
        "two": troubles.two,
    }
    rows: list[Row] = []
    for name, part in parts.items():
        if not only or name in only:
            started = time.monotonic()
            rows += part()
            say(f"{name}: {time.monotonic() - started:.0f} s")
    return rows


def _stop(number: int, frame: FrameType | None) -> None:
    halt()
    raise KeyboardInterrupt


def main(words: Sequence[str]) -> int:
    """The command: 0 when every row is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="so many kills at random moments [100]")
    parser.add_argument("--seed", type=int, default=SEED, help="of the random moments")
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="only this part")
    parser.add_argument("--results", type=Path, default=table.RESULTS, help="the folder for torture.json")
    asked = parser.parse_args(words)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    rows = torture(asked.only, asked.kills, asked.seed)
    table.show(rows)
    command = " ".join(["python -m benchmarks.torture", *words])
    print(table.write("torture", command, rows, asked.results))
    return 0 if all(one.met for one in rows) else 1


PARTS = ("boundaries", "random", "disk_full", "locked", "clock", "two")

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
