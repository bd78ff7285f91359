"""The `bakewatch` command: its commands, its errors in one line, its exit codes."""

import contextlib
import io
import os
import sys

import click

from bakewatch.errors import NO_SPACE, BakewatchError, ConfigError, cause_of

USAGE, BUG, DISK, UNFINISHED, INTERRUPTED = 2, 70, 74, 75, 130

_COMMANDS = {
    "verify": "bakewatch.cli.run",
    "resume": "bakewatch.cli.run",
    "serve": "bakewatch.cli.serve",
    "approve": "bakewatch.cli.answer",
    "reject": "bakewatch.cli.answer",
    "stop": "bakewatch.cli.answer",
    "report": "bakewatch.cli.read",
    "list": "bakewatch.cli.read",
    "status": "bakewatch.cli.read",
    "replay": "bakewatch.cli.replay",
    "init": "bakewatch.cli.init",
    "doctor": "bakewatch.cli.doctor",
    "check": "bakewatch.cli.setup",
    "schema": "bakewatch.cli.setup",
}
_HELP = {
    "verify": "Follow a merged change into production, and undo it if it hurts.",
    "resume": "Take up what was interrupted.",
    "serve": "Run cases in the background, and start them by webhooks.",
    "approve": "Allow the undo that a bake asks for.",
    "reject": "Refuse the undo that a bake asks for.",
    "stop": "End a case before its time; it closes inconclusive, or not undone.",
    "report": "Print the report of a case.",
    "list": "List all cases.",
    "status": "Say how a case stands.",
    "replay": "Run the plan against history, and say what it would have done.",
    "init": "Write a bakewatch.toml for the repository at hand, with every choice explained.",
    "doctor": "Try everything that the plan needs for real, read-only, and say what is missing.",
    "check": "Validate bakewatch.toml; nothing is started.",
    "schema": "Print the JSON Schema of bakewatch.toml, of the report, the timeline or a replay.",
}


class _Lazy(click.Group):
    """Imports a command's module only when that command is called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        found: click.Command = getattr(import_module(_COMMANDS[cmd_name]), f"{cmd_name}_command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_HELP.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="bakewatch")
def cli() -> None:
    """Watches a release after it is merged: proves that it is live, bakes it, undoes it when it hurts, and reports.

    Exit codes of `verify`: 0 pass, 1 fail and undone, 2 usage or configuration, 3 inconclusive, 4 never deployed,
    5 fail and not undone, 6 undone but not cured, 70 a bug, 74 no space left on the disk, 75 not over: run it again.
    """


def main() -> None:
    """Entry point: one line and an exit code for everything that can go wrong."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal whose language has not every letter is no reason to stop half-way.
        sys.stdout.reconfigure(errors="replace")
    try:
        sys.exit(cli(standalone_mode=False))
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        _complain(error.format_message())
    except ConfigError as error:
        _complain(str(error))
    except BakewatchError as error:
        _complain(f"{type(error).__name__}: {error}")
    except (KeyboardInterrupt, click.Abort):
        leave("interrupted; `bakewatch resume` goes on", INTERRUPTED)
    except Exception as error:  # the command line's last line: a bug is said as one, without data in it
        cause = cause_of(error)
        leave(cause, code_of(cause))


def code_of(cause: str) -> int:
    """The exit code for what nobody raised on purpose."""
    return DISK if cause == NO_SPACE else BUG


def leave(line: str, code: int) -> None:
    """Say it and go at once: a case's thread may sleep for half an hour, and Python would wait for it."""
    click.echo(f"bakewatch: {line}", err=True)
    for stream in (sys.stdout, sys.stderr):
        # A reader that has gone is why we may be here.
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def _complain(line: str) -> None:
    from bakewatch.report.inert import inert

    click.echo("bakewatch: " + inert(" ".join(line.split())), err=True)
    sys.exit(USAGE)
