"""The peers by name: as they are documented, and in all their tunings."""

from collections.abc import Callable
from functools import partial

from benchmarks.detection.peers import argo, flagger, kayenta
from benchmarks.detection.peers.minutes import Array, Minutes

Judge = Callable[[Minutes], Array]
"""From W watches to the minute of each one's first alarm."""

DOCUMENTED: dict[str, dict[str, Judge]] = {
    "Kayenta": {
        "Kayenta, every 5 min": kayenta.first_alarm,
        "Kayenta, once": partial(kayenta.first_alarm, setting=kayenta.ONCE),
    },
    "Argo": {
        "Argo, 3 failures of 5 %": argo.first_alarm,
        "Argo, 3 failures of 2x": partial(argo.first_alarm, setting=argo.TWICE),
        "Argo, 3 failures of 2x, every minute": partial(argo.first_alarm, setting=argo.TWICE_A_MINUTE),
    },
    "Flagger": {
        "Flagger, 1 failure of 1 %": partial(flagger.first_alarm, setting=flagger.DEFAULT),
        "Flagger, 5 failures of 1 %": flagger.first_alarm,
        "Flagger, 5 failures of 2x": partial(flagger.first_alarm, setting=flagger.TWICE),
    },
}
"""Each peer's documented settings. A limit of 2x is twice the rate of the service itself."""

ABSOLUTE = ("Argo, 3 failures of 5 %", "Flagger, 1 failure of 1 %", "Flagger, 5 failures of 1 %")
"""Those whose limit is a share of errors, which says nothing about a volume."""

TUNINGS: dict[str, tuple[Judge, ...]] = {
    "Kayenta": tuple(partial(kayenta.first_alarm, setting=one) for one in kayenta.tunings()),
    "Argo": tuple(partial(argo.first_alarm, setting=one) for one in argo.tunings()),
    "Flagger": tuple(partial(flagger.first_alarm, setting=one) for one in flagger.tunings()),
}


def documented(seen: Minutes) -> dict[str, Array]:
    """The first alarms of every documented setting, (W,) each."""
    return {name: judge(seen) for settings in DOCUMENTED.values() for name, judge in settings.items()}


def tuned(seen: Minutes) -> dict[str, list[Array]]:
    """The first alarms of every tuning of each peer, (W,) each."""
    return {peer: [judge(seen) for judge in judges] for peer, judges in TUNINGS.items()}
