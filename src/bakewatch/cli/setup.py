"""`check` and `schema`."""

import json
from pathlib import Path
from typing import Any

import click
import msgspec

from bakewatch.cli.options import config_option, data_dir


@click.command("check", help="Validate bakewatch.toml: file, path, and what would be right. Nothing is started.")
@config_option
@click.option("--offline", is_flag=True, help="Do not ask whether production can be reached.")
@click.option("--power", is_flag=True, help="Ask the sources what each check could see with the present traffic.")
def check_command(config: Path, offline: bool, power: bool) -> None:
    """Say what the plan holds, or what is wrong with it; with *power* also what it could see."""
    from bakewatch import app
    from bakewatch.config import load

    settings, plan = load(config)
    app.check(settings, plan, data_dir(config, settings), config, online=not offline)
    click.echo(
        f"{config}: {len(plan.checks)} checks on {len(plan.streams)} streams, {len(plan.journeys)} journeys, "
        f"{len(plan.triggers)} triggers, undo {plan.undo.mode.value}: ok"
    )
    if power:
        from bakewatch.cli.power import told
        from bakewatch.flow.power import power as ask

        world = app.without_release(settings, plan, data_dir(config, settings), config)
        for line in told(plan, *ask(world, plan)):
            click.echo(line)


@click.command("schema", help="Print a JSON Schema.")
@click.argument("what", type=click.Choice(["plan", "report", "timeline", "notice", "replay"]), default="plan")
def schema_command(what: str) -> None:
    """Print the schema of *what*."""
    click.echo(json.dumps(_schema(what), indent=2))


def _schema(what: str) -> dict[str, Any]:
    from bakewatch.config import json_schema
    from bakewatch.model.notice import Notice
    from bakewatch.model.replay import Replayed
    from bakewatch.model.report import Report
    from bakewatch.model.timeline import Event

    if what == "plan":
        return json_schema()
    kind: Any = {"report": Report, "timeline": Event, "notice": Notice, "replay": Replayed}[what]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
