"""Real traffic: how often a watch of its volume alarms although nothing is known to have happened."""

from pathlib import Path

import numpy as np

from bakewatch.stats import noise, season
from bakewatch.stats.alarms import Past
from bakewatch.stats.noise import Array
from benchmarks.detection import judges, ours, traces
from benchmarks.detection.peers.minutes import of_volume
from benchmarks.detection.results import OURS, Real
from benchmarks.detection.streams import WATCH

QUIET = 60
"""So many absent minutes in a row are minutes without a request."""
_BLOCK = round(noise.BLOCK)
_MINUTE = 60


def real(path: Path) -> Real:
    """Every half hour of the trace at *path* that follows a complete week is a watch, looked at every minute.

    The exposure is the forecast from the week before. Only a rise is an alarm.
    """
    cuts = traces.cut(traces.read(path, quiet=QUIET).counts)
    alarms = [_alarm(history, watch) for history, watch in zip(cuts.history, cuts.watch, strict=True)]
    others = judges.documented(of_volume(cuts.before, cuts.watch))
    found = {OURS: np.array(alarms)} | {name: one for name, one in others.items() if name not in judges.ABSOLUTE}
    return Real(
        path.name.split(".")[0], len(alarms), {name: int(np.isfinite(one).sum()) for name, one in found.items()}
    )


def _alarm(history: Array, watch: Array) -> float:
    """The minute of the first alarm of one watch (30,) after its *history* (2016,)."""
    expected = season.forecast(history, np.ones_like(history))
    assert expected is not None, "a whole week is more than a forecast needs"
    before, after = expected
    blocks = 4 * 60 // _BLOCK
    past = Past(history[None, -blocks:], before[None, -blocks:])
    exposure = np.repeat(after[: WATCH // _BLOCK], _BLOCK)[None] / _BLOCK
    fitted = noise.fit(history, before)
    return float(ours.alarms(past, watch[None], exposure, fitted, ours.SINGLE, bucket=_MINUTE)[0])
