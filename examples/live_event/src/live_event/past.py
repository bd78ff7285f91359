"""Makes the history that a demonstration needs: hours of log lines out of some seconds of real ones.

Every second of the past repeats a second of the running load that begins at a random moment, with every line that fell
into it, in all streams. So the mix, the rates and what one person does at a time are those of the service itself; only
the time is made up, and every such line says so in its attribute `generated`.
"""

import bisect
import json
import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from live_event.logs import AUTH, EDGE, Line, encode

STREAMS = (EDGE, AUTH)
PIECE = timedelta(seconds=1)


def generate(logs: Path, length: timedelta, seed: int = 1) -> int:
    """Write the history of *length* before the first real line of *logs*; returns how many lines.

    What is drawn from begins when everybody has arrived: the last sign-up.
    """
    chance = random.Random(seed)
    real = {stream: _read(logs / f"{stream}.ndjson") for stream in STREAMS}
    times = {stream: [_time(one) for one in lines] for stream, lines in real.items()}
    start, until = times[EDGE][0], times[EDGE][-1]
    settled = max((_time(one) for one in real[AUTH] if one["log_attributes"]["path"] == "/signup"), default=start)
    files = {stream: (logs / f"past-{stream}.ndjson").open("wb") for stream in STREAMS}
    written = 0
    for second in range(round(length / PIECE), 0, -1):
        piece = settled + chance.random() * max(timedelta(0), until - settled - PIECE)
        back = piece - (start - second * PIECE)
        for stream in STREAMS:
            for one in _within(real[stream], times[stream], piece):
                files[stream].write(encode(_moved(one, back)))
                written += 1
    for file in files.values():
        file.close()
    return written


def _read(path: Path) -> list[Line]:
    """The real lines of a stream in order of time, those of watchers left out."""
    lines = [json.loads(one) for one in path.read_bytes().splitlines()]
    return sorted((one for one in lines if "request.headers.x_bakewatch" not in one["log_attributes"]), key=_time)


def _within(lines: Sequence[Line], times: Sequence[datetime], piece: datetime) -> Sequence[Line]:
    """The lines of the second that begins with *piece*."""
    return lines[bisect.bisect_right(times, piece) : bisect.bisect_right(times, piece + PIECE)]


def _time(line: Line) -> datetime:
    return datetime.fromisoformat(line["timestamp"]).replace(tzinfo=UTC)


def _moved(line: Line, back: timedelta) -> Line:
    return {
        **line,
        "id": str(uuid.uuid4()),
        "timestamp": (_time(line) - back).strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "log_attributes": {**line["log_attributes"], "generated": "history"},
    }
