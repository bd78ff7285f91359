"""Does units of work, several at a time, and none twice."""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import msgspec

from benchmarks.detection.plan import Unit
from benchmarks.detection.results import Result


def work_off(units: Sequence[Unit], folder: Path, jobs: int) -> list[Result]:
    """Do what is not done yet in *jobs* processes; returns all results, in the order of *units*."""
    left = [one for one in units if not _path(folder, one).exists()]
    began = time.monotonic()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(done, unit, folder): unit for unit in left}
        try:
            for number, future in enumerate(as_completed(futures), start=1):
                future.result()
                print(
                    f"{len(left) - number} left, {time.monotonic() - began:.0f} s: {futures[future].name}", flush=True
                )
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [done(unit, folder) for unit in units]


def done(unit: Unit, folder: Path) -> Result:
    """The result of *unit*: the one that is kept in *folder*, or a new one, which is kept from then on."""
    path = _path(folder, unit)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(msgspec.json.encode(unit.measure()))
        unfinished.replace(path)
    result: Result = msgspec.json.decode(path.read_bytes(), type=Result)
    return result


def _path(folder: Path, unit: Unit) -> Path:
    return folder / f"{unit.name}.json"
