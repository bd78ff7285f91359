"""The live view of a bake on a terminal: progress, and a row per check."""

from datetime import UTC, datetime
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bakewatch.cli.lines import Lines, state_of
from bakewatch.model.plan import Plan
from bakewatch.model.timeline import Baselined, Confirmed, Event, Extended, Looked, Opened, Weighed
from bakewatch.model.verdict import Evidence

_STYLE = {"fired": "bold red", "blind": "yellow", "weak": "cyan", "ok": "green"}


class LiveView:
    """Prints what happens, and keeps a table of the checks below it. A context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._lines = Lines(lambda line: console.print(Text(line), highlight=False))
        self._plan: Plan | None = None
        self._started: datetime | None = None
        self._ends: datetime | None = None

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
            self._plan = event.plan
        elif isinstance(event, Confirmed) and self._plan:
            length = self._plan.undo.proof if event.undo else self._plan.bake.duration
            self._started, self._ends = event.at, event.at + self._plan.span(length)
        elif isinstance(event, Extended):
            self._ends = event.until
        if isinstance(event, Weighed):
            if any(one.fired for one in event.evidence):
                self._lines(case_id, event)
            self._live.update(self._table(event.evidence), refresh=True)
        elif isinstance(event, Looked) or not isinstance(event, Baselined):
            self._lines(case_id, event)

    def _table(self, evidence: tuple[Evidence, ...]) -> Group:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading, side in (
            ("check", "left"),
            ("state", "left"),
            ("found", "right"),
            ("of", "right"),
            ("seen", "right"),
        ):
            table.add_column(heading, justify="right" if side == "right" else "left")
        for one in evidence:
            state = state_of(one)
            found = f"{one.count}+{one.own}" if one.own else str(one.count)
            of = f"{one.exposure:.0f}" if one.exposure else "-"
            table.add_row(one.check, Text(state, style=_STYLE[state]), found, of, f"{one.seen:.0%}")
        return Group(self._progress(), table)

    def _progress(self) -> ProgressBar | Text:
        if self._started is None or self._ends is None:
            return Text("")
        total = (self._ends - self._started).total_seconds()
        done = min(total, max(0.0, (datetime.now(UTC) - self._started).total_seconds()))
        return ProgressBar(total=total, completed=done, width=60)
