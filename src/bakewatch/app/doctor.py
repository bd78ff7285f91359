"""Everything that a plan needs, tried for real and read-only, each vendor by what it says itself.

One bad vendor hides none of the others: each table is built by itself, and what cannot be built is a line.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from msgspec import structs

from bakewatch import app, plugins
from bakewatch.app.lanes import Lane, Task, finding, run, task_of
from bakewatch.app.services import with_domains
from bakewatch.app.streams import Mute, Streams
from bakewatch.config import Settings, Table
from bakewatch.errors import ConfigError, RepositoryError
from bakewatch.flow.power import Survey
from bakewatch.model.plan import Plan
from bakewatch.model.probe import Finding, Found, Probe, missing, ok, unknown
from bakewatch.ports import Context, Platform, Source, World
from bakewatch.vendors.git.mirror import mirror_of
from bakewatch.vendors.git.probe import reading
from bakewatch.vendors.git.repository import GitRepository

WITHIN = 55.0
"""Seconds of the clock for all of it."""
_PART = 0.8


@dataclass(frozen=True)
class Surgery:
    """A plan, and where things are, to be examined."""

    settings: Settings
    plan: Plan
    context: Context
    config: Path
    canaries: bool = True
    """Send them too, and wait until they are back?"""
    surveyed: Callable[[Survey], None] = lambda survey: None
    """Told what the checks have seen."""


def surgery(settings: Settings, plan: Plan, data: Path, config: Path, **more: Any) -> Surgery:
    """What `examine` needs; the data directory is made."""
    app.make_data(data, config)
    context = app.context_of(settings, plan, data, config.absolute().parent)
    return Surgery(settings, plan, replace(context, plan_dir=context.base), config, **more)


def examine(one: Surgery, within: float = WITHIN) -> Iterator[Finding]:
    """A line for everything that was tried, as it becomes known."""
    settings = one.settings
    tables = [("hosting", settings.hosting), ("forge", settings.forge), ("counter", settings.counter)]
    tables += [("walker", settings.walker), ("method", settings.method), ("notify", settings.notify)]
    lanes: list[Lane] = [_repository(one), _platform(one, within)]
    lanes += [_lane(one, group, group, table) for group, table in tables if table]
    return run([*lanes, _streams(one)], within)


def _lane(one: Surgery, about: str, group: str, table: Table) -> Lane:
    """What the kind of *table* says is to be tried."""
    try:
        kind, settings = plugins.find(_GROUPS.get(group, group), table, about)
        probes = kind.probe(settings, one.context)
        if not probes:
            kind.build(settings, one.context)
    except ConfigError as error:
        return [_wrong(about, error)]
    return [task_of(about, probe) for probe in probes]


_GROUPS = {"notify": "notifier"}


def _wrong(about: str, error: ConfigError) -> Task:
    found = missing(error.what, error.right)
    return Task(about, "settings", lambda: [finding(about, "settings", found)])


def _repository(one: Surgery) -> Lane:
    try:
        probes = reading(mirror_of(one.context), one.settings.repository.plan)
    except ConfigError as error:
        return [_wrong("repository", error)]
    return [task_of("repository", probe) for probe in probes]


def _platform(one: Surgery, within: float) -> Lane:
    """Every address, those too that the hosting names, and whether what they serve is on the branch.

    Side by side, since each may be silent; and in less time than all of it has, so that the others are told then.
    """

    def all_addresses() -> Table:
        hosting = None
        with suppress(ConfigError):
            hosting = plugins.build("hosting", one.settings.hosting, "", one.context) if one.settings.hosting else None
            return with_domains(one.settings.platform, hosting, "")
        return one.settings.platform

    def ask() -> list[Finding]:
        kind, settings = plugins.find("platform", all_addresses(), "platform")
        built = kind.build(settings, one.context)
        tasks = [task_of("platform", probe) for probe in kind.probe(settings, one.context)]
        tasks.append(task_of("platform", Probe("commit", lambda: _served(one, built))))
        return list(run([[task] for task in tasks], within * _PART))

    return [Task("platform", "addresses", ask)]


def _served(one: Surgery, platform: Platform) -> Found:
    """Is what production serves a commit of the production branch?"""
    commits = sorted({sight.commit for sight in platform.sight() if sight.commit})
    branch = one.settings.repository.branch
    if not commits:
        return unknown("nobody says which commit is served", needed=False)
    try:
        repository = GitRepository(mirror_of(one.context))
        tip = repository.tip()
        strangers = [commit for commit in commits if not repository.contains(tip, commit)]
    except RepositoryError as error:
        return unknown(error.code, needed=False)
    if strangers:
        right = "the repository and the branch that production is built from"
        return missing(f"{', '.join(commit[:7] for commit in strangers)} is not on {branch}", right)
    return ok(f"what is served is on {branch}")


def _streams(one: Surgery) -> Lane:
    """Sources, canaries and checks, one after another: they ask the same sources."""
    tables = one.settings.sources.items()
    lane = [task for name, table in tables for task in _lane(one, f"sources.{name}", "source", table)]
    if not one.plan.checks:
        nothing = unknown("there is none: only journeys can tell harm", "streams and checks, or packs", needed=False)
        return [*lane, Task("checks", "plan", lambda: [finding("checks", "plan", nothing)])]
    for index, table in enumerate(one.settings.canaries):
        lane += _lane(one, f"canaries[{index}]", "canary", table)
    streams = Streams(cache(lambda: _world(one)), one.context)
    for index, table in enumerate(one.settings.canaries if one.canaries else ()):
        lane.append(Task(f"canaries[{index}]", "sending", partial(streams.send, index, table)))
    lane.append(Task("checks", "all of them", lambda: streams.checks(one.surveyed)))
    return [*lane, Task("canaries", "all of them", streams.returned)]


def _world(one: Surgery) -> World:
    """All sources; those that cannot be built are mute. Nothing else of it is asked, so nothing else need be right."""
    sources: dict[str, Source] = {}
    for name, table in one.settings.sources.items():
        try:
            sources[name] = plugins.build("source", table, f"sources.{name}", one.context)
        except ConfigError:
            sources[name] = Mute()
    bare = structs.replace(
        one.settings,
        repository=structs.replace(one.settings.repository, remote=".", token_env=""),
        platform=_PLATFORM,
        hosting={},
        forge={},
        notify={},
        sources={},
        canaries=(),
        counter={},
        walker=_WALKER,
        method=_METHOD,
    )
    return replace(app.without_release(bare, one.plan, one.context.data, one.config), sources=sources)


_PLATFORM = {"kind": "endpoint", "addresses": ("https://127.0.0.1",)}
_WALKER, _METHOD = {"kind": "pytest"}, {"kind": "git"}
