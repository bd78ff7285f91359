"""The stand-in platform's rate limits, one an endpoint, and trouble that is ordered for the next requests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class Limit:
    """At most *total* requests in *window* seconds."""

    total: int
    window: float
    since: datetime | None = None
    used: int = 0


@dataclass
class Limits:
    """What is refused, by endpoint: `GET /v7/deployments`, with `{}` for what varies; an empty name means all."""

    clock: Callable[[], datetime]
    limits: dict[str, Limit] = field(default_factory=dict)
    orders: list[tuple[str, int]] = field(default_factory=list)
    """The endpoint and the status of requests that are to fail, once each."""
    retry_after: bool = False
    """Tell in a header too when a limit is over."""

    def limit(self, endpoint: str, total: int, window: float) -> None:
        """Allow *endpoint* only *total* requests in *window* seconds."""
        self.limits[endpoint] = Limit(total, window)

    def fail(self, endpoint: str, status: int, times: int = 1) -> None:
        """Let the next *times* requests to *endpoint* fail with *status*."""
        self.orders += [(endpoint, status)] * times

    def ordered(self, endpoint: str) -> int:
        """The status with which this request is to fail; 0: it is not."""
        for order in self.orders:
            if order[0] in ("", endpoint):
                self.orders.remove(order)
                return order[1]
        return 0

    def spent(self, endpoint: str) -> tuple[int, datetime] | None:
        """How many requests to *endpoint* were allowed and when they are again; None: this one is."""
        limit = self.limits.get(endpoint, self.limits.get(""))
        if limit is None:
            return None
        now, window = self.clock(), timedelta(seconds=limit.window)
        if limit.since is None or now >= limit.since + window:
            limit.since, limit.used = now, 0
        limit.used += 1
        return (limit.total, limit.since + window) if limit.used > limit.total else None
