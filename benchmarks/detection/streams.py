"""Simulated services: requests and errors of seven days, and of watches during which nothing or something gets worse.

Four kinds of noise, each with the same mean share of errors (g is an independent Gamma variable of mean 1):

- poisson: errors are Poisson, their intensity is that of the requests times the share.
- overdispersed: each minute's error intensity is multiplied by a g whose coefficient of variation is 0.5.
- drifting: the logarithm of the error intensity is an Ornstein-Uhlenbeck process (0.25 in 3 hours), each minute has a g
  of 0.15, and the requests follow the day: 1 + 0.6 sin.
- clumped: a primary error is retried. It and its retries are 3 events on average (geometric); each retry comes an
  exponential time (20 s on average) after the primary.

Shapes: W watches; 5-minute buckets before a watch, 5-second buckets during it. All counts are int64.
"""

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
Noise = Literal["poisson", "overdispersed", "drifting", "clumped"]

DAY, WEEK = 1440, 7 * 1440
"""Minutes."""
BEFORE, LAST, WATCH = 240, 30, 30
"""Minutes before a watch that are compared with, those of them that are also kept one by one, and those of a watch."""
BUCKET = 5
"""Seconds of a bucket of the watch, and from look to look."""
REQUESTS_LATE, ERRORS_LATE = 30.0, 2.0
"""Mean seconds until a log line can be seen, where logs are late."""

_PER_MINUTE = 60 // BUCKET
_EVERY = 5
_OVERDISPERSION, _JITTER = 0.5, 0.15
_DRIFT, _DRIFT_MINUTES = 0.25, 180.0
_DAILY = 0.6
_CLUMP, _RETRY_SECONDS = 3.0, 20.0
_SETTLE = 5
"""Minutes after which a retry that is still to come does not count."""
_TAIL = 1e-4
_CHUNK = 250


@dataclass(frozen=True)
class Cell:
    """One kind of traffic: its noise, its mean requests per minute, and the mean share of them that are errors."""

    noise: Noise
    per_minute: float
    share: float = 0.005


CELLS = tuple(Cell(noise, size) for noise in get_args(Noise) for size in (5, 50, 500, 5_000, 50_000))
"""The 20 cells of the benchmark."""


class Service(NamedTuple):
    """One drawn service: seven days of requests and errors in 5-minute buckets, (2016,) each."""

    cell: Cell
    requests: Counts
    errors: Counts


class Watches(NamedTuple):
    """W watches and the time before them. What is before a watch is one path with it: the same drift, the same retries.

    The last 30 minutes before the watch are told twice: within the 5-minute buckets and in 1-minute buckets.
    """

    requests_before: Counts
    """The 4 hours before in 5-minute buckets, (W, 48)."""
    errors_before: Counts
    requests_last: Counts
    """The 30 minutes before in 1-minute buckets, (W, 30)."""
    errors_last: Counts
    requests: Counts
    """The 30 minutes of watch in 5-second buckets, (W, 360)."""
    errors: Counts


def service(cell: Cell, rng: np.random.Generator) -> Service:
    """Draw the history of a service of this *cell*."""
    volume = _volume(cell, np.arange(-_SETTLE, WEEK)[None])
    errors = _errors(cell, volume * cell.share * _levels(cell, volume.shape, rng), 60, rng)
    requests = rng.poisson(volume)
    return Service(cell, *(_sums(one[:, _SETTLE:], _EVERY)[0] for one in (requests, errors)))


def watches(
    service: Service, number: int, rng: np.random.Generator, effect: float = 1.0, onset: float = 0.0
) -> Watches:
    """Draw *number* independent watches of the *service*, each at a random time of the day.

    *effect* multiplies the intensity of errors (of primary errors, where they are retried) from *onset* minutes after
    the start on. Watches are drawn in chunks, so that memory grows with the result only.
    """
    sizes = [min(_CHUNK, number - done) for done in range(0, number, _CHUNK)]
    chunks = [_drawn(service.cell, size, rng, _effects(effect, onset)) for size in sizes]
    return Watches(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))


def arrivals(counts: Counts, delay: float, rng: np.random.Generator, bucket: float = BUCKET) -> Counts:
    """When events can be seen that arrive exponentially late, *delay* seconds on average.

    *counts* (…, B) in buckets of *bucket* seconds, events spread evenly within their bucket. Returns (…, B, lags): how
    many of each bucket's events are first seen `lag` looks after the look that ends the bucket. The last lag takes the
    rest, less than 1 in 10,000. It needs 8·lags bytes for each bucket: give it some hundred watches at a time.
    """
    return rng.multinomial(counts, np.diff(shares_seen(delay, bucket), prepend=0.0))


def shares_seen(delay: float, bucket: float = BUCKET) -> Array:
    """The expected share of a bucket's events that has been seen at each lag of `arrivals`, (lags,); 1 at the last."""
    steps = bucket / delay
    after = -math.expm1(-steps) / steps * np.exp(-steps * np.arange(math.ceil(-math.log(_TAIL) / steps) + 1))
    return np.append(1 - after, 1.0)


def by_look(arrived: Counts) -> Counts:
    """How many events are first seen at each look, (…, B), of `arrivals`; what comes after the last is left out."""
    buckets, lags = arrived.shape[-2:]
    seen = arrived[..., 0].copy()
    for lag in range(1, min(lags, buckets)):
        seen[..., lag:] += arrived[..., : buckets - lag, lag]
    return seen


def by_bucket(added: Counts, look: int) -> Counts:
    """How many events of each of the first *look* buckets can be seen at that look (counted from 1): (…, look).

    *added*: `arrivals` added up along the lags, (…, B, lags).
    """
    buckets = np.arange(look)
    return np.asarray(added[..., buckets, np.minimum(look - 1 - buckets, added.shape[-1] - 1)])


def _drawn(cell: Cell, number: int, rng: np.random.Generator, effects: Array) -> Watches:
    """One chunk: minutes until shortly before the watch, then 5-second buckets, so that retries run through."""
    start = rng.uniform(0, DAY, (number, 1))
    volume = _volume(cell, start + np.arange(-_SETTLE - BEFORE, WATCH))
    rate = volume * cell.share * _levels(cell, volume.shape, rng)
    early = np.pad(rate[:, :BEFORE], ((0, 0), (0, _SETTLE)))
    before = _errors(cell, early, 60, rng)[:, _SETTLE:]
    late = _finely(rate[:, BEFORE:])
    late[:, _SETTLE * _PER_MINUTE :] *= effects
    fine = _errors(cell, late, BUCKET, rng)
    before[:, -_SETTLE:] += _sums(fine[:, : _SETTLE * _PER_MINUTE], _PER_MINUTE)
    asked = rng.poisson(volume[:, _SETTLE:-WATCH])
    return Watches(
        requests_before=_sums(asked, _EVERY),
        errors_before=_sums(before, _EVERY),
        requests_last=asked[:, -LAST:],
        errors_last=before[:, -LAST:],
        requests=rng.poisson(_finely(volume[:, -WATCH:])),
        errors=fine[:, _SETTLE * _PER_MINUTE :],
    )


def _effects(effect: float, onset: float) -> Array:
    """What the error intensity of each bucket of the watch is multiplied by, (360,)."""
    covered = np.clip(np.arange(WATCH * _PER_MINUTE) + 1 - onset * _PER_MINUTE, 0.0, 1.0)
    return np.asarray(1 + (effect - 1) * covered)


def _volume(cell: Cell, minutes: NDArray[np.generic]) -> Array:
    """The intensity of requests in each of these *minutes* of the day, which may lie on other days too."""
    daily = _DAILY if cell.noise == "drifting" else 0.0
    return np.asarray(cell.per_minute * (1 + daily * np.sin(2 * math.pi * np.asarray(minutes, dtype=float) / DAY)))


def _levels(cell: Cell, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """What the error intensity of each minute is multiplied by: (rows, minutes), 1 on average."""
    if cell.noise == "overdispersed":
        return _gamma(_OVERDISPERSION, shape, rng)
    if cell.noise == "drifting":
        return np.asarray(np.exp(_wander(shape, rng) - _DRIFT**2 / 2) * _gamma(_JITTER, shape, rng))
    return np.ones(shape)


def _gamma(variation: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    return rng.gamma(variation**-2, variation**2, shape)


def _wander(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Stationary Ornstein-Uhlenbeck paths, sampled every minute."""
    kept = math.exp(-1 / _DRIFT_MINUTES)
    path = rng.normal(0.0, _DRIFT, shape)
    path[:, 1:] *= math.sqrt(1 - kept**2)
    for minute in range(1, shape[1]):
        path[:, minute] += kept * path[:, minute - 1]
    return path


def _errors(cell: Cell, rate: Array, seconds: float, rng: np.random.Generator) -> Counts:
    """Draw errors from their intensity per bucket of so many *seconds*, retries included."""
    if cell.noise != "clumped":
        return rng.poisson(rate)
    primaries = rng.poisson(rate / _CLUMP)
    retries = np.where(primaries > 0, rng.negative_binomial(np.maximum(primaries, 1), 1 / _CLUMP), 0)
    return primaries + by_look(arrivals(retries, _RETRY_SECONDS, rng, seconds))


def _finely(rate: Array) -> Array:
    """Intensities per minute as intensities per bucket of the watch."""
    return np.repeat(rate, _PER_MINUTE, axis=1) / _PER_MINUTE


def _sums(counts: Counts, size: int) -> Counts:
    """The sums of each *size* neighbours, (rows, B) to (rows, B/size)."""
    return np.asarray(counts.reshape(len(counts), -1, size).sum(axis=2))
