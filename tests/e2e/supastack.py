"""The small production on all three vendors' stand-ins: its logs and its database's load are a Supabase's."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bakewatch.testing.supabase import TOKEN, Asked, Project, Reply, StandIn
from tests.e2e.vendorstack import VendorStack, _now, served_by

KEY = "sb_publishable_live"
SUPABASE = """\
[sources.logs]
kind = "supabase"
project = "{ref}"
api = "{url}"

[[canaries]]
kind = "supabase"
project = "{ref}"
api = "{url}"
url = "{url}"
streams = ["edge_logs", "postgres_logs"]

[notify]
"""
OWN = """\
positionCaseInsensitive(log_attributes['request.headers.user_agent'], 'bakewatch/') > 0 \
or startsWith(log_attributes['request.headers.x_client_info'], 'bakewatch/')"""
STREAMS = f"""\
[streams.edge_logs]
source = "logs"
own = "{OWN}"
canary = "({OWN}) and log_attributes['request.path'] = '/auth/v1/bakewatch'"

[streams.postgres_logs]
source = "logs"
canary = "startsWith(event_message, 'bakewatch canary')"

[personas.registrant]
"""
TICK = 0.2


class _Noting(StandIn):
    """One that notes when it was asked what."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self.moments: list[tuple[datetime, str]] = []

    def answer(self, asked: Asked) -> Reply:
        self.moments.append((_now(), asked.path))
        return super().answer(asked)


class SupabaseStack(VendorStack):
    """A running production. Not for use but through `on_supabase`."""

    tag_header = "user-agent"

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.supabase = _Noting(Project(_now, publishable=KEY))
        self._lines: list[dict[str, Any]] = []
        super().__init__(folder, **settings)
        self.supabase.limits.minute = 60 * self.scale

    def plan(self) -> str:
        text = super().plan()
        for start, end, instead in (
            ("[sources.logs]\n", "[notify]\n", SUPABASE.format(ref=self.supabase.project.ref, url=self.supabase.url)),
            ("[streams.edge_logs]\n", "[personas.registrant]\n", STREAMS),
        ):
            before, _, rest = text.partition(start)
            text = before + instead + rest.partition(end)[2]
        return text

    def start(self) -> None:
        threading.Thread(target=self._ship, daemon=True).start()
        super().start()

    def keep(self, row: dict[str, Any]) -> None:
        """A line goes to the platform, not into a file."""
        self._lines.append(row)

    def _ship(self) -> None:
        while not self._stop.wait(TICK):
            with self._lock:
                lines, self._lines = self._lines, []
            if lines:
                self.supabase.logs.write(*lines)

    def after(self, minutes: float, then: Callable[[], object]) -> None:
        """Do something so many minutes of the plan from now."""
        timer = threading.Timer(minutes * 60 * self.scale, then)
        timer.daemon = True
        timer.start()

    def busiest_minute(self) -> int:
        """The most queries of logs that were sent within a minute of the plan."""
        moments = [at for at, path in self.supabase.moments if path.endswith("endpoints/logs")]
        minute = timedelta(seconds=60 * self.scale)
        return max((sum(at <= one < at + minute for one in moments) for at in moments), default=0)

    def bakewatch(self, *words: str, **environ: str) -> Any:
        return super().bakewatch(*words, SUPABASE_ACCESS_TOKEN=TOKEN, SUPABASE_PUBLISHABLE_KEY=KEY, **environ)


@contextmanager
def on_supabase(folder: Path, **settings: Any) -> Iterator[SupabaseStack]:
    """A production on all stand-ins in *folder*, with traffic, until the block ends."""
    stack = SupabaseStack(folder, **settings)
    with stack.supabase, served_by(stack):
        yield stack
