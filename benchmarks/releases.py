"""The proving ground: `python -m benchmarks.releases [--runs 3] [--only a,b] [--parallel 2]`.

Every release of the example is merged, deployed and watched for real, each time in a stack of its own, at the example's
time scale. A run that is finished is not run again (`--fresh` forgets them), so that it can be interrupted at any time.
"""

import argparse
import json
import shutil
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

from benchmarks.releases_run import NOT_RUN, Run, run
from benchmarks.releases_table import rows
from benchmarks.table import show, write
from live_event.team import RELEASES, change

COMMAND = "python -m benchmarks.releases"
WORK = Path(".cache/releases")
"""Where finished runs are remembered, and their reports are kept."""


def names() -> list[str]:
    """All releases, the harmful ones first."""
    found = [path.stem for path in RELEASES.glob("*.toml")]
    return sorted(found, key=lambda name: (not change(name).harmful, change(name).number))


def finished(work: Path) -> list[Run]:
    """The runs that need not be done again."""
    path = work / "runs.ndjson"
    told = [json.loads(one) for one in path.read_text().splitlines()] if path.exists() else []
    return [Run(**one | {key: tuple(one[key]) for key in ("culprits", "reasons")}) for one in told]


def remember(work: Path, done: Run) -> None:
    """One line more; a run that did not come to an end is tried again next time."""
    if done.ending != NOT_RUN:
        with (work / "runs.ndjson").open("a") as file:
            file.write(json.dumps(asdict(done)) + "\n")


def due(wanted: Sequence[str], times: int, done: Sequence[Run]) -> list[tuple[str, int]]:
    """What is left to do: every release once, then again; the long ones (those that pass) first."""
    over = {(one.release, one.number) for one in done}
    order = sorted(wanted, key=lambda name: change(name).harmful)
    return [(name, number) for number in range(1, times + 1) for name in order if (name, number) not in over]


def work_off(left: Sequence[tuple[str, int]], work: Path, parallel: int) -> list[Run]:
    """Do what is *left*, so many at a time."""
    ended: list[Run] = []
    lock = threading.Lock()
    with ThreadPoolExecutor(parallel) as pool:
        futures = [pool.submit(run, name, number, work) for name, number in left]
        try:
            for future in as_completed(futures):
                one = future.result()
                with lock:
                    remember(work, one)
                ended.append(one)
                mark = "" if one.as_expected and one.right_reason else "   <-- NOT AS EXPECTED"
                saw = ", ".join(one.culprits or one.reasons)
                print(f"{one.release} {one.number}: {one.ending} ({saw}) in {one.took:.0f} s{mark}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return ended


def main() -> None:
    """Run what is left, and tell of everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--fresh", action="store_true")
    asked = parser.parse_args()
    wanted = asked.only.split(",") if asked.only else names()
    work: Path = asked.work.absolute()
    if asked.fresh:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    done = [one for one in finished(work) if one.release in wanted and one.number <= asked.runs]
    done += work_off(due(wanted, asked.runs, done), work, asked.parallel)
    table = rows(done, wanted, asked.runs)
    show(table)
    if not asked.only:
        print(write("proving_ground", f"{COMMAND} --runs {asked.runs} --parallel {asked.parallel}", table))
    sys.exit(0 if all(one.met for one in table) else 1)


if __name__ == "__main__":
    main()
