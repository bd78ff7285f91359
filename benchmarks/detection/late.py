"""Logs that come late: requests half a minute, errors at once. What is seen of a minute is then no share of errors.

Naively, whatever requests have arrived are the exposure of whatever errors have: at any look the errors of the last
minute stand over too few requests. bakewatch judges complete buckets only: older than the longest delay that its
canaries had so far. Expected-arrival exposure takes buckets whose requests have mostly arrived, and scales them to what
should have arrived if they came as early as errors do: it needs to know how late each kind of line is.
"""

import numpy as np

from bakewatch.judge.sight import KNOWN_DELAYS
from bakewatch.stats.alarms import Known, Past, running
from bakewatch.stats.noise import Array
from benchmarks.detection import judges, ours
from benchmarks.detection.measure import EVERY_30_S, delay, fit
from benchmarks.detection.peers.minutes import of_watches
from benchmarks.detection.results import OURS, OURS_30, Late
from benchmarks.detection.streams import (
    BUCKET,
    ERRORS_LATE,
    REQUESTS_LATE,
    Cell,
    Counts,
    Watches,
    arrivals,
    by_bucket,
    service,
    shares_seen,
    watches,
)

NAIVE, NAIVE_30 = "naive", "naive, every 30 s"
EXPECTED, EXPECTED_30 = "expected arrival", "expected arrival, every 30 s"
SETTLE, BUCKET_OF_PLAN = 60 // BUCKET, 10 // BUCKET
"""As in a plan by default: until three delays are known, only what is older is judged; then, what is a bucket older
than the longest of them."""
_CANARIES = 30 // BUCKET
"""A canary is sent with every so many buckets."""
ENOUGH = 0.5
"""The share of a bucket's requests that must be expected to have arrived."""
_CHUNK = 250
"""Watches at a time: each bucket's requests are kept for every moment at which they may arrive."""


def late(cell: Cell, number: int, effect: float, rng: np.random.Generator) -> Late:
    """Draw a service and *number* watches in which its errors multiply by *effect* from the start on."""
    drawn = service(cell, rng)
    seen, fitted = watches(drawn, number, rng, effect), fit(drawn)
    past, looks = ours.past_of(seen), range(1, seen.errors.shape[1] + 1)
    found: dict[str, list[Array]] = {name: [] for name in (NAIVE, NAIVE_30, OURS, OURS_30, EXPECTED, EXPECTED_30)}
    for first in range(0, number, _CHUNK):
        some = slice(first, first + _CHUNK)
        here = Past(past.events[some], past.exposure[some])
        plainly, fully, duly = _known(Watches(*(one[some] for one in seen)), rng)
        for name, known, every in (
            (NAIVE, plainly, 1),
            (NAIVE_30, plainly, EVERY_30_S),
            (OURS, fully, 1),
            (OURS_30, fully, EVERY_30_S),
            (EXPECTED, duly, 1),
            (EXPECTED_30, duly, EVERY_30_S),
        ):
            found[name].append(ours.alarms_as_known(here, known, looks[every - 1 :: every], fitted, ours.SINGLE))
    alarms = {name: np.concatenate(parts) for name, parts in found.items()} | judges.documented(of_watches(seen))
    return Late(cell.noise, cell.per_minute, effect, {name: delay(one, 0.0) for name, one in alarms.items()})


def _known(seen: Watches, rng: np.random.Generator) -> tuple[Known, Known, Known]:
    """What is known at a look: naively, of complete buckets, and with expected-arrival exposure."""
    requests, errors = (
        arrivals(counts, seconds, rng).cumsum(axis=-1)
        for counts, seconds in ((seen.requests, REQUESTS_LATE), (seen.errors, ERRORS_LATE))
    )

    def naively(look: int) -> tuple[Array, Array]:
        return _sums(by_bucket(errors, look)), _sums(by_bucket(requests, look))

    sent = np.arange(0, seen.errors.shape[1], _CANARIES)
    came = rng.exponential(REQUESTS_LATE / BUCKET, (len(seen.errors), len(sent)))

    def fully(look: int) -> tuple[Array, Array]:
        """A canary that is not back yet shows that lines of its time are missing, as one that took long does."""
        waited = np.where(sent < look, np.minimum(came, look - sent), 0.0).max(axis=1)
        known = (sent + came < look).sum(axis=1) >= KNOWN_DELAYS
        age = np.where(known, np.ceil(waited) + BUCKET_OF_PLAN, SETTLE)
        ripe = look - 1 - np.arange(look) >= age[:, None]
        return _sums(np.where(ripe, by_bucket(errors, look), 0)), _sums(np.where(ripe, by_bucket(requests, look), 0))

    def duly(look: int) -> tuple[Array, Array]:
        lags = look - 1 - np.arange(look)
        of_requests, of_errors = _seen(REQUESTS_LATE, lags), _seen(ERRORS_LATE, lags)
        # The errors of younger buckets would be counted without an exposure: they are left out as well.
        ripe = of_requests >= ENOUGH
        exposure = by_bucket(requests, look) * np.where(ripe, of_errors / of_requests, 0.0)
        return _sums(np.where(ripe, by_bucket(errors, look), 0)), _sums(exposure)

    return naively, fully, duly


def _seen(delay_s: float, lags: Counts) -> Array:
    shares = shares_seen(delay_s)
    return np.asarray(shares[np.minimum(lags, len(shares) - 1)])


def _sums(values: Array | Counts) -> Array:
    return running(np.asarray(values, dtype=np.float64))
