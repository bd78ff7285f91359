"""bakewatch's detector beside the judges of other tools, on the same streams of requests and errors.

    python -m benchmarks.detection [--quick] [--seed N] [--trace CSV] [--jobs N] [--folder PATH]

A unit of work that is done is not done again, so that it can be interrupted at any time.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import table
from benchmarks.detection import plan, traces
from benchmarks.detection.charts import write_charts
from benchmarks.detection.real import QUIET
from benchmarks.detection.rows import rows
from benchmarks.detection.work import done, work_off

SEED = 20261125
FOLDER = Path(".cache/detection")


def main(words: Sequence[str]) -> int:
    """The command: 0 when every row is met, 2 for a trace that cannot be used."""
    asked = _parser().parse_args(words)
    for path in asked.trace:
        if problem := _problem(path):
            print(problem, file=sys.stderr)
            return 2
    size = plan.QUICK if asked.quick else plan.FULL
    kept: Path = asked.folder / f"{asked.seed}-{size.name}"
    results = work_off(plan.units(size, asked.seed, asked.trace), kept, asked.jobs)
    results.append(done(plan.timing(asked.seed), kept))
    found = list(rows(results))
    table.show(found)
    folder, name = (asked.folder, "quick") if asked.quick else (asked.results, "detection")
    print(table.write(name, " ".join(["python -m benchmarks.detection", *words]), found, folder))
    write_charts(results, folder)
    return 0 if all(one.met for one in found) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks.detection", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="about 3 minutes; its figures are coarse")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of all random numbers [{SEED}]")
    parser.add_argument(
        "--trace", type=Path, action="append", default=[], help="counts per minute (CSV or .csv.gz); may be repeated"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes [2]")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"for what is done already [{FOLDER}]")
    parser.add_argument("--results", type=Path, default=table.RESULTS, help="for the table and the plots of a full run")
    return parser


def _problem(path: Path) -> str | None:
    """Why the trace at *path* cannot be used, in one line."""
    try:
        cuts = traces.cut(traces.read(path, quiet=QUIET).counts)
    except (OSError, EOFError, ValueError) as error:
        return str(error) if str(path) in str(error) else f"{path}: {error}"
    return None if len(cuts.starts) else f"{path}: no half hour in it follows a complete week"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
