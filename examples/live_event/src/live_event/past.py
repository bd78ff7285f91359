"""Makes the history that a demonstration needs: hours of log lines out of some seconds of real ones.

Real lines of the running load are drawn at random, at the rate at which they really came (Poisson, second by second),
and moved into the past. So the mix and the rates are those of the service itself; only the time is made up, and every
such line says so in its attribute `generated`.
"""

import json
import math
import random
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from live_event.logs import AUTH, EDGE, Line, encode

STREAMS = (EDGE, AUTH)


def generate(logs: Path, length: timedelta, seed: int = 1) -> int:
    """Write the history of *length* before the first real line of *logs*; returns how many lines.

    What is drawn from begins when everybody has arrived: the last sign-up.
    """
    chance = random.Random(seed)
    real = {stream: _read(logs / f"{stream}.ndjson") for stream in STREAMS}
    start = min(map(_time, real[EDGE]))
    settled = max((_time(one) for one in real[AUTH] if one["log_attributes"]["path"] == "/signup"), default=start)
    seconds = (max(map(_time, real[EDGE])) - settled).total_seconds()
    written = 0
    for stream in STREAMS:
        lines = [one for one in real[stream] if _time(one) > settled]
        rate = len(lines) / seconds
        with (logs / f"past-{stream}.ndjson").open("wb") as file:
            for second in range(round(length.total_seconds()), 0, -1):
                offsets = sorted(chance.random() for _ in range(_poisson(rate, chance)))
                at = start - timedelta(seconds=second)
                for offset in offsets:
                    file.write(encode(_moved(chance.choice(lines), at + timedelta(seconds=offset))))
                written += len(offsets)
    return written


def _read(path: Path) -> list[Line]:
    """The real lines of a stream, those of watchers left out."""
    lines = [json.loads(one) for one in path.read_bytes().splitlines()]
    return [one for one in lines if "request.headers.x_bakewatch" not in one["log_attributes"]]


def _time(line: Line) -> datetime:
    return datetime.fromisoformat(line["timestamp"]).replace(tzinfo=UTC)


def _moved(line: Line, at: datetime) -> Line:
    return {
        **line,
        "id": str(uuid.uuid4()),
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "log_attributes": {**line["log_attributes"], "generated": "history"},
    }


def _poisson(mean: float, chance: random.Random) -> int:
    """A Poisson number by Knuth's method; *mean* is some dozens at the most."""
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
