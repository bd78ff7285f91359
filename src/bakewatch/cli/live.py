"""The live view on a terminal: what happens is printed, and how each case stands is kept below it."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import inf
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from bakewatch.cli.board import Board
from bakewatch.cli.lines import Lines
from bakewatch.model.timeline import Closed, Event, Opened


def wanted(console: Console, environment: Mapping[str, str] = os.environ) -> bool:
    """Is somebody looking at a terminal that can redraw? In CI nobody is: lines are for logs."""
    in_ci = environment.get("CI", "").lower() not in ("", "0", "false")
    return console.is_terminal and not console.is_dumb_terminal and not in_ci


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """The language in which the plan's titles are shown."""
    named = next(filter(None, (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ko" if named.startswith("ko") else "en"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LiveView:
    """Prints what is new, and keeps a board per open case below it. A context manager."""

    def __init__(self, console: Console, language: str = "", now: Callable[[], datetime] = _utc_now) -> None:
        self._language, self._now = language or language_of(), now
        self._open: dict[str, Board] = {}
        self._live = Live(console=console, transient=True, refresh_per_second=1, get_renderable=self.boards)
        self._lines = Lines(lambda line: console.print(Text(line), highlight=False), every=inf)

    def __enter__(self) -> "LiveView":
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, case_id: str, event: Event) -> None:
        """Show *event*."""
        if isinstance(event, Opened):
            self._open[case_id] = Board(event, self._language, self._now)
        elif isinstance(event, Closed):
            self._open.pop(case_id, None)
        elif case_id in self._open:
            self._open[case_id].hear(event)
        self._lines(case_id, event)
        self._live.refresh()

    def boards(self) -> Group:
        """How every open case stands."""
        return Group(*tuple(self._open.values()))
