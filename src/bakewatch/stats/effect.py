"""Is a change large enough to act upon? A plan's minimum effect, which the evidence alone does not ask for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bakewatch.stats.noise import Array

FEWEST_EVENTS = 3
"""So many events must be there before a rise of them is believed."""


class Effect(NamedTuple):
    """The least that is acted upon."""

    ratio: float
    """So many times what was to be expected; of a fall, so many times less."""
    extra: float
    """So many events more; of a fall, fewer."""
    falling: bool = False

    def reached(self, x1: Array | float, n1: Array | float, x0: Array | float, n0: Array | float) -> NDArray[np.bool_]:
        """Is it reached? Events x1 in exposure n1 after, x0 in n0 before, all of one shape; without exposure it is
        not."""
        there = (np.asarray(n1) > 0) & (np.asarray(n0) > 0)
        expected = x0 * n1 / np.where(there, n0, 1.0)
        if self.falling:
            enough = (x1 * self.ratio <= expected) & (expected - x1 >= self.extra)
        else:
            enough = (x1 >= np.maximum(FEWEST_EVENTS, expected + self.extra)) & (x1 >= self.ratio * expected)
        return np.asarray(there & enough)
