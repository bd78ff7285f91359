"""`replay`."""

import sys
from datetime import UTC, datetime
from multiprocessing import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakewatch.cli.options import config_option, data_dir

if TYPE_CHECKING:
    from bakewatch.model.plan import Plan
    from bakewatch.model.replay import BakesReplay, Replayed

INCONCLUSIVE = 3


@click.command("replay", help="Run the plan against history, and say what it would have done.")
@config_option
@click.option("--days", type=click.IntRange(1, 90), default=None, help="How many days back. [default: 7]")
@click.option("--releases", is_flag=True, help="Only the moments at which something was merged.")
@click.option("--bakes", is_flag=True, help="The recorded bakes instead, look by look; nobody is asked anything.")
@click.option("--jobs", type=click.IntRange(1), default=None, help="Processes. [default: one for each processor]")
@click.option("--json", "as_json", is_flag=True, help="Print all numbers as JSON.")
def replay_command(
    config: Path, days: int | None, releases: bool, bakes: bool, jobs: int | None, as_json: bool
) -> None:
    """Ask what was, and judge it. Exit code 3 when history tells nothing."""
    if releases and bakes:
        raise click.UsageError("--releases and --bakes: one at a time")
    if bakes and days is not None:
        raise click.UsageError("--bakes and --days: recorded bakes are all judged")
    days = days or 7
    from bakewatch import app
    from bakewatch.app.where import asking_git
    from bakewatch.config import load
    from bakewatch.flow import replay

    settings, plan = load(config)
    data, jobs = data_dir(config, settings), jobs or cpu_count()
    done: Replayed
    if bakes:
        done = _bakes(data, plan, jobs)
    else:
        app.check(settings, plan, data, config, online=False)
        world = app.without_release(settings, plan, data, config)
        with asking_git(f"{config}: repository.remote", data):
            done = replay.releases(world, plan, days, jobs) if releases else replay.replay(world, plan, days, jobs)
    _tell(data, plan, done, as_json)


def _tell(data: Path, plan: "Plan", done: "Replayed", as_json: bool) -> None:
    from msgspec import json

    from bakewatch.cli.replayed import nothing, told
    from bakewatch.durable import replays
    from bakewatch.model.replay import Replay
    from bakewatch.report.inert import inert

    if done.empty:
        click.echo(f"bakewatch: {nothing(done)}", err=True)
        sys.exit(INCONCLUSIVE)
    if isinstance(done, Replay):
        replays.remember(data, plan, done)
    if as_json:
        click.echo(json.format(json.encode(done)).decode())
        return
    for line in told(plan, done):
        click.echo(inert(line))


def _bakes(data: Path, plan: "Plan", jobs: int) -> "BakesReplay":
    from bakewatch.durable import history
    from bakewatch.flow import replay

    try:
        ended = [one.id for one in history.cases(data) if one.ending is not None]
    except history.NoRecord:
        ended = []
    timelines = [(case_id, history.timeline(data, case_id)) for case_id in ended]
    return replay.bakes(plan, timelines, datetime.now(UTC), jobs)
