"""Ships the log lines that the service writes to where whoever watches reads them, as a log drain does.

It moves whole lines, at once. While the scene `log_delay` is played, each load of lines is held back for a random time,
so that lines come late and in another order, as they do when a drain has trouble; in the scene `log_outage` nothing
comes, and in the scene `clock_skew` what the lines say of their time is wrong.
"""

import heapq
import itertools
import json
import math
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from live_event.logs import STREAMS, LogWriter, encode

POLL = 0.1


class Shipper:
    """Moves lines from *source* to *target* in a thread of its own.

    *delay* says how late they may be now, *skew* how far their clock is ahead, both in seconds.
    """

    def __init__(
        self,
        source: Path,
        target: Path,
        delay: Callable[[], float] = lambda: 0.0,
        skew: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._skew = skew
        self._paths = {stream: source / f"{stream}.ndjson" for stream in STREAMS}
        self._writer, self._delay, self._chance = LogWriter(target), delay, random.Random(1)
        self._read = dict.fromkeys(STREAMS, 0)
        self._held: list[tuple[float, int, str, bytes]] = []
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="log-shipper")

    def start(self) -> None:
        """Begin to ship."""
        self._thread.start()

    def stop(self) -> None:
        """End, when everything that was written has been shipped."""
        self._stop.set()
        self._thread.join(5)
        self._writer.close()

    def ship(self, now: float, *, all_of_it: bool = False) -> None:
        """Take what is new, and let go what is due at *now* (seconds of any clock)."""
        late, ahead = self._delay(), self._skew()
        for stream, path in self._paths.items():
            block = self._new(stream, path)
            if block:
                held = late if math.isinf(late) else self._chance.uniform(0, late) if late else 0.0
                told = _ahead(block, ahead) if ahead else block
                heapq.heappush(self._held, (now + held, next(self._numbers), stream, told))
        while self._held and (all_of_it or self._held[0][0] <= now):
            _, _, stream, block = heapq.heappop(self._held)
            self._writer.write_many(stream, block)

    def _new(self, stream: str, path: Path) -> bytes:
        """The whole lines that were written since the last time."""
        if not path.exists():
            return b""
        with path.open("rb") as file:
            file.seek(self._read[stream])
            text = file.read()
        block = text[: text.rfind(b"\n") + 1]
        self._read[stream] += len(block)
        return block

    def _work(self) -> None:
        last = False
        while not last:
            last = self._stop.wait(POLL)
            self.ship(time.monotonic(), all_of_it=last)


def _ahead(block: bytes, seconds: float) -> bytes:
    """The lines of *block* with their time so many seconds later."""
    lines = []
    for one in block.splitlines():
        told = json.loads(one)
        later = datetime.fromisoformat(told["timestamp"]) + timedelta(seconds=seconds)
        lines.append(encode({**told, "timestamp": later.strftime("%Y-%m-%dT%H:%M:%S.%f")}))
    return b"".join(lines)
