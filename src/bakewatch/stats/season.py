"""How much is usual at this time of the day? The exposure of a count that has no other denominator.

The forecast of a block is the mean of what was counted within a quarter of an hour of the same time on other days. A
little of the overall mean is mixed in, so that a time at which nothing ever happened is no impossible one.

Shapes: B blocks of history, which end where the day that is forecast begins.
"""

import numpy as np

from bakewatch.stats.noise import BLOCK, Array

DAY = round(24 * 60 / BLOCK)
"""Blocks of a day."""
DAYS = 3
"""From so many days on there is a forecast."""
_SIDE = round(15 / BLOCK)
FEWEST = 20.0
"""A forecast must rest on so many events on average: a few that fell anywhere are no habit."""
_MIXED = 0.1
"""So many blocks of the overall mean."""


def forecast(count: Array, there: Array) -> tuple[Array, Array] | None:
    """What is to be expected in each block of the history, from its other days (B,), and on the next day (DAY,).

    *count* (B,), *there*: 1 for every block that is known, else 0. None with less than `DAYS`, or too few events.
    """
    if there.sum() < DAYS * DAY:
        return None
    lead = -len(count) % DAY
    by_day = np.concatenate([np.zeros((2, lead)), np.stack([count * there, there])], axis=1).reshape(2, -1, DAY)
    around = np.sum([_shifted(by_day, side) for side in range(-_SIDE, _SIDE + 1)], axis=0)
    mixed = _MIXED * by_day[0].sum() / by_day[1].sum()
    sums, blocks = around.sum(axis=1)
    if sums.mean() < FEWEST:
        return None
    others = (sums - around[0] + mixed) / (blocks - around[1] + _MIXED)
    return np.asarray(others.reshape(-1)[lead:]), np.asarray((sums + mixed) / (blocks + _MIXED))


def _shifted(by_day: Array, side: int) -> Array:
    """Each block's neighbour *side* blocks later, over midnight too; beyond the ends there is nothing."""
    flat = by_day.reshape(2, -1)
    moved = np.zeros_like(flat)
    if side >= 0:
        moved[:, : flat.shape[1] - side] = flat[:, side:]
    else:
        moved[:, -side:] = flat[:, :side]
    return moved.reshape(by_day.shape)
