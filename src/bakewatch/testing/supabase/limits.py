"""The stand-in's rate limits, one an endpoint, and answers that are ordered for the next requests."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from bakewatch.testing.supabase.wire import Reply, failure

LOGS = "GET /v1/projects/{}/analytics/endpoints/logs"


@dataclass
class Limits:
    """What is refused, by endpoint: `GET /v1/projects/{}`, with `{}` for what varies; an empty name means all."""

    clock: Callable[[], datetime]
    minute: float = 60.0
    """Seconds of a minute: fewer for a demonstration in quick motion."""
    totals: dict[str, int] = field(default_factory=lambda: {"": 120, LOGS: 10})
    """How many requests an endpoint answers in any minute."""
    retry_after: bool = True
    """Tell in `Retry-After` too when a limit is over."""
    orders: list[tuple[str, Reply]] = field(default_factory=list)
    """The endpoint and the answer of requests that are to be answered so, once each."""
    _past: dict[str, deque[datetime]] = field(default_factory=dict)

    def fail(self, endpoint: str, status: int, times: int = 1) -> None:
        """Let the next *times* requests to *endpoint* fail with *status*."""
        self.order(endpoint, failure(status, "It was ordered so."), times)

    def order(self, endpoint: str, reply: Reply, times: int = 1) -> None:
        """Let the next *times* requests to *endpoint* be answered with *reply*."""
        self.orders += [(endpoint, reply)] * times

    def ordered(self, endpoint: str) -> Reply | None:
        """The answer that was ordered for this request, if one was."""
        for order in self.orders:
            if order[0] in ("", endpoint):
                self.orders.remove(order)
                return order[1]
        return None

    def count(self, endpoint: str) -> tuple[bool, dict[str, str]]:
        """Count a request to *endpoint*: is it one too many? And the headers that tell how the limit stands."""
        total, now = self.totals.get(endpoint, self.totals[""]), self.clock()
        past, since = self._past.setdefault(endpoint, deque()), now - timedelta(seconds=self.minute)
        while past and past[0] <= since:
            past.popleft()
        refused = len(past) >= total
        if not refused:
            past.append(now)
        reset = ceil((past[0] - since).total_seconds()) if past else ceil(self.minute)
        told = {
            "x-ratelimit-limit": str(total),
            "x-ratelimit-remaining": str(total - len(past)),
            "x-ratelimit-reset": str(reset),
        }
        if refused and self.retry_after:
            told["retry-after"] = str(reset)
        return refused, told
