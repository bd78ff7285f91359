"""The two plots of the benchmark."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from benchmarks.detection.delays import best_tuned
from benchmarks.detection.judges import TUNINGS
from benchmarks.detection.plot import Axis, Series, draw
from benchmarks.detection.results import ORACLE, OURS, PLAIN, Quiet, Result, Worse
from benchmarks.detection.shares import merged, per_cell
from benchmarks.detection.streams import WATCH, Noise

_CELL = ("poisson", 500.0)
_TIMES = {0.01: "0.01", 0.03: "0.03", 0.1: "0.1", 0.3: "0.3", 1.0: "1", 3.0: "3", 10.0: "10", 30.0: "30"}
_SHARES = {0.0001: "0.01 %", 0.001: "0.1 %", 0.01: "1 %", 0.1: "10 %", 1.0: "100 %"}
_OTHERS = ("Kayenta, every 5 min", "Argo, 3 failures of 2x, every minute", "Flagger, 5 failures of 2x")


def write_charts(results: Sequence[Result], folder: Path) -> None:
    """Write `detection-delay.svg` and `detection-false.svg` into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    quiet = [one for one in results if isinstance(one, Quiet)]
    worse = [one for one in results if isinstance(one, Worse)]
    (folder / "detection-delay.svg").write_text(delay_chart(worse, per_cell(quiet)[_CELL]))
    (folder / "detection-false.svg").write_text(false_chart(quiet))


def delay_chart(found: Sequence[Worse], quiet: Quiet) -> str:
    """Mean delay against effect, from the deploy on; the peers in the tuning that suits each effect best."""
    some = [one for one in found if (one.noise, one.per_minute) == _CELL and one.onset == 0]
    some.sort(key=lambda one: one.effect)
    series = [
        _joined("bakewatch", [(one, one.delays[OURS].mean) for one in some]),
        *(
            _joined(f"{peer}, tuned to <= 1 % false", [(one, best_tuned(one, quiet, peer)) for one in some])
            for peer in TUNINGS
        ),
        _joined("known rate and effect (Wald)", [(one, one.delays[ORACLE].mean) for one in some]),
        _joined("information limit", [(one, one.limit) for one in some if one.limit <= WATCH]),
    ]
    effects = {one.effect: f"{one.effect:g}" for one in some}
    x = Axis("errors multiply by", min(effects), max(effects), effects, log=True)
    y = Axis("mean minutes until the alarm (30: not found)", 0.01, WATCH, _TIMES, log=True)
    return draw("How soon? 500 requests a minute, 0.5 % errors, Poisson", x, y, series)


def false_chart(found: Sequence[Quiet]) -> str:
    """False alarms per watch by noise, all sizes of service together."""
    noises = get_args(Noise)
    together = {noise: merged([one for one in found if one.noise == noise]) for noise in noises}
    names = (OURS, *_OTHERS, PLAIN)
    series = []
    for number, name in enumerate(names):
        aside = 0.1 * (number - (len(names) - 1) / 2)
        points = [(at + aside, _share(together[noise], name)) for at, noise in enumerate(noises)]
        series.append(Series("Poisson mixture as published" if name == PLAIN else name, points, joined=False))
    x = Axis("noise of the service", -0.5, len(noises) - 0.5, {float(at): one for at, one in enumerate(noises)})
    y = Axis("watches with a false alarm", 0.0001, 1.0, _SHARES, log=True)
    return draw("How often wrong? 30 minutes in which nothing changes", x, y, series)


def _share(one: Quiet, name: str) -> float:
    return one.false[name] / one.watches if name in one.false else one.documented[name] / one.peers


def _joined(name: str, points: Sequence[tuple[Worse, float | None]]) -> Series:
    return Series(name, [(one.effect, value) for one, value in points if value is not None])
