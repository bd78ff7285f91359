"""`serve`: run cases for as long as the process lives, and start them by webhooks."""

import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bakewatch.cli.files import folder_of, tell
from bakewatch.cli.lines import Lines
from bakewatch.cli.main import leave
from bakewatch.cli.options import config_option, data_dir
from bakewatch.config import ServeSettings
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import Closed, Event
from bakewatch.web.attempt import Attempt

_DRAIN = "vercel_drain"


class _Teller:
    """Says what happens, a line each, and writes the reports of cases that close."""

    def __init__(self, data: Path, timezone: str) -> None:
        self._data, self._zone = data, ZoneInfo(timezone)
        self._lines = Lines(lambda line: click.echo(line))

    def __call__(self, case_id: str, event: Event) -> None:
        self._lines(case_id, event)
        if isinstance(event, Closed):
            self.report(case_id)

    def report(self, case_id: str) -> None:
        """What was seen of a case, and its files."""
        with Attempt(lambda line: click.echo(f"bakewatch: {line}", err=True), case_id):
            tell(self._data, case_id)

    def hook(self, line: str) -> None:
        """What a webhook said and did."""
        click.echo(f"{datetime.now(self._zone):%H:%M:%S}  hook       {line}")

    def left(self, case_id: str, why: str) -> None:
        """A case that this process goes on with no further."""
        cause = f"{why}; " if why else ""
        click.echo(f"bakewatch: {cause}{case_id} rests, the next start tries again", err=True)


@click.command("serve", help="Run cases in the background, and start them by webhooks.")
@config_option
@click.option("--host", default=None, help="Where to listen. [default: as --config says, else loopback]")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="0: a free one. [default: as --config says]")
def serve_command(config: Path, host: str | None, port: int | None) -> None:
    """Own the data directory until SIGTERM or Ctrl-C; what is unfinished then goes on at the next start."""
    from bakewatch import app
    from bakewatch.config import load
    from bakewatch.durable.keeper import keeping
    from bakewatch.web.app import build
    from bakewatch.web.desk import Desk
    from bakewatch.web.drain import at
    from bakewatch.web.server import Server, address, listen
    from bakewatch.web.worker import Worker

    settings, plan = load(config)
    data, secrets = data_dir(config, settings), _secrets(settings.serve, config)
    app.check(settings, plan, data, config, online=False)
    app.without_release(settings, plan, data, config)
    drain_secret = secrets.pop(_DRAIN, "")
    drain = at(data, drain_secret, app.clock) if drain_secret else None
    teller = _Teller(data, plan.service.timezone)
    listening = listen(settings.serve.host if host is None else host, settings.serve.port if port is None else port)
    try:
        with listening, keeping(data) as keeper, Worker() as worker:
            desk = Desk(keeper, config, data, worker, teller.hook)
            with Server(build(keeper, desk, secrets, drain), listening) as server:
                drains = "; drains: vercel" if drain else ""
                click.echo(f"serving {address(listening)} (webhooks: {', '.join(secrets) or 'none'}{drains})")
                for case_id, why in keeper.resting.items():
                    teller.left(case_id, why)
                _catch_up(data, teller)
                keeper.watch(teller, teller.left, server.check)
    except KeyboardInterrupt:
        leave("stopped; what is unfinished goes on at the next start", 0)


def _secrets(serve: ServeSettings, config: Path) -> dict[str, str]:
    """The secret of each sender whose webhooks or logs are taken. `ConfigError` when one is not there."""
    named = {
        "github": serve.github_secret_env,
        "vercel": serve.vercel_secret_env,
        _DRAIN: serve.vercel_drain_secret_env,
    }
    for sender, name in named.items():
        if name and not os.environ.get(name):
            where = f"{config}: serve.{sender}_secret_env"
            raise ConfigError(f"the environment variable {name} is not set", where=where, right=f"export {name}=…")
    return {sender: os.environ[name] for sender, name in named.items() if name}


def _catch_up(data: Path, teller: _Teller) -> None:
    """Report on the cases that ended when there was no time left for it."""
    from bakewatch.durable import history

    for one in history.cases(data):
        if one.ending is not None and not folder_of(data, one.id).exists():
            teller.report(one.id)
