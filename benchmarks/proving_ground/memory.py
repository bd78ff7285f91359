"""Which runs are finished: one line of JSON for each."""

import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.proving_ground.run import NOT_RUN, Run


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
