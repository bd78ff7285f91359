"""`init`: writes a first plan of what the repository shows."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakewatch.errors import ConfigError
from bakewatch.report.inert import inert

if TYPE_CHECKING:
    from bakewatch.draft.found import Found

FILE = "bakewatch.toml"


@click.command("init", help="Write a bakewatch.toml for the repository at hand, with every choice explained.")
@click.option(
    "--config", type=click.Path(path_type=Path), default=None, help=f"The file to write. [default: {FILE} at the root]"
)
@click.option("--address", default="", help="Production's address, such as https://live.example.")
@click.option("--force", is_flag=True, help="Write over a plan that is there.")
@click.option("--print", "only_print", is_flag=True, help="Print the plan, write nothing.")
def init_command(config: Path | None, address: str, force: bool, only_print: bool) -> None:
    """Looks at files, and at what git knows; nobody is asked anything but who sits at the terminal."""
    from bakewatch.draft.found import look
    from bakewatch.draft.plan import text
    from bakewatch.vendors.git.here import here

    at = here(config.absolute().parent if config else Path.cwd())
    path = config.absolute() if config else at.root / FILE
    # A link that leads nowhere is there too: what is written would lie elsewhere.
    if os.path.lexists(path) and not force and not only_print:
        raise ConfigError("it is there already", where=str(path), right="--force writes over it, --print only shows")
    found = look(
        at.root,
        name=_name(at.remote) or at.root.name or "service",
        remote=at.remote,
        branch=at.branch,
        plan=(path.parent.resolve() / path.name).relative_to(at.root.resolve()).as_posix(),
        address=_address(address, ask=sys.stdin is not None and sys.stdin.isatty() and not only_print),
    )
    if only_print:
        click.echo(text(found), nl=False)
        return
    for line in _written(path, found, os.environ):
        click.echo(inert(line))


def _name(remote: str) -> str:
    """The last part of *remote*."""
    return remote.rstrip("/").removesuffix(".git").replace(":", "/").rpartition("/")[2]


def _address(address: str, *, ask: bool) -> str:
    """A safe address, asked for at a terminal; empty: it is to be filled in."""
    from bakewatch.address import require_safe

    while ask and not address:
        answer = click.prompt("Production's address (empty: fill it in later)", default="", show_default=False)
        try:
            if not answer:
                return ""
            require_safe(answer)
            address = answer
        except ConfigError as error:
            click.echo(str(error), err=True)
    if address:
        try:
            require_safe(address)
        except ConfigError as error:
            raise ConfigError(error.what, where="--address", right=error.right) from None
    return address.rstrip("/")


def _written(path: Path, found: "Found", environ: Mapping[str, str]) -> Iterator[str]:
    """Write the plan and a first journey, and say what is left to do."""
    from bakewatch.draft.plan import FILL_IN, JOURNEY, JOURNEY_TEXT, text

    plan, journey = text(found), path.parent / JOURNEY
    _write(path, plan)
    yield f"written: {path}"
    if not os.path.lexists(journey):
        _write(journey, JOURNEY_TEXT)
        yield f"written: {journey}"
    yield f"found: {', '.join(_seen(found)) or 'nothing but the repository'}"
    for number, line in enumerate(plan.splitlines(), 1):
        if FILL_IN in line and "=" in line:
            yield f"fill in: line {number}: {line.partition(' =')[0]}, {line.partition(f'{FILL_IN}: ')[2]}"
    yield from _exports(found, environ)
    yield from _next(found)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(path)) from None


def _seen(found: "Found") -> Iterator[str]:
    if found.github:
        yield f"GitHub {found.github}"
    elif found.remote:
        yield f"git {found.remote}"
    if found.vercel:
        yield f"Vercel {found.vercel.project}"
    if found.supabase:
        yield f"Supabase {found.supabase.ref or '(not linked: which project is not known)'}"
    if found.code:
        yield found.code.framework.name


def _exports(found: "Found", environ: Mapping[str, str]) -> Iterator[str]:
    """The checklist of the environment variables."""
    from bakewatch.draft.needs import needs

    wanted = needs(found)
    if wanted:
        yield ""
        yield "export these, and give each token nothing but what it says:"
    for one in wanted:
        yield f"  [{'x' if environ.get(one.variable) else ' '}] {one.variable}: {one.what} ({one.where})"
        for scope in one.scopes:
            yield f"        {scope}"


def _next(found: "Found") -> Iterator[str]:
    yield ""
    yield "next:"
    if found.code:
        yield "  let production say which commit it serves (the lines are in the plan, below `[platform]`)"
    yield "  bakewatch check --offline    is the plan right?"
    yield "  bakewatch doctor             does everything work, and what could be seen?"
    yield "  commit bakewatch.toml and journeys/: a release is judged by the plan of its parent commit"
    yield "  bakewatch verify             after the next merge"
    if found.github:
        yield "  or let a GitHub Action do that: docs/action.md has the workflow, and the permissions of its job"
