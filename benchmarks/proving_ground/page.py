"""The proving ground as a page: what was measured, with charts. It needs nothing but itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from benchmarks.proving_ground.run import Run
from benchmarks.proving_ground.totals import short
from benchmarks.table import RESULTS, Row
from live_event.scenes import MINUTE
from live_event.team import Change, change

HERE = Path(__file__).parent
_BAR, _WIDE = 16, 420
"""Pixels: how high a bar's line is, and how wide the longest bar."""


@dataclass(frozen=True)
class Line:
    """One run, and what is drawn of it."""

    told: Change
    run: Run
    saw: str
    good: bool
    detected: float | None = None
    """Width of the bar until detection, in pixels."""
    restored: float | None = None


def write_page(runs: Sequence[Run], table: Sequence[Row], command: str, folder: Path = RESULTS) -> Path:
    """Write `proving_ground.html`; returns where."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    totals = [one for one in table if not one.figure.startswith(("harmful: ", "harmless: "))]
    lines = _lines(runs)
    text = environment.get_template("page.html").render(
        lines=lines,
        bars=[one for one in lines if one.restored is not None],
        counts=_counts(lines),
        totals=totals,
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        minute=MINUTE,
        high=_BAR,
        wide=_WIDE,
    )
    path = folder / "proving_ground.html"
    path.write_text(text)
    return path


def _lines(runs: Sequence[Run]) -> list[Line]:
    ordered = sorted(runs, key=lambda one: (not change(one.release).harmful, change(one.release).number, one.number))
    longest = max((one.restored or 0 for one in runs), default=0) or 1
    found = []
    for one in ordered:
        told = change(one.release)
        drawn = told.undoable and one.detected is not None and one.restored is not None
        found.append(
            Line(
                told=told,
                run=one,
                saw=", ".join(map(short, one.culprits or one.reasons)),
                good=one.as_expected and one.right_reason,
                detected=(one.detected or 0) / longest * _WIDE if drawn else None,
                restored=(one.restored or 0) / longest * _WIDE if drawn else None,
            )
        )
    return found


def _counts(lines: Sequence[Line]) -> dict[str, dict[str, int]]:
    """How many harmful and harmless ones ended how."""
    counts: dict[str, dict[str, int]] = {"harmful": {}, "harmless": {}}
    for one in lines:
        side = counts["harmful" if one.told.harmful else "harmless"]
        side[one.run.ending] = side.get(one.run.ending, 0) + 1
    return counts
