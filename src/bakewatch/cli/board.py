"""How one case stands, drawn anew for whatever width the terminal has: progress, and a row per check."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bakewatch.cli.lines import notes_of, state_of
from bakewatch.model.observation import to_ms
from bakewatch.model.plan import Check, Rule
from bakewatch.model.text import said
from bakewatch.model.timeline import (
    Answered,
    Asked,
    Concluded,
    Confirmation,
    Confirmed,
    Event,
    Extended,
    Looked,
    Opened,
    Weighed,
)
from bakewatch.model.verdict import Evidence, Outcome
from bakewatch.report.inert import inert
from bakewatch.report.series import Cells, cells

WIDTH = 80
"""A wider board would break when the window is made smaller."""
BUCKETS = 14
"""So many of the last buckets are drawn."""
_STYLES = {"fired": "bold red", "blind": "yellow", "weak": "cyan", "ok": "green", "waits": "dim"}
_MARKS = {"fired": "✕", "blind": "░", "weak": "?", "ok": "✓", "waits": "…"}
_ASCII_MARKS = {"fired": "X", "blind": "#", "weak": "?", "ok": "+", "waits": "."}
_LEVELS, _UNSEEN = "▁▂▃▄▅▆▇█", "░"
"""The lowest level stands for none at all."""
_ASCII_LEVELS, _ASCII_UNSEEN = "_.:-=+*@", "#"
_MARGIN = 8
"""Lines of a terminal that the rows of checks leave free."""


class Board:
    """What is shown of one case. Events change it, `rich` draws it."""

    def __init__(self, opened: Opened, language: str, now: Callable[[], datetime]) -> None:
        self._plan, self._release = opened.plan, opened.release
        self._language, self._now = language, now
        self._zone = ZoneInfo(opened.plan.service.timezone)
        self._stage = "waiting for the deployment"
        self._started: datetime | None = None
        self._ends = opened.at
        self._live_since: datetime | None = None
        self._evidence: tuple[Evidence, ...] = ()
        self._cells: dict[str, Cells] = {}

    def hear(self, event: Event) -> None:
        """Take *event* in."""
        if isinstance(event, Confirmed):
            self._begin(event)
        elif isinstance(event, Extended):
            self._ends = event.until
        elif isinstance(event, Asked):
            self._stage = f"asks: bakewatch approve {self._release.commit[:7]}, until {self._clock(event.until)}"
        elif isinstance(event, Answered):
            self._stage = "approved" if event.approved else "rejected"
        elif isinstance(event, Concluded):
            self._stage = "undoing" if event.verdict.outcome is Outcome.FAIL else event.verdict.outcome.value
            self._started = None
        elif isinstance(event, Looked):
            for one in event.observations:
                self._cells[one.question] = cells([one], dict(self._cells.get(one.question, {})))
        elif isinstance(event, Weighed):
            self._evidence = event.evidence

    def _begin(self, event: Confirmed) -> None:
        """A watch begins: over the release, or over its undo."""
        if event.confirmation is not Confirmation.LIVE:
            return
        length = self._plan.undo.proof if event.undo else self._plan.bake.duration
        self._started, self._ends = event.at, event.at + self._plan.span(length)
        self._stage = "proving the undo" if event.undo else "watching the release"
        self._live_since = event.live_since or event.at
        self._evidence = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        options = options.update(width=min(WIDTH, options.max_width))
        yield from console.render(self._head(), options)
        if self._started is not None:
            yield from console.render(self._progress(), options)
        if self._evidence:
            yield from console.render(self._table(options), options)

    def _head(self) -> Text:
        pulls = " ".join(f"#{number}" for number in self._release.pulls)
        named = (self._plan.service.name, pulls, self._release.commit[:7], notes_of(self._plan))
        head = Text(inert(" ".join(filter(None, named))), style="bold", no_wrap=True, overflow="ellipsis")
        return head.append(f"  {self._stage}", style="not bold")

    def _progress(self) -> Table:
        """*n of 30 min*, as a bar and in words."""
        minute, started = self._plan.minute, self._started or self._ends
        planned = max((self._ends - started) / minute, 1e-9)
        done = min(planned, max(0.0, (self._now() - started) / minute))
        words = f"{int(done)} of {planned:.3g} min, until {self._clock(self._ends)}"
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True)
        grid.add_row(ProgressBar(total=planned, completed=done, complete_style="blue", finished_style="green"), words)
        return grid

    def _clock(self, at: datetime) -> str:
        return at.astimezone(self._zone).strftime("%H:%M:%S")

    def _table(self, options: ConsoleOptions) -> Table:
        """Columns that do not fit are left out, the least needed first; where rows do not fit, the worst come first."""
        counts, drawn = options.max_width >= 48, options.max_width >= 64
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", expand=True)
        table.add_column("state", no_wrap=True)
        table.add_column("check", no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column("found+own", justify="right", no_wrap=True)
        for heading in ("of", "seen") if counts else ():
            table.add_column(heading, justify="right", no_wrap=True)
        if drawn:
            table.add_column("last buckets", no_wrap=True, width=BUCKETS)
        rows = self._evidence
        if options.size.height - _MARGIN < len(rows):
            rows = tuple(sorted(rows, key=lambda one: list(_STYLES).index(state_of(one))))
        for one in rows:
            row = self._row(one, options.ascii_only)
            table.add_row(*row[:3], *(row[3:5] if counts else ()), *(row[5:] if drawn else ()))
        return table

    def _row(self, one: Evidence, ascii_only: bool) -> tuple[Text | str, ...]:
        check, state = self._plan.check(one.check), state_of(one)
        mark = (_ASCII_MARKS if ascii_only else _MARKS)[state]
        title = inert(said(check.title or check.name, self._language)).replace("`", "")
        return (
            Text(f"{mark} {state}", style=_STYLES[state]),
            Text(title, style="bold" if one.fired else ""),
            f"{one.count:,}+{one.own:,}" if one.own else f"{one.count:,}",
            self._of(check, one),
            f"{one.seen:.0%}",
            self._spark(one.check, ascii_only),
        )

    def _of(self, check: Check, one: Evidence) -> str:
        """What was counted against: requests or actions, else minutes."""
        if one.exposure <= 0:
            return "-"
        timed = self._plan.streams[check.stream].measured or not check.of
        if timed and check.rule not in (Rule.SLOWER, Rule.AMPLIFICATION):
            return f"{one.exposure / self._plan.minute.total_seconds():.1f} min"
        return f"{one.exposure:,.0f}"

    def _spark(self, question: str, ascii_only: bool) -> str:
        """The last buckets since the release is live; what was not seen is no zero."""
        known = self._cells.get(question, {})
        step = max(1, round(self._plan.span(self._plan.bake.bucket).total_seconds() * 1000))
        first = to_ms(self._live_since or self._ends) // step * step
        last = max(max(some, default=first) for some in self._cells.values()) if self._cells else first
        starts = range(max(first, last - (BUCKETS - 1) * step), last + 1, step)
        counts = [known[at].bucket.count + known[at].bucket.own if at in known else None for at in starts]
        levels, unseen = (_ASCII_LEVELS, _ASCII_UNSEEN) if ascii_only else (_LEVELS, _UNSEEN)
        most = max((count for count in counts if count), default=1)
        return "".join(unseen if one is None else levels[-(-one * (len(levels) - 1) // most)] for one in counts)
