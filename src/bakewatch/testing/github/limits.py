"""The limits of the API, which bite: so many requests an hour, so much content a minute, or at once when told to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

PRIMARY = "API rate limit exceeded for user ID 1001."
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass
class Limits:
    """What is left, by *clock*."""

    clock: Callable[[], datetime]
    an_hour: int = 5000
    writes_a_minute: int = 80
    status: int = 403
    """With which it is refused: 403 or 429."""
    used: int = 0
    reset: datetime | None = None
    written: list[datetime] = field(default_factory=list)
    angry_until: datetime | None = None
    quietly: bool = False
    """A secondary limit says only in words that it is one."""

    def anger(self, seconds: int) -> None:
        """A secondary limit for so long."""
        self.angry_until = self.clock() + timedelta(seconds=seconds)

    def take(self, writes: bool) -> tuple[str, dict[str, str]] | None:
        """Count a request; why it is refused and with which headers, if it is."""
        now = self.clock()
        if self.reset is None or now >= self.reset:
            self.used, self.reset = 0, now + timedelta(hours=1)
        self.written = [at for at in self.written if now - at < timedelta(minutes=1)]
        if self.angry_until is None and writes and len(self.written) >= self.writes_a_minute:
            self.anger(60)
        if self.angry_until is not None and now < self.angry_until:
            seconds = int((self.angry_until - now).total_seconds()) + 1
            return SECONDARY, {} if self.quietly else {"retry-after": str(seconds)}
        self.angry_until = None
        if self.used >= self.an_hour:
            return PRIMARY, {}
        self.used += 1
        if writes:
            self.written.append(now)
        return None

    def give_back(self) -> None:
        """An answer that nothing has changed costs nothing."""
        self.used = max(0, self.used - 1)

    def told(self) -> dict[str, Any]:
        """What the API says of them when it is asked, which costs nothing."""
        reset = int((self.reset or self.clock() + timedelta(hours=1)).timestamp())
        left = {"limit": self.an_hour, "remaining": max(0, self.an_hour - self.used), "reset": reset, "used": self.used}
        return {"resources": {"core": left, "search": left}, "rate": left}

    def headers(self) -> dict[str, str]:
        """What every answer says."""
        return {
            "x-ratelimit-limit": str(self.an_hour),
            "x-ratelimit-remaining": str(max(0, self.an_hour - self.used)),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str(int(self.reset.timestamp())) if self.reset else "0",
            "x-ratelimit-resource": "core",
        }
