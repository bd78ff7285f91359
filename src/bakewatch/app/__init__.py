"""The composition root: from settings and a plan to a world. The only place that wires."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from bakewatch import plugins
from bakewatch.app.services import members, pull_of, trace_of, with_domains
from bakewatch.app.where import asking_git, at_path, writable
from bakewatch.config import Settings, Table, load_plan
from bakewatch.errors import ConfigError, PortError
from bakewatch.model.forge import Trace
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.model.verdict import Ending
from bakewatch.ports import Context, Notifier, Remote, World
from bakewatch.vendors.flock import Flock
from bakewatch.vendors.no_archive import NoArchive

if TYPE_CHECKING:
    from bakewatch.vendors.git.mirror import Mirror


class Order(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a case needs to be told, now or after a restart. Holds names of secrets, never secrets."""

    release: Release
    plan: Plan
    settings: Settings
    data: str
    """The data directory, absolute."""
    plan_dir: str
    """Where the plan and its journeys were exported to."""
    base: str
    """The folder of the operator's file: where relative paths start."""
    plan_from: str = "parent"
    replayed: datetime | None = None
    """When the plan was last replayed over history."""
    attempt: int = 1
    left: Trace | None = None
    """What the forge shows of an earlier attempt; only used where there is no record of one."""

    @property
    def id(self) -> str:
        """The identity of the case's attempt."""
        return self.release.bake_id if self.attempt == 1 else f"{self.release.bake_id}~{self.attempt}"


@dataclass(frozen=True)
class Earlier:
    """Another release that has been watched, and how that went."""

    release: Release
    passed: bool
    unfinished: bool
    """Its bake is running, or ended because a newer deployment went live."""


def clock() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


def world(order: Order, environ: Mapping[str, str] | None = None) -> World:
    """The vendors of *order*. `ConfigError` names the table that is wrong; nobody is asked anything."""
    context = context_of(order.settings, order.plan, Path(order.data), Path(order.base), environ)
    _check_personas(order.plan, context)
    return _world(order.settings, replace(context, release=order.release, plan_dir=Path(order.plan_dir)))


def check(settings: Settings, plan: Plan, data: Path, config: Path, *, online: bool, plan_where: str = "") -> None:
    """Everything that can be known to be wrong before a start. `ConfigError` says what, where, and what would be right.

    *plan_where* names the plan in errors when it is not the one in *config*. With *online*, every production address
    must give some answer.
    """
    where = str(config)
    context = context_of(settings, plan, data, config.absolute().parent)
    _check_plan(settings, plan, context, plan_where or where)
    built = _world(settings, context, where)
    if online:
        silent = [one.address for one in built.platform.sight() if one.problem in ("unreachable", "timeout")]
        if silent:
            raise ConfigError(f"no answer from {', '.join(silent)}", where=f"{where}: platform.addresses")


def without_release(settings: Settings, plan: Plan, data: Path, config: Path) -> World:
    """The vendors without a release: to ask what is, and what was. The data directory is made."""
    make_data(data, config)
    return _world(settings, context_of(settings, plan, data, config.absolute().parent), str(config))


def _check_plan(settings: Settings, plan: Plan, context: Context, where: str) -> None:
    for name, stream in plan.streams.items():
        if stream.source not in settings.sources:
            known = ", ".join(settings.sources) or "(none is configured)"
            raise ConfigError(f"no source `{stream.source}`", where=f"{where}: streams.{name}.source", right=known)
    for question in plan.questions():
        kind, _ = plugins.find("source", settings.sources[plan.source_of(question)], f"{where}: sources")
        with at_path(f"{where}: {_path_of(plan, question.name)}"):
            kind.check(question)
    _check_personas(plan, context, f"{where}: ")
    for journey in plan.journeys:
        if not journey.file.endswith(".py") or Path(journey.file).is_absolute() or ".." in Path(journey.file).parts:
            what = f"`{journey.file}` is no module beside the plan"
            raise ConfigError(what, where=f"{where}: journeys.{journey.name}.file", right="such as journeys/visitor.py")


def _check_personas(plan: Plan, context: Context, where: str = "") -> None:
    for name, persona in plan.personas.items():
        if persona.password_env:
            with at_path(f"{where}personas.{name}.password_env"):
                context.secret(persona.password_env)


def prepare(
    settings: Settings,
    plan: Plan,
    data: Path,
    config: Path,
    *,
    commit: str = "",
    pr: int | None = None,
    range_: str = "",
    earlier: Sequence[Earlier] = (),
) -> Order:
    """Find the release, take plan and journeys from its parent, check everything. `ConfigError`: nothing is started.

    *plan*: the operator's own, for a parent that has none. *earlier*: the other releases that have been watched.
    """
    from bakewatch.vendors.git.release import find_release
    from bakewatch.vendors.git.suspects import inherited

    make_data(data, config)
    context = context_of(settings, plan, data, config.absolute().parent)
    mirror, at = _mirror(context), settings.repository.plan
    hosting, forge = (_optional(kind, getattr(settings, kind), str(config), context) for kind in ("hosting", "forge"))
    settings = structs.replace(settings, platform=with_domains(settings.platform, hosting, f"{config}: hosting"))
    with asking_git(f"{config}: repository.remote", data):
        at_forge = f"{config}: forge"
        told = None if range_ else pull_of(forge, at_forge, mirror.remote.branch, pr, commit or mirror.fetch())
        named = find_release(mirror, commit=commit, pull=pr, range_=range_, told=told)
        named = structs.replace(named, members=members(forge, named))
        release = inherited(mirror, named, _unfinished(mirror, named, earlier))
        found = _plan_at(mirror, release.parent, at, settings.sources)
        watched = found or plan
        release = _with_touched(mirror, release, watched, at)
        with writable(f"{config}: data"):
            plan_dir = _export(mirror, release, watched, at, data)
    check(settings, watched, data, config, online=True, plan_where=f"{at} of {release.parent[:12]}" if found else "")
    return Order(
        release=release,
        plan=watched,
        settings=settings,
        data=str(data),
        plan_dir=str(plan_dir),
        base=str(config.absolute().parent),
        plan_from="parent" if found else "file",
        left=trace_of(forge, release),
    )


def over(order: Order) -> Ending | None:
    """How a case without a record here ended, when it was undone and the undo is on the branch: nothing is left to
    watch. None: it is to be watched."""
    ending = order.left.ending if order.left is not None else None
    if ending not in (Ending.UNDONE, Ending.NOT_CURED):
        return None
    with suppress(PortError):
        return ending if world(order).repository.undone_by(order.release) else None
    return None


def make_data(data: Path, config: Path) -> None:
    """Make the data directory of *config*, which git ignores. `ConfigError` where that cannot be."""
    with writable(f"{config}: data"):
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        (data / ".gitignore").write_text("*\n")


def _unfinished(mirror: "Mirror", release: Release, earlier: Sequence[Earlier]) -> list[Release]:
    """Those of *earlier* that came before *release* and never came to a verdict, unless a later one passed."""
    before = [one for one in earlier if mirror.contains(release.parent, one.release.commit)]
    passed = [one.release.commit for one in before if one.passed]
    return [
        one.release
        for one in before
        if one.unfinished and not any(mirror.contains(commit, one.release.commit) for commit in passed)
    ]


def _with_touched(mirror: "Mirror", release: Release, plan: Plan, at: str) -> Release:
    """*release*, with whether it touches *plan* (which lies at *at*), one of its journeys, or migrations."""
    from bakewatch.vendors.git.release import touched

    at = str(PurePosixPath(at))
    folders = _journey_paths(plan, str(PurePosixPath(at).parent))
    return structs.replace(
        release,
        touches_plan=touched(mirror, release, lambda path: path == at or any(_under(path, one) for one in folders)),
        touches_migrations=touched(mirror, release, lambda path: path.startswith(plan.undo.migrations)),
    )


def _under(path: str, folder: str) -> bool:
    """Does *path* belong to the journeys in *folder*? All of it, but of the repository's root only its modules."""
    if folder == ".":
        return "/" not in path and path.endswith(".py")
    return path == folder or path.startswith(f"{folder}/")


def _export(mirror: "Mirror", release: Release, plan: Plan, at: str, data: Path) -> Path:
    """Export the journeys of *plan* as the release's parent has them; where the plan would lie beside them."""
    folder = str(PurePosixPath(at).parent)
    target = data / "plans" / release.commit
    for path in _journey_paths(plan, folder):
        mirror.export(release.parent, path, target)
    return target / folder


def context_of(
    settings: Settings, plan: Plan, data: Path, base: Path, environ: Mapping[str, str] | None = None
) -> Context:
    """What vendors may need; *base* is the folder of the operator's file."""
    at = settings.repository
    local = "://" not in at.remote and "@" not in at.remote
    return Context(
        data=data,
        base=base,
        environ=os.environ if environ is None else environ,
        clock=clock,
        remote=Remote(
            url=str(base / at.remote) if local else at.remote, branch=at.branch, name=at.name, token_env=at.token_env
        ),
        plan=plan,
    )


def _world(settings: Settings, context: Context, where: str = "bakewatch.toml") -> World:
    from bakewatch.vendors.git.repository import GitRepository

    canaries = [
        plugins.build("canary", table, f"{where}: canaries[{index}]", context)
        for index, table in enumerate(settings.canaries)
    ]
    context = replace(context, counter=_optional("counter", settings.counter, where, context))
    platform = plugins.build("platform", settings.platform, f"{where}: platform", context)
    return World(
        platform=platform,
        repository=GitRepository(_mirror(context)),
        sources={
            name: plugins.build("source", table, f"{where}: sources.{name}", context)
            for name, table in settings.sources.items()
        },
        canaries=Flock(canaries),
        journeys=plugins.build("walker", settings.walker, f"{where}: walker", context),
        method=plugins.build("method", settings.method, f"{where}: method", context),
        notifier=_notifier(settings, context, where),
        hosting=_optional("hosting", settings.hosting, where, context),
        forge=_optional("forge", settings.forge, where, context),
        archive=NoArchive(),
        addresses=tuple(settings.platform.get("addresses", ())),
        clock=clock,
    )


def _optional(group: str, table: Table, where: str, context: Context) -> Any:
    """The vendor that *table* describes; None where nothing is configured."""
    return plugins.build(group, table, f"{where}: {group}", context) if table else None


def _notifier(settings: Settings, context: Context, where: str) -> Notifier:
    if settings.notify:
        built: Notifier = plugins.build("notifier", settings.notify, f"{where}: notify", context)
        return built
    from bakewatch.vendors.notify import Nobody

    return Nobody()


def _mirror(context: Context) -> "Mirror":
    from bakewatch.vendors.git.mirror import mirror_of

    return mirror_of(context)


def _plan_at(mirror: "Mirror", commit: str, path: str, sources: Mapping[str, Table]) -> Plan | None:
    raw = mirror.read(commit, path)
    return None if raw is None else load_plan(raw, f"{path} of {commit[:12]}", sources)


def _journey_paths(plan: Plan, folder: str) -> list[str]:
    """The folders of the journeys, as the repository has them: what lies beside a journey belongs to it."""
    return sorted({str(PurePosixPath(folder) / PurePosixPath(one.file).parent) for one in plan.journeys})


def _path_of(plan: Plan, question: str) -> str:
    """Where in the file a question comes from."""
    if question.startswith("canary:"):
        return f"streams.{question.removeprefix('canary:')}"
    return f"checks[{[one.name for one in plan.checks].index(question)}]"
