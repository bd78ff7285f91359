"""`verify` and `resume`."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from bakewatch.cli.files import LANGUAGES, folder_of, put_out, tell
from bakewatch.cli.leaving import Departure, DurationType
from bakewatch.cli.main import INTERRUPTED, UNFINISHED, code_of, leave
from bakewatch.cli.options import config_option, data_dir, data_option, find_data
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import Event
from bakewatch.model.verdict import Ending

if TYPE_CHECKING:
    from bakewatch import app

OWN_TOKEN = (
    "a revert made with the job's own GITHUB_TOKEN starts no workflow; "
    "if a workflow deploys production, use another token"
)


class _Watcher:
    """Shows events as they come: a live table on a terminal, one line each when piped. Then *hear* is told of them."""

    def __init__(self, hear: Callable[[Event], None] = lambda event: None) -> None:
        from rich.console import Console

        from bakewatch.cli.lines import Lines
        from bakewatch.cli.live import LiveView, wanted

        console = Console()
        self._live = LiveView(console) if wanted(console) else None
        self._show, self._hear = self._live or Lines(lambda line: click.echo(line)), hear

    @contextmanager
    def showing(self) -> Iterator["_Watcher"]:
        """Keep the live table on the screen meanwhile."""
        if self._live is None:
            yield self
        else:
            with self._live:
                yield self

    def __call__(self, case_id: str, event: Event) -> None:
        self._show(case_id, event)
        self._hear(event)


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _complain(stopped: Mapping[str, str]) -> None:
    """One line for each case that stopped before its end, with the cause, unless a person stopped it."""
    for case_id, cause in stopped.items():
        why = f"{cause}; " if cause else ""
        click.echo(f"bakewatch: {why}{case_id} stopped, `bakewatch resume` tries again", err=True)


@click.command("verify", help="Follow a merged change into production, and undo it if it hurts.")
@config_option
@click.option("--data", type=click.Path(path_type=Path), help="The data directory. [default: as --config says]")
@click.option("--commit", default="", help="The merge commit. [default: the production branch's tip]")
@click.option("--pr", type=int, default=None, help="The number of the pull request.")
@click.option("--range", "range_", default="", metavar="A..B", help="For a rebase merge: the commits it brought.")
@click.option("--again", is_flag=True, help="Watch the same release once more; it is still undone at most once.")
@click.option("--time-limit", type=DurationType(), help="Leave an unfinished case after so long; it can go on later.")
@click.option("--wait", type=click.Choice(["end", "question"]), default="end", help="`question`: leave when it asks.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Of a job's summary. [default: as the plan says]")
def verify_command(
    config: Path,
    data: Path | None,
    commit: str,
    pr: int | None,
    range_: str,
    again: bool,
    time_limit: float | None,
    wait: str,
    lang: str | None,
) -> None:
    """Run one case to its end."""
    from bakewatch import app
    from bakewatch.app.services import starts_nothing
    from bakewatch.config import load

    settings, plan = load(config)
    where = data_dir(config, settings) if data is None else data.resolve()

    from bakewatch.durable import history, replays

    departure = Departure(time_limit, when_asked=wait == "question")
    earlier = history.earlier(where)
    order = app.prepare(settings, plan, where, config, commit=commit, pr=pr, range_=range_, earlier=earlier)
    tokens = (settings.repository.token_env, settings.forge.get("token_env", "GITHUB_TOKEN") if settings.forge else "")
    if starts_nothing(tokens, os.environ):
        click.echo(f"bakewatch: {OWN_TOKEN}", err=True)
    order = replays.noted(history.numbered(order, again=again))
    put_out(os.environ, case=order.id)
    ended = app.over(order)
    if ended is not None:
        click.echo(f"{order.release.bake_id}: {ended}, as the forge shows; its undo is on the branch")
    else:
        signal.signal(signal.SIGTERM, _stop)
        ended = _see(order, departure, lang or "")
    put_out(os.environ, ending=ended.value, exit_code=ended.exit_code)
    sys.exit(ended.exit_code)


def _see(order: "app.Order", departure: Departure, language: str) -> Ending:
    """Run *order* to its end and report on it; where it stops before, on what there is, and leave."""
    from bakewatch.durable import history, start

    data = Path(order.data)
    try:
        # What is over is reported on, however little time is left.
        with departure, _Watcher(departure.hear).showing() as watcher:
            ending = start.verify(order, watcher)
    except start.Stopped as stopped:
        code = max(map(code_of, stopped.cases.values()))
        put_out(os.environ, exit_code=code)
        _complain(stopped.cases)
        sys.exit(code)
    except KeyboardInterrupt:
        put_out(os.environ, exit_code=UNFINISHED if departure.why else INTERRUPTED, **_files(order, language))
        with suppress(ConfigError, ValueError, OSError):
            tell(data, order.id, language)
        if departure.why:
            leave(f"{departure.why}: {order.id} is not over, the same command goes on with it", UNFINISHED)
        raise
    put_out(os.environ, **_files(order, language))
    tell(data, order.id, language)
    _complain({one.id: one.cause for one in history.cases(data) if one.cause})
    return ending


def _files(order: "app.Order", language: str) -> dict[str, object]:
    """Where the reports of a case lie, for the steps that follow."""
    folder = folder_of(Path(order.data), order.id)
    return {"reports": folder, "report": folder / f"report.{language or order.plan.service.language}.md"}


@click.command("resume", help="Take up what was interrupted, and see it to its end.")
@config_option
@data_option
def resume_command(config: Path, data: Path | None) -> None:
    """Run every unfinished case to its end; the exit code is that of the last one."""
    from bakewatch.durable import start

    found = find_data(data, config)
    signal.signal(signal.SIGTERM, _stop)
    try:
        with _Watcher().showing() as watcher:
            endings = start.resume(found, watcher)
    except start.Stopped as stopped:
        for case_id in stopped.endings:
            tell(found, case_id)
        _complain(stopped.cases)
        sys.exit(max(map(code_of, stopped.cases.values())))
    if not endings:
        click.echo("nothing to resume")
        return
    for case_id in endings:
        tell(found, case_id)
    sys.exit(list(endings.values())[-1].exit_code)
