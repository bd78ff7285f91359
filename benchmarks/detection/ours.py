"""bakewatch's own detector on the watches of the benchmark."""

import math
from functools import partial

from bakewatch.stats import alarms as detector
from bakewatch.stats.alarms import Past
from bakewatch.stats.mixture import EASE
from benchmarks.detection.streams import BUCKET, WATCH, Watches

SINGLE = math.log(1 / 0.01) - EASE
"""The ln E at which the only check of a release alarms."""
TEN = math.log(10 / 0.01) - EASE
"""The ln E at which each of ten checks alarms: 1 % of false alarms is shared among them."""

alarms = partial(detector.alarms, length=WATCH, bucket=BUCKET)
alarms_as_known = partial(detector.alarms_as_known, length=WATCH, bucket=BUCKET)


def past_of(watches: Watches) -> Past:
    """Errors and requests before each watch."""
    return Past(watches.errors_before.astype(float), watches.requests_before.astype(float))
