"""`approve`, `reject` and `stop`: what a person says to a case."""

import getpass
from pathlib import Path

import click

from bakewatch.cli.options import config_option, data_option, find_data
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import is_asking
from bakewatch.ports import Message
from bakewatch.privacy.scrub import clean


def _say(kind: str, config: Path, data: Path | None, case: str, why: str) -> None:
    from bakewatch.durable import history

    found = find_data(data, config)
    recorded = history.case(found, case)
    if not recorded.running or not is_asking(history.timeline(found, recorded.id)):
        raise ConfigError("nothing is being asked", where=recorded.id, right="see `bakewatch status`")
    history.say(found, recorded.id, _message(kind, why))
    click.echo(f"{recorded.id}: {kind} sent")


def _message(kind: str, why: str) -> Message:
    return Message(kind=kind, by=clean(getpass.getuser()), why=clean(why))


@click.command("approve", help="Allow the undo that a bake asks for.")
@click.argument("case")
@click.option("--why", default="", help="The reason, for the report.")
@config_option
@data_option
def approve_command(case: str, why: str, config: Path, data: Path | None) -> None:
    """Allow it."""
    _say("approve", config, data, case, why)


@click.command("reject", help="Refuse the undo that a bake asks for.")
@click.argument("case")
@click.option("--why", default="", help="The reason, for the report.")
@config_option
@data_option
def reject_command(case: str, why: str, config: Path, data: Path | None) -> None:
    """Refuse it."""
    _say("reject", config, data, case, why)


@click.command("stop", help="End a case before its time; it closes inconclusive, or not undone.")
@click.argument("case")
@click.option("--why", default="", help="The reason, for the report.")
@config_option
@data_option
def stop_command(case: str, why: str, config: Path, data: Path | None) -> None:
    """End it at its next look, whatever it is doing."""
    from bakewatch.durable import history, start

    found = find_data(data, config)
    recorded = history.case(found, case)
    if recorded.ending is not None:
        raise ConfigError(f"it is over: {recorded.ending.value}", where=recorded.id, right="see `bakewatch status`")
    heard = start.stop(found, recorded.id, _message("stop", why)) and recorded.running
    click.echo(f"{recorded.id}: stop sent" + ("" if heard else "; nobody runs it: it rests until `bakewatch resume`"))
