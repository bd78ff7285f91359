"""How often a project's logs may be asked: a few times a minute, by all who ask for it in this process together."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta

MARGIN = 1.05
"""By so much a minute is stretched: a request that travels quickly may follow one that travelled slowly."""


class Budget:
    """When queries were sent. May be used by many threads at once."""

    def __init__(self) -> None:
        self._sent: deque[datetime] = deque()
        self._lock = threading.Lock()

    def wait(self, most: int, minute: timedelta, clock: Callable[[], datetime], pause: Callable[[float], None]) -> None:
        """Return as soon as one more query makes at most *most* of them within any *minute*, and count it.

        Who waits with a smaller *most* leaves the rest to others, who do not wait behind it.
        """
        while (seconds := self._due(most, minute * MARGIN, clock())) > 0:
            pause(seconds)

    def _due(self, most: int, minute: timedelta, now: datetime) -> float:
        """In how many seconds one more may be sent; 0: it is sent now. A clock that was set back forgets."""
        with self._lock:
            while self._sent and not now - minute < self._sent[0] <= now:
                self._sent.popleft()
            if len(self._sent) < most:
                self._sent.append(now)
                return 0.0
            return max(0.001, (self._sent[-most] + minute - now).total_seconds())


_budgets: dict[tuple[str, str], Budget] = defaultdict(Budget)


def budget_of(api: str, project: str) -> Budget:
    """The budget of *project* at *api*, of which there is one in a process."""
    return _budgets[(api.rstrip("/"), project)]
