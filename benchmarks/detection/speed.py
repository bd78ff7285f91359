"""How long bakewatch's detector takes."""

import time
from collections.abc import Callable

import numpy as np

from bakewatch.stats import mixture, noise, season
from bakewatch.stats.noise import BLOCK
from benchmarks.detection.results import Speed
from benchmarks.detection.streams import BEFORE, WATCH, Cell, service

CHECKS = 200
_BUCKETS, _TIMES = 180, 20


def speed(rng: np.random.Generator) -> Speed:
    """Time one look at the end of a watch of 200 checks, and what is learnt from a week of one check."""
    drawn = service(Cell("drifting", 5_000), rng)
    count, exposure = drawn.errors.astype(float), drawn.requests.astype(float)
    there = np.ones_like(count)
    fitted = noise.fit(count, exposure)
    at = np.concatenate([np.arange(-BEFORE, 0, BLOCK), np.arange(_BUCKETS) * WATCH / _BUCKETS])
    requests = np.where(at < 0, 25_000.0, 5_000 * WATCH / _BUCKETS)
    requests = np.broadcast_to(requests, (CHECKS, len(at)))
    errors = rng.poisson(requests * 0.005).astype(float)
    blur = fitted.at(WATCH - mixture.ONSETS * WATCH)

    def look() -> None:
        mixture.combine(mixture.ln_evidence(mixture.split(at, errors, requests, length=WATCH), blur=blur))

    def forecast_and_fit() -> None:
        expected = season.forecast(count, there)
        assert expected is not None, "a week is enough"
        noise.fit(count, expected[0])

    return Speed(_best(look), _best(lambda: noise.fit(count, exposure)), _best(forecast_and_fit))


def _best(timed: Callable[[], object]) -> float:
    """Milliseconds of the quickest of several runs."""
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        timed()
        took.append(time.perf_counter() - began)
    return 1_000 * min(took)
