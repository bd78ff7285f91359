"""`verify` and `resume`."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from bakewatch.cli.files import tell
from bakewatch.cli.main import code_of
from bakewatch.cli.options import config_option, data_dir, data_option, find_data
from bakewatch.model.timeline import Event

OWN_TOKEN = (
    "a revert made with the job's own GITHUB_TOKEN starts no workflow; "
    "if a workflow deploys production, use another token"
)


class _Watcher:
    """Shows events as they come: a live table on a terminal, one line each when piped."""

    def __init__(self) -> None:
        from rich.console import Console

        from bakewatch.cli.lines import Lines
        from bakewatch.cli.live import LiveView, wanted

        console = Console()
        self._live = LiveView(console) if wanted(console) else None
        self._show = self._live or Lines(lambda line: click.echo(line))

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


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _complain(stopped: Mapping[str, str]) -> None:
    """One line for each case that stopped before its end, with the cause, unless a person stopped it."""
    for case_id, cause in stopped.items():
        why = f"{cause}; " if cause else ""
        click.echo(f"bakewatch: {why}{case_id} stopped, `bakewatch resume` tries again", err=True)


@click.command("verify", help="Follow a merged change into production, and undo it if it hurts.")
@config_option
@click.option("--commit", default="", help="The merge commit. [default: the production branch's tip]")
@click.option("--pr", type=int, default=None, help="The number of the pull request.")
@click.option("--range", "range_", default="", metavar="A..B", help="For a rebase merge: the commits it brought.")
@click.option("--again", is_flag=True, help="Watch the same release once more; it is still undone at most once.")
def verify_command(config: Path, commit: str, pr: int | None, range_: str, again: bool) -> None:
    """Run one case to its end."""
    from bakewatch import app
    from bakewatch.app.services import starts_nothing
    from bakewatch.config import load

    settings, plan = load(config)
    data = data_dir(config, settings)

    from bakewatch.durable import history, replays, start

    earlier = history.earlier(data)
    order = app.prepare(settings, plan, data, config, commit=commit, pr=pr, range_=range_, earlier=earlier)
    tokens = (settings.repository.token_env, settings.forge.get("token_env", "GITHUB_TOKEN") if settings.forge else "")
    if starts_nothing(tokens, os.environ):
        click.echo(f"bakewatch: {OWN_TOKEN}", err=True)
    order = replays.noted(history.numbered(order, again=again))
    signal.signal(signal.SIGTERM, _stop)
    try:
        with _Watcher().showing() as watcher:
            ending = start.verify(order, watcher)
    except start.Stopped as stopped:
        _complain(stopped.cases)
        sys.exit(max(map(code_of, stopped.cases.values())))
    tell(data, order.id)
    _complain({one.id: one.cause for one in history.cases(data) if one.cause})
    sys.exit(ending.exit_code)


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
