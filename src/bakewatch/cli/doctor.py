"""`doctor`: what was tried, a line each, and what is to be done."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from bakewatch.cli.main import USAGE, leave
from bakewatch.cli.options import config_option, data_dir
from bakewatch.flow.power import Survey
from bakewatch.model.plan import Plan
from bakewatch.model.probe import Finding
from bakewatch.report.inert import inert


@click.command("doctor", help="Try everything that the plan needs for real, read-only, and say what is missing.")
@config_option
@click.option("--no-canaries", is_flag=True, help="Send nothing into the streams, not even harmless tagged lines.")
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def doctor_command(config: Path, no_canaries: bool, as_json: bool) -> None:
    """Exit code 0 when everything that is needed is known to be there, else 2."""
    from bakewatch.app.doctor import examine, surgery
    from bakewatch.app.lanes import in_the_way, late
    from bakewatch.config import load

    settings, plan = load(config)
    surveys: list[Survey] = []
    one = surgery(settings, plan, data_dir(config, settings), config, canaries=not no_canaries, surveyed=surveys.append)
    found = []
    for finding in examine(one):
        found.append(finding)
        if not as_json:
            click.echo(line(finding))
    count = in_the_way(found)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_object(found, surveys, count))).decode())
    else:
        for said in _closing(plan, surveys, count):
            click.echo(said)
    code = USAGE if count else 0
    if late(found):
        leave("what had no answer in time was not waited for", code)
    sys.exit(code)


def line(one: Finding) -> str:
    """*one* in a line: how it stands, what it is about, what was seen, and what would be right."""
    right = f" (right: {one.right})" if one.right else ""
    return inert(f"{one.grade.value:8} {one.about} {one.name}: {one.what}{right}")


def _closing(plan: Plan, surveys: list[Survey], count: int) -> Iterator[str]:
    from bakewatch.cli.power import told

    for one in surveys:
        yield ""
        yield from told(plan, one.foresights, ())
        yield "of the last hours alone; `bakewatch check --power` reads a week, and is more exact"
    yield ""
    yield "all that is needed is there" if not count else f"needed, and not known to be there: {count}, see above"


def _object(found: list[Finding], surveys: list[Survey], count: int) -> dict[str, Any]:
    foresights = [one for survey in surveys for one in survey.foresights]
    return {"ready": not count, "found": found, "foresights": foresights}
