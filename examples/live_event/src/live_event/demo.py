"""Shows bakewatch at work on the live event: `python -m live_event.demo [--dir DIR] [--releases NAME,…] [--runs N]`.

For each release: a real merge is pushed and deployed, visitors go on, and the real command `bakewatch verify` follows
it. Ends with 0 when every release ended as it should.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from live_event.stack import Stack, serving, visited
from live_event.team import Change, change

HISTORY = timedelta(minutes=20)
"""A little more than four hours of the plan, at its time scale of 0.08."""

PASSED, UNDONE = 0, 1


@dataclass(frozen=True)
class Shown:
    """How one release went."""

    name: str
    expected: int
    code: int
    reverts: int
    broken: float
    """Seconds between the first and the last bad answer that visitors got; 0 when there was none."""
    reports: tuple[Path, ...]

    @property
    def right(self) -> bool:
        """Did it end as it should?"""
        return self.code == self.expected and self.reverts == (1 if self.expected == UNDONE else 0)


def show(stack: Stack, release: Change) -> Shown:
    """Merge *release* and have it watched."""
    print(f"\n=== #{release.number} {release.title}", flush=True)
    before = _reverts(stack)
    commit = stack.team.merge(release)
    merged = datetime.now(UTC)
    code = watch(stack, commit)
    return Shown(
        name=release.name,
        expected=UNDONE if release.harmful else PASSED,
        code=code,
        reverts=_reverts(stack) - before,
        broken=_broken(stack, merged),
        reports=tuple(sorted((stack.folder / ".bakewatch" / "data" / "reports").glob(f"*{commit}/*"))),
    )


def watch(stack: Stack, commit: str) -> int:
    """Run the real command line; returns its exit code."""
    program = Path(sys.executable).with_name("bakewatch")
    argv = [str(program), "verify", "--config", str(stack.config), "--commit", commit]
    return subprocess.run(argv, env={**os.environ, **stack.environ}).returncode


def _reverts(stack: Stack) -> int:
    return sum(" Revert " in one for one in stack.team.log())


def _broken(stack: Stack, since: datetime) -> float:
    path = stack.folder / "bad.ndjson"
    told = [json.loads(one)["at"] for one in path.read_text().splitlines()] if path.exists() else []
    times = [at for at in map(datetime.fromisoformat, told) if at >= since]
    return (max(times) - min(times)).total_seconds() if times else 0.0


def tell(stack: Stack, shown: list[Shown]) -> None:
    """What there is to see."""
    print("\n=== What happened (history made by the load generator; a minute of the plan takes 4.8 s)")
    for one in shown:
        ended = {PASSED: "passed", UNDONE: "failed, undone, proved"}.get(one.code, f"ended with {one.code}")
        print(f"{one.name}: {ended}{'' if one.right else '   <-- NOT AS EXPECTED'}")
        if one.broken:
            print(f"  visitors got bad answers for {one.broken:.1f} s, from the first to the last")
        for path in one.reports:
            if path.suffix == ".md":
                print(f"  {path}")
    print("main of the remote, newest first:")
    for line in stack.team.log():
        print(f"  {line}")


def main() -> None:
    """Show it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, default=Path(".demo"))
    parser.add_argument("--releases", default="harmless,registrations_id")
    parser.add_argument("--runs", type=int, default=1)
    asked = parser.parse_args()
    releases = [change(name) for name in asked.releases.split(",")]
    ended = []
    for run in range(asked.runs):
        folder: Path = (asked.dir / str(run + 1) if asked.runs > 1 else asked.dir).absolute()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print("=== Starting PostgreSQL, the platform and visitors", flush=True)
        with serving(folder) as stack, visited(stack, HISTORY):
            shown = [show(stack, release) for release in releases]
            tell(stack, shown)
        ended += shown
    sys.exit(0 if all(one.right for one in ended) else 1)


if __name__ == "__main__":
    main()
