"""The proving ground: `python -m benchmarks.proving_ground [--only a,b] [--parallel 2] [--runs 1]`.

Every release of the example is merged, deployed and watched for real, each time in a stack of its own, at the example's
time scale. A run that is finished is not done again (`--fresh` forgets it) until bakewatch, the example or that release
is another, so that it can be interrupted at any time. The table goes to the screen, `results/proving_ground.json` and,
with charts, `results/proving_ground.html`.
"""

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from benchmarks.proving_ground.memory import Uncommitted, finished, remember, tried
from benchmarks.proving_ground.page import write_page
from benchmarks.proving_ground.run import Run, end_all, run
from benchmarks.proving_ground.totals import rows
from benchmarks.table import show, write
from live_event.team import RELEASES, change

COMMAND = "python -m benchmarks.proving_ground"
WORK = Path(".cache/proving_ground")
"""Where finished runs are remembered, and their reports are kept."""


def names() -> list[str]:
    """All releases, the harmful ones first."""
    found = [path.stem for path in RELEASES.glob("*.toml")]
    return sorted(found, key=lambda name: (not change(name).harmful, change(name).number))


def due(wanted: Sequence[str], times: int, done: Sequence[Run]) -> list[tuple[str, int]]:
    """What is left to do: every release once, then again; the long ones (those that are not undone) first."""
    over = {(one.release, one.number) for one in done}
    order = sorted(wanted, key=lambda name: change(name).undoable)
    return [(name, number) for number in range(1, times + 1) for name in order if (name, number) not in over]


def work_off(left: Sequence[tuple[str, int]], work: Path, parallel: int, digests: Mapping[str, str]) -> list[Run]:
    """Do what is *left*, so many at a time; each is remembered with its release's digest in *digests*."""
    ended: list[Run] = []
    with ThreadPoolExecutor(parallel) as pool:
        futures = [pool.submit(run, name, number, work) for name, number in left]
        try:
            for future in as_completed(futures):
                ran = future.result()
                one = replace(ran, tried=digests[ran.release])
                remember(work, one)
                ended.append(one)
                mark = "" if one.as_expected and one.right_reason else "   <-- NOT AS EXPECTED"
                saw = ", ".join(one.culprits or one.reasons)
                told = f"{one.release} {one.number}: {one.ending} ({saw}) in {one.took:.0f} s{mark}"
                print(f"[{len(ended)} of {len(left)}] {told}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all()
            raise
    return ended


def main() -> None:
    """Run what is left, and tell of everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--parallel", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--fresh", action="store_true")
    asked = parser.parse_args()
    wanted = asked.only.split(",") if asked.only else names()
    if unknown := sorted(set(wanted) - set(names())):
        parser.error(f"--only: there is no release {unknown[0]!r} in {RELEASES}")
    work: Path = asked.work.absolute()
    if asked.fresh:
        shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    try:
        digests = {name: tried(name) for name in wanted}
    except Uncommitted as problem:
        parser.error(str(problem))
    done = [one for one in finished(work, digests) if one.number <= asked.runs]
    done += work_off(due(wanted, asked.runs, done), work, asked.parallel, digests)
    table = rows(done, wanted, asked.runs)
    show(table)
    if not asked.only:
        command = f"{COMMAND} --runs {asked.runs} --parallel {asked.parallel}"
        print(write("proving_ground", command, table))
        print(write_page(done, table, command))
    sys.exit(0 if all(one.met for one in table) else 1)


if __name__ == "__main__":
    main()
