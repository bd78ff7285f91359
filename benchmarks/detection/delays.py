"""Rows about how quickly a judge is right."""

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from bakewatch.model.foresight import RATIOS
from benchmarks.detection.judges import DOCUMENTED, TUNINGS
from benchmarks.detection.results import OURS, OURS_30, Late, Quiet, Worse
from benchmarks.detection.shares import Key, named
from benchmarks.table import Row

FOUND = 0.95
"""Delays are compared where bakewatch finds so large a share."""
FALSE = 0.01
"""A tuning in hindsight may alarm falsely in so large a share of the cell's watches."""
AT_RANDOM = 0.25
"""A documented setting with more false alarms than that finds nothing: its delays are left out."""
_LIMITS = (0.4, 5.0)
_PREDICTED = (1.0, 25.0)


def limit_row(found: Sequence[Worse], onset: float, goal: float, noise: str = "") -> Row:
    """Mean delay over the information limit, 2x to 5x, for one *noise* or for all."""
    ratios = {
        f"{named(one.noise, one.per_minute)} {one.effect:g}x": mean / one.limit
        for one in found
        if noise in ("", one.noise) and one.onset == onset and 2 <= one.effect <= 5
        if _LIMITS[0] <= one.limit <= _LIMITS[1] and (mean := one.delays[OURS].mean) is not None
    }
    since = f"from minute {onset:g} on" if onset else "from the deploy on"
    figure = f"mean delay / information limit, 2x-5x {since}: {noise or 'all noises'}"
    value, met = "nothing measured", False
    if ratios:
        worst = max(ratios, key=ratios.__getitem__)
        middle = median(ratios.values())
        value = f"median {middle:.2f}, worst {ratios[worst]:.2f} ({worst}) of {len(ratios)} cases"
        met = ratios[worst] <= goal
    return Row(figure, f"<= {goal:g}", value, met)


def tuned_rows(found: Sequence[Worse], quiet: Mapping[Key, Quiet]) -> Iterator[Row]:
    """Against each peer in the tuning that suits the cell best, at 2x from the deploy on."""
    for peer in TUNINGS:
        ratios, never = {}, 0
        for one in _comparable(found, 2.0):
            cell = one.noise, one.per_minute
            took = best_tuned(one, quiet[cell], peer)
            if took is None:
                never += 1
            else:
                ratios[cell] = took / _mean(one)
        figure = f"2x: mean delay of {peer}, tuned in hindsight to <= 1 % false, / ours"
        unfit = f"; no tuning does in {never} cells" if never else ""
        yield _ratio_row(figure, 1.5, 1.0, {peer: ratios}, unfit)


def best_tuned(one: Worse, quiet: Quiet, peer: str) -> float | None:
    """The least mean delay of all tunings with few false alarms; None when all have too many."""
    fit = [
        mean
        for mean, false in zip(one.tuned[peer], quiet.tuned[peer], strict=True)
        if mean is not None and false <= FALSE * quiet.peers
    ]
    return min(fit, default=None)


def documented_row(found: Sequence[Worse], quiet: Mapping[Key, Quiet], effect: float, goal: float) -> Row:
    """Against the peers' documented settings, from the deploy on, with looks every 5 s."""
    some = _comparable(found, effect)
    return _ratio_row(f"{effect:g}x: mean delay of others as documented / ours", goal, 0.0, _documented(some, quiet))


def hosted_row(found: Sequence[Late], quiet: Mapping[Key, Quiet], effect: float) -> Row:
    """The same where our logs come late and looks are every 30 s; the peers' logs are in time."""
    some = [one for one in found if one.effect == effect and one.delays[OURS_30].found >= FOUND]
    figure = f"{effect:g}x: mean delay of others as documented / ours, looks every 30 s, logs 30 s late"
    return _ratio_row(figure, 2.0, 0.0, _documented(some, quiet, OURS_30))


def predicted_row(found: Sequence[Worse]) -> Row:
    """The predicted against the simulated time in which 95 % are found, from the deploy on."""
    # No smaller change is ever told of.
    told = [one for one in found if one.onset == 0 and one.effect >= min(RATIOS)]
    errors = {
        f"{named(one.noise, one.per_minute)} {one.effect:g}x": (one.predicted or math.inf) / q95 - 1
        for one in told
        if (q95 := one.delays[OURS].q95) is not None and _PREDICTED[0] <= q95 <= _PREDICTED[1]
    }
    value, met = "nothing measured", False
    if errors:
        worst = max(errors, key=lambda case: abs(errors[case]))
        near = sum(abs(error) <= 0.25 for error in errors.values())
        value = (
            f"median {median(errors.values()):+.0%}, worst {errors[worst]:+.0%} ({worst}),"
            f" {near} of {len(errors)} cases within"
        )
        met = near == len(errors)
    return Row("predicted against simulated time to find 95 %", "within 25 %", value, met)


def _comparable(found: Sequence[Worse], effect: float) -> list[Worse]:
    return [one for one in found if one.effect == effect and one.onset == 0 and one.delays[OURS].found >= FOUND]


def _documented(
    found: Sequence[Worse] | Sequence[Late], quiet: Mapping[Key, Quiet], ours: str = OURS
) -> dict[str, dict[Key, float]]:
    """The quickest documented setting of each peer over ours, by cell."""
    ratios: dict[str, dict[Key, float]] = {peer: {} for peer in DOCUMENTED}
    for one in found:
        cell = one.noise, one.per_minute
        for peer, settings in DOCUMENTED.items():
            sober = [name for name in settings if quiet[cell].documented[name] <= AT_RANDOM * quiet[cell].peers]
            took = [mean for name in sober if (mean := one.delays[name].mean) is not None]
            if took:
                ratios[peer][cell] = min(took) / _mean(one, ours)
    return ratios


def _mean(one: Worse | Late, ours: str = OURS) -> float:
    mean = one.delays[ours].mean
    assert mean is not None, "where most is found there is a mean"
    return mean


def _ratio_row(
    figure: str, goal: float, least: float, ratios: Mapping[str, Mapping[Key, float]], more: str = ""
) -> Row:
    """Every peer's median ratio has to reach *goal*, and every single one *least*."""
    every = {(peer, cell): ratio for peer, cells in ratios.items() for cell, ratio in cells.items()}
    asked = f"median >= {goal:g}" + (f", least >= {least:g}" if least else ", every peer")
    if not every:
        return Row(figure, asked, f"nothing to compare{more}", False)
    medians = {peer: median(cells.values()) for peer, cells in ratios.items() if cells}
    peer, cell = lowest = min(every, key=every.__getitem__)
    told = ", ".join(f"{name} {ratio:.1f}" for name, ratio in medians.items())
    value = f"median {told}; least {every[lowest]:.2f} ({peer}, {named(*cell)}) of {len(every)}{more}"
    return Row(figure, asked, value, min(medians.values()) >= goal and every[lowest] >= least)
