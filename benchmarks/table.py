"""What a benchmark measured: a table on the screen and a JSON file in `results/`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One figure: what was wanted, what came out, and whether that is good enough."""

    figure: str
    goal: str
    value: str
    met: bool


def show(rows: Iterable[Row]) -> None:
    """Print *rows* as a table."""
    lines = [("figure", "goal", "value", "met"), *((one.figure, one.goal, one.value, _yes(one)) for one in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for line in lines:
        print("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip(), flush=True)


def write(name: str, command: str, rows: Sequence[Row], folder: Path = RESULTS) -> Path:
    """Write *rows* into `<name>.json`; returns where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    told = {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": [asdict(one) for one in rows],
    }
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return path


def _yes(row: Row) -> str:
    return "yes" if row.met else "NO"
