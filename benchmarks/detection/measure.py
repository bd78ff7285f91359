"""The units of work on simulated services whose logs come in time."""

import math

import numpy as np

from bakewatch.stats import noise, power
from bakewatch.stats.alarms import running
from bakewatch.stats.mixture import ONSETS, Split, ln_not_worse
from bakewatch.stats.noise import BASELINES, BLOCK, Array, Noise
from benchmarks.detection import judges, ours
from benchmarks.detection.peers import likelihood
from benchmarks.detection.peers.minutes import of_watches
from benchmarks.detection.results import ORACLE, OURS, OURS_30, PLAIN, Delay, NotWorse, Quiet, Worse
from benchmarks.detection.streams import BUCKET, WATCH, Cell, Service, Watches, service, watches

EVERY_30_S = 30 // BUCKET
CHECKS = 10
"""Checks of a release that has several."""
PASS = math.log(20)
"""The ln E at which "not worse" is said."""
_MINUTE = 60 // BUCKET


def quiet(cell: Cell, number: int, with_peers: bool, rng: np.random.Generator) -> Quiet:
    """Draw a service and *number* watches in which nothing changes."""
    drawn = service(cell, rng)
    seen, fitted = watches(drawn, number, rng), fit(drawn)
    past, count, exposure = ours.past_of(seen), seen.errors.astype(float), seen.requests.astype(float)
    alarms = {
        OURS: ours.alarms(past, count, exposure, fitted, ours.SINGLE),
        OURS_30: ours.alarms(past, count, exposure, fitted, ours.SINGLE, every=EVERY_30_S),
        PLAIN: _plain(seen),
    }
    ten = np.isfinite(ours.alarms(past, count, exposure, fitted, ours.TEN)).reshape(-1, CHECKS).any(axis=1)
    minutes = of_watches(seen)
    return Quiet(
        noise=cell.noise,
        per_minute=cell.per_minute,
        watches=number,
        false={name: _false(one) for name, one in alarms.items()},
        ten=int(ten.sum()),
        releases=number // CHECKS,
        peers=number if with_peers else 0,
        documented={name: _false(one) for name, one in judges.documented(minutes).items()} if with_peers else {},
        tuned={peer: [_false(one) for one in some] for peer, some in judges.tuned(minutes).items()}
        if with_peers
        else {},
    )


def worse(cell: Cell, number: int, effect: float, onset: float, rng: np.random.Generator) -> Worse:
    """Draw a service and *number* watches in which its errors multiply by *effect* after *onset* minutes."""
    drawn = service(cell, rng)
    seen, fitted = watches(drawn, number, rng, effect, onset), fit(drawn)
    past, count, exposure = ours.past_of(seen), seen.errors.astype(float), seen.requests.astype(float)
    after = round(onset * _MINUTE)
    known = likelihood.oracle(seen.errors[:, after:], seen.requests[:, after:], cell.share, effect, BUCKET / 60)
    minutes = of_watches(seen)
    alarms = {
        OURS: ours.alarms(past, count, exposure, fitted, ours.SINGLE),
        OURS_30: ours.alarms(past, count, exposure, fitted, ours.SINGLE, every=EVERY_30_S),
        PLAIN: _plain(seen),
        ORACLE: onset + known,
        **judges.documented(minutes),
    }
    return Worse(
        noise=cell.noise,
        per_minute=cell.per_minute,
        effect=effect,
        onset=onset,
        limit=likelihood.information_limit(cell.per_minute * cell.share / fitted.phi, effect),
        predicted=_predicted(drawn, fitted, effect),
        delays={name: delay(one, onset) for name, one in alarms.items()},
        tuned={peer: [delay(one, onset).mean for one in tunings] for peer, tunings in judges.tuned(minutes).items()},
    )


def not_worse(cell: Cell, number: int, rng: np.random.Generator) -> NotWorse:
    """Draw a service and watches of twice its rate, and as many in which nothing changes."""
    drawn = service(cell, rng)
    fitted = fit(drawn)
    wrong = _first_pass(watches(drawn, number, rng, 2.0), fitted)
    right = _first_pass(watches(drawn, number, rng), fitted)
    said = right[np.isfinite(right)]
    return NotWorse(
        noise=cell.noise,
        per_minute=cell.per_minute,
        watches=number,
        wrong=_false(wrong),
        right=len(said),
        median=float(np.median(said)) if len(said) else None,
    )


def fit(drawn: Service) -> Noise:
    """The noise of a service, learnt from its seven days."""
    return noise.fit(drawn.errors.astype(float), drawn.requests.astype(float))


def delay(alarm: Array, onset: float) -> Delay:
    """What the first alarms (W,) of one judge say of how long it took."""
    later = alarm[alarm > onset]
    took = np.minimum(later, WATCH) - onset
    there = len(later) > 0
    return Delay(
        early=len(alarm) - len(later),
        kept=len(later),
        mean=float(took.mean()) if there else None,
        median=float(np.median(took)) if there else None,
        q95=float(np.quantile(took, 0.95)) if there else None,
        found=float(np.isfinite(later).mean()) if there else 0.0,
    )


def _predicted(drawn: Service, fitted: Noise, effect: float) -> float | None:
    """The minutes that `stats.power` gives for a baseline like the mean of the service."""
    errors, requests = float(drawn.errors.mean()), float(drawn.requests.mean())
    blocks = BASELINES / BLOCK
    return power.minutes_to_find(effect, requests / BLOCK, errors * blocks, requests * blocks, ours.SINGLE, fitted)


def _first_pass(seen: Watches, fitted: Noise) -> Array:
    """The minute at which each watch is first said to be not worse than 2x, looking every 5 seconds, (W,)."""
    found = np.full(len(seen.errors), math.inf)
    x, n = running(seen.errors.astype(float)), running(seen.requests.astype(float))
    blocks = np.round(BASELINES / BLOCK).astype(int)
    x0, n0 = (
        np.stack([one[:, -some:].sum(axis=1) for some in blocks], axis=1)[:, None]
        for one in (seen.errors_before, seen.requests_before)
    )
    # As the judge does: scatter is learnt from such blocks, so before the first is over nothing is said.
    for look in range(round(BLOCK * _MINUTE), x.shape[1]):
        left = np.flatnonzero(np.isinf(found))
        x1, n1 = (np.broadcast_to(one[left, look, None, None], x0[left].shape) for one in (x, n))
        ln_e = ln_not_worse(Split(x1, n1, x0[left], n0[left]), blur=fitted.at(look / _MINUTE - ONSETS[0] * WATCH))
        found[left[ln_e >= PASS]] = look / _MINUTE
    return found


def _plain(seen: Watches) -> Array:
    x0, n0 = seen.errors_before.sum(axis=1), seen.requests_before.sum(axis=1)
    return likelihood.plain(seen.errors, seen.requests, x0, n0, BUCKET / 60)


def _false(alarms: Array) -> int:
    return int(np.isfinite(alarms).sum())
