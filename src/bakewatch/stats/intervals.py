"""Bounds of counts, from a few events or none."""

import math

_HALVINGS = 18
_TINY = 1e-300


def share_bound_of_none(trials: float, confidence: float = 0.95) -> float:
    """The largest share under which *trials* without any event are as likely as 1 - *confidence*: 1 - (1-c)^(1/n).

    Exact (Clopper and Pearson 1934, Biometrika 26:404, one-sided). *trials* must be positive.
    """
    return -math.expm1(math.log1p(-confidence) / trials)


def rate_bound_of_none(exposure: float, confidence: float = 0.95) -> float:
    """The largest rate under which an *exposure* without any event is as likely as 1 - *confidence*: -ln(1-c)/T.

    Exact (Garwood 1936, Biometrika 28:437, one-sided): three events per exposure at 95 %. *exposure* must be positive.
    """
    return -math.log1p(-confidence) / exposure


def share_interval(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson 1934, Biometrika 26:404); without trials it is everything."""
    tail = (1 - confidence) / 2
    low, rest = (_lowest_odds(one, trials - one, tail) for one in (hits, trials - hits))
    return low / (1 + low), 1 / (1 + rest)


def share_bound(hits: int, trials: int, confidence: float = 0.95) -> float:
    """The largest share under which at most *hits* of *trials* are as likely as 1 - *confidence*.

    Exact (Clopper and Pearson 1934, Biometrika 26:404, one-sided). *trials* must be positive.
    """
    return 1 / (1 + _lowest_odds(trials - hits, hits, 1 - confidence))


def chance_of_first(windows: float) -> float:
    """The largest chance that what was absent from so many *windows* comes in the next: (n/(n+1))^n / (n+1).

    Whatever its own chance p for each window is: (1-p)^n·p is largest at p = 1/(n+1). About 1/(e·n).
    """
    return math.exp(-windows * math.log1p(1 / windows)) / (windows + 1) if windows else 1.0


def ratio_interval(
    count: int, exposure: float, base_count: int, base_exposure: float, confidence: float = 0.99
) -> tuple[float, float]:
    """The exact conditional interval of the ratio of two Poisson rates; its upper end may be infinite.

    Given their sum, the later count is binomial with odds ratio·N1/N0 (Przyborowski and Wilenski 1940, Biometrika
    31:313); Clopper and Pearson's interval of those odds is scaled back. Both exposures must be positive.
    """
    tail = (1 - confidence) / 2
    scale = base_exposure / exposure
    low = _lowest_odds(count, base_count, tail)
    turned = _lowest_odds(base_count, count, tail)
    return low * scale, scale / turned if turned > 0 else math.inf


def _lowest_odds(hits: int, misses: int, tail: float) -> float:
    """The odds under which *hits* or more have the probability *tail*. None hit: 0."""
    if hits == 0:
        return 0.0
    if misses == 0:
        return 1 / math.expm1(-math.log(tail) / hits)
    high = math.log(hits / misses)
    low = high - 8 * math.sqrt(1 / hits + 1 / misses)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if incomplete_beta(hits, misses + 1, 1 / (1 + math.exp(-middle))) < tail:
            low = middle
        else:
            high = middle
    return math.exp(low)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b) for a, b > 0 and 0 < x < 1.

    By its continued fraction (DLMF 8.17.22), on the side of the mean where it converges fast (DLMF 8.17.4).
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    ln_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(ln_front) / a * _fraction(a, b, x)


def _fraction(a: float, b: float, x: float) -> float:
    """1/(1 + d1/(1 + d2/(1 + …))), evaluated forwards by the modified Lentz method."""
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _nonzero(1 + term * d)
            c = _nonzero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
