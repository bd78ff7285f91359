"""`report`, `list` and `status`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakewatch.cli.files import FORMATS, LANGUAGES, render
from bakewatch.cli.lines import Lines
from bakewatch.cli.options import config_option, data_option, find_data
from bakewatch.model.timeline import Looked, Weighed

if TYPE_CHECKING:
    from bakewatch.durable import history


@click.command("report", help="Print the report of a case.")
@click.argument("case")
@click.option("--lang", "language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMATS), default="md", show_default=True)
@config_option
@data_option
def report_command(case: str, language: str, form: str, config: Path, data: Path | None) -> None:
    """Render the report from the record."""
    from bakewatch.durable import history

    found = find_data(data, config)
    recorded = history.case(found, case)
    click.echo(render(history.timeline(found, recorded.id), form, language), nl=False)


@click.command("list", help="List all cases.")
@config_option
@data_option
def list_command(config: Path, data: Path | None) -> None:
    """One line per case."""
    from bakewatch.durable import history

    for one in history.cases(find_data(data, config)):
        click.echo(f"{one.id}  {state_in_words(one)}")


@click.command("status", help="Say how a case stands.")
@click.argument("case")
@config_option
@data_option
def status_command(case: str, config: Path, data: Path | None) -> None:
    """The case's state and its events, looks left out but for the last."""
    from bakewatch.durable import history

    found = find_data(data, config)
    recorded = history.case(found, case)
    click.echo(f"{recorded.id}  {state_in_words(recorded)}")
    timeline = history.timeline(found, recorded.id)
    last = max((index for index, event in enumerate(timeline) if isinstance(event, Weighed)), default=-1)
    show = Lines(lambda line: click.echo(line))
    for index, event in enumerate(timeline):
        if not isinstance(event, Looked | Weighed) or last - 1 <= index <= last:
            show(recorded.id, event)


def state_in_words(one: "history.Recorded") -> str:
    """How a case stands, for a line."""
    if one.ending is not None:
        return one.ending.value
    if one.running:
        return "running (or to be resumed)"
    return f"stopped, {one.cause}; bakewatch resume tries again" if one.cause else "stopped; bakewatch resume ends it"
