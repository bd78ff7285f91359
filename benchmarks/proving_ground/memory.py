"""Which runs are finished, one line of JSON for each, and of what: a run counts until what was tried has changed."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks.proving_ground.run import NOT_RUN, Run

EXAMPLE = "examples/live_event"
PARTS = (
    *("src", "requirements/dev.lock", "benchmarks/proving_ground/run.py"),
    *(f"{EXAMPLE}/{one}" for one in ("src", "journeys", "bakewatch.toml", "pyproject.toml")),
)
"""What every run tries; its own release comes to that."""


class Uncommitted(Exception):
    """What is tried is not what is committed."""


def tried(release: str) -> str:
    """A digest of all that decides how a run of *release* goes, as it is committed."""
    parts = (*PARTS, f"{EXAMPLE}/releases/{release}.toml")
    changed = _git("status", "--porcelain", "--", *parts)
    if changed:
        raise Uncommitted(f"commit first, runs are remembered by what is committed: {changed.splitlines()[0].strip()}")
    return hashlib.sha256(_git("rev-parse", *(f"HEAD:{one}" for one in parts)).encode()).hexdigest()[:12]


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def finished(work: Path, digests: Mapping[str, str]) -> list[Run]:
    """The runs that need not be done again: what they tried is what *digests* says of their release now."""
    path = work / "runs.ndjson"
    told = [json.loads(one) for one in path.read_text().splitlines()] if path.exists() else []
    runs = [Run(**one | {key: tuple(one[key]) for key in ("culprits", "reasons")}) for one in told]
    return [one for one in runs if one.tried == digests.get(one.release)]


def remember(work: Path, done: Run) -> None:
    """One line more; a run that did not come to an end is tried again next time."""
    if done.ending != NOT_RUN:
        with (work / "runs.ndjson").open("a") as file:
            file.write(json.dumps(asdict(done)) + "\n")
