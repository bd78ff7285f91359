"""Shows bakewatch at work on the live event: `python -m live_event.demo [--dir DIR] [--releases NAME,…] [--runs N]`.

For each release: a real merge is pushed and deployed, visitors go on, and the real command `bakewatch verify` follows
it. What went on is also written to `DIR/shown.json`. Ends with 0 when every release ended as it should.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from live_event.scenes import MINUTE, SCENES, Deeds, play, played
from live_event.stack import BUILD, Stack, serving, visited
from live_event.team import Change, change

HISTORY = timedelta(minutes=12)
"""Two and a half hours of the plan, at its time scale of 0.08."""

ENDINGS = {0: "passed", 1: "undone", 3: "inconclusive", 4: "never_deployed", 5: "not_undone", 6: "not_cured"}
"""What the command's exit codes say."""


@dataclass(frozen=True)
class Shown:
    """How one release went."""

    name: str
    expected: tuple[str, ...]
    ending: str
    reverts: int
    broken: float
    """Seconds between the first and the last bad answer that visitors got; 0 when there was none."""
    merged: str
    first_bad: str
    """When they got the first one."""
    reports: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Did it end as it should?"""
        return self.ending in self.expected and self.reverts == (1 if self.ending == "undone" else 0)


TOLD = {"undone": "failed, undone, proved", "not_undone": "failed, and not undone: nobody answered or it was refused"}


def show(stack: Stack, release: Change) -> Shown:
    """Merge *release* and have it watched."""
    print(f"\n=== #{release.number} {release.title}", flush=True)
    before = _reverts(stack)
    stack.platform.arrange(release.platform)
    if release.platform:
        print(f"    the platform will go wrong: {release.platform}", flush=True)
    commit = stack.team.merge(release)
    merged = datetime.now(UTC)
    if release.scene:
        print(f"    meanwhile: {SCENES[release.scene].title}", flush=True)
    with played(stack.folder, release.scene, lambda: stack.platform.serves(commit), _deeds(stack)):
        code = watch(stack, commit)
    bad = _bad(stack, merged)
    reports = (stack.folder / ".bakewatch" / "data" / "reports").glob(f"*{commit}/*")
    return Shown(
        name=release.name,
        expected=release.expected,
        ending=ENDINGS.get(code, f"exit code {code}"),
        reverts=_reverts(stack) - before,
        broken=(bad[-1] - bad[0]).total_seconds() if bad else 0.0,
        merged=merged.isoformat(),
        first_bad=bad[0].isoformat() if bad else "",
        reports=tuple(map(str, sorted(reports))),
    )


def _deeds(stack: Stack) -> Deeds:
    away = SCENES["database_outage"].lasts * MINUTE
    return {
        "database_restart": stack.database.restart,
        "database_outage": lambda: stack.database.restart(away),
    }


def watch(stack: Stack, commit: str) -> int:
    """Follow the release; returns the exit code."""
    return _bakewatch(stack, "verify", "--commit", commit)


def foresee(stack: Stack) -> None:
    """What the plan could see with the traffic that there is."""
    print("\n=== What the checks could see now", flush=True)
    _bakewatch(stack, "check", "--power")


def _bakewatch(stack: Stack, command: str, *words: str) -> int:
    """Run the real command line; returns its exit code.

    In life it runs elsewhere: on this one machine it must not take the processor from the service, which would be slow.
    """
    program = Path(sys.executable).with_name("bakewatch")
    argv = ["nice", "-n", "10", str(program), command, "--config", str(stack.config), *words]
    return subprocess.run(argv, env={**os.environ, **stack.environ}).returncode


def _reverts(stack: Stack) -> int:
    return sum(" Revert " in one for one in stack.team.log())


def _bad(stack: Stack, since: datetime) -> list[datetime]:
    """When visitors got bad answers."""
    path = stack.folder / "bad.ndjson"
    told = [json.loads(one)["at"] for one in path.read_text().splitlines()] if path.exists() else []
    return sorted(at for at in map(datetime.fromisoformat, told) if at >= since)


def tell(stack: Stack, shown: list[Shown]) -> None:
    """What there is to see."""
    print("\n=== What happened (history made by the load generator; a minute of the plan takes 4.8 s)")
    for one in shown:
        wrong = "" if one.right else f"   <-- NOT AS EXPECTED ({' or '.join(one.expected)})"
        print(f"{one.name}: {TOLD.get(one.ending, one.ending)}{wrong}")
        if one.broken:
            print(f"  visitors got bad answers for {one.broken:.1f} s, from the first to the last")
        for path in one.reports:
            if path.endswith(".md"):
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
    parser.add_argument("--build", type=float, default=BUILD, help="seconds that a deployment takes to build")
    parser.add_argument("--brief", action="store_true", help="do not show what the checks could see")
    asked = parser.parse_args()
    releases = [change(name) for name in asked.releases.split(",")]
    standing = {one.scene for one in releases if one.scene and SCENES[one.scene].standing}
    if standing and len(releases) > 1:
        parser.error(f"what is played all the time ({', '.join(standing)}) is shown alone")
    ended = []
    for run in range(asked.runs):
        folder: Path = (asked.dir / str(run + 1) if asked.runs > 1 else asked.dir).absolute()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        play(folder, *standing or ("",))
        print("=== Starting PostgreSQL, the platform and visitors", flush=True)
        with serving(folder, asked.build) as stack, visited(stack, HISTORY):
            if not asked.brief:
                foresee(stack)
            shown = [show(stack, release) for release in releases]
            tell(stack, shown)
        (folder / "shown.json").write_text(json.dumps([asdict(one) for one in shown], indent=2) + "\n")
        ended += shown
    sys.exit(0 if all(one.right for one in ended) else 1)


if __name__ == "__main__":
    main()
