"""`bakewatch.toml`: one file with the plan (decided per release) and the settings (where things are).

The plan may be read from another copy of the file (the release's parent commit), so the two halves are parsed apart.
The packs that a plan uses are taken into it here (`packs`), and answered by the operator's sources.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from enum import EnumType
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct, field

from bakewatch.errors import ConfigError
from bakewatch.model.plan import Check, Criterion, Journey, Persona, Plan, Policy, Rule, Stream, Trigger
from bakewatch.packs import Sources, Use, expand

T = TypeVar("T")

Table = dict[str, Any]
"""A table whose keys depend on its `kind`."""


class RepositorySettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The repository behind production."""

    remote: str
    """URL or path. A token is never part of it: name its environment variable in `token_env`."""
    branch: str = "main"
    name: str = ""
    """`owner/name`; by default taken from the remote."""
    plan: str = "bakewatch.toml"
    """Where the plan lies in the repository."""
    token_env: str = ""


class ServeSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where `bakewatch serve` listens, and whose webhooks it takes."""

    host: str = "127.0.0.1"
    """Anything but loopback is for who puts TLS in front of it."""
    port: Annotated[int, Meta(ge=0, le=65535)] = 8787
    """0: a free one."""
    github_secret_env: str = ""
    """The environment variable with the webhook's secret; empty: none are taken."""
    vercel_secret_env: str = ""
    vercel_drain_secret_env: str = ""
    """The environment variable with the secret of Vercel's log drain; empty: none is taken."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where things are. Tables with a `kind` belong to whoever is named by it."""

    repository: RepositorySettings
    platform: Table
    """Who is asked which commit production serves, at every address: the proof."""
    hosting: Table = field(default_factory=dict)
    """The platform that builds and serves it: its word, and what it can do."""
    forge: Table = field(default_factory=dict)
    """The service with the pull requests."""
    sources: dict[str, Table] = field(default_factory=dict)
    canaries: tuple[Table, ...] = ()
    counter: Table = field(default_factory=dict)
    """Who counts for journeys what they left in the database."""
    walker: Table = field(default_factory=lambda: {"kind": "pytest"})
    method: Table = field(default_factory=lambda: {"kind": "git"})
    notify: Table = field(default_factory=dict)
    serve: ServeSettings = field(default_factory=ServeSettings)
    data: str = ".bakewatch/data"
    """The data directory, relative to this file. It ignores itself in git."""


class Packs(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is taken into the plan when it is read, and is not seen of it afterwards."""

    packs: tuple[Use, ...] = ()


def load(path: Path) -> tuple[Settings, Plan]:
    """Read both halves of the file at *path*. `ConfigError` names file and path of what is wrong."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            error.strerror or "cannot be read", where=str(path), right="give its path with --config"
        ) from None
    tables = _parse(raw, str(path))
    settings = _half(tables, Settings, str(path))
    return settings, _plan(tables, str(path), settings.sources)


def load_plan(raw: bytes, where: str, sources: Sources = MappingProxyType({})) -> Plan:
    """Read the plan half of *raw*; its settings half is left alone. *where* names it in errors.

    *sources*: the operator's, who answer for the packs of the plan.
    """
    return _plan(_parse(raw, where), where, sources)


def json_schema() -> dict[str, Any]:
    """JSON Schema of the whole file, for editors."""
    parts, definitions = msgspec.json.schema_components((Plan, Packs, Settings), ref_template="#/$defs/{name}")
    halves = [definitions[part["$ref"].rpartition("/")[2]] for part in parts]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bakewatch.toml",
        "type": "object",
        "properties": {key: value for half in halves for key, value in half["properties"].items()},
        "required": sorted(name for half in halves for name in half.get("required", [])),
        "additionalProperties": False,
        "$defs": definitions,
    }


def convert(table: Any, kind: type[T], where: str, path: str = "") -> T:
    """*table* as a *kind*; `ConfigError` names the file and the path within it when it does not fit."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        what, _, within = str(error).partition(" - at `$")
        full = f"{path}{within.rstrip('`')}".lstrip(".")
        raise ConfigError(what, where=f"{where}: {full}" if full else where, right=_right(what, within, kind)) from None


def _right(what: str, within: str, kind: type[Any]) -> str:
    fields = getattr(kind, "__struct_fields__", ())
    if "unknown field" in what and not within.strip("`"):
        return f"known keys: {', '.join(sorted(fields))}"
    if "matching regex" in what:
        return 'a duration such as "30m" or "10s"' if "(s|m|h|d)" in what else "letters, digits, `_`, `.` and `-`"
    hint = get_type_hints(kind).get(within.strip(".`")) if "Invalid enum value" in what else None
    return f"one of: {', '.join(hint)}" if isinstance(hint, EnumType) else ""


def _parse(raw: bytes, where: str) -> Table:
    try:
        return tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not TOML: {error}", where=where) from None


def _half(tables: Table, kind: type[T], where: str) -> T:
    """What of *tables* belongs to *kind*."""
    fields: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    return convert({key: tables[key] for key in fields if key in tables}, kind, where)


def _plan(tables: Table, where: str, sources: Sources) -> Plan:
    keys = {*Plan.__struct_fields__, *Packs.__struct_fields__, *Settings.__struct_fields__}
    for key in tables:
        if key not in keys:
            raise ConfigError(f"unknown key `{key}`", where=where, right=f"known keys: {', '.join(sorted(keys))}")
    _parts(tables, where)
    own = _half(tables, Plan, where)
    plan = expand(own, _half(tables, Packs, where).packs, sources, where)
    for path, what, right in _contradictions(plan):
        raise ConfigError(what, where=f"{where}: {_of_pack(path, own, plan)}", right=right)
    return plan


def _of_pack(path: str, own: Plan, plan: Plan) -> str:
    """*path*, where it lies in what a pack brought by name: that has no number in the file."""
    found = re.match(r"(checks|criteria|triggers)\[(\d+)]", path)
    if found is None or int(found[2]) < len(getattr(own, found[1])):
        return path
    one = getattr(plan, found[1])[int(found[2])]
    return f"packs: {found[1]}.{getattr(one, 'id', None) or one.name}{path[found.end() :]}"


_LISTS: dict[str, Any] = {
    "checks": Check,
    "criteria": Criterion,
    "journeys": Journey,
    "policies": Policy,
    "triggers": Trigger,
}
_TABLES: dict[str, Any] = {"streams": Stream, "personas": Persona}


def _parts(tables: Table, where: str) -> None:
    """Convert each part by itself, so that an error names its index or key."""
    for key, kind in {**_LISTS, "packs": Use}.items():
        if isinstance(items := tables.get(key), list):
            for index, item in enumerate(items):
                convert(item, kind, where, f"{key}[{index}]")
    for key, kind in _TABLES.items():
        if isinstance(named := tables.get(key), dict):
            for name, item in named.items():
                convert(item, kind, where, f"{key}.{name}")


def _contradictions(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """(path, what is wrong, what would be right) of everything that types cannot say."""
    yield from _bad_times(plan)
    for key in _LISTS:
        names = [getattr(one, "id", None) or one.name for one in getattr(plan, key)]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield f"{key}[{index}]", f"`{name}` is there twice", "names are unique"
    yield from _dangling(plan)


_NEVER_ZERO = (
    "confirm.every",
    "confirm.within",
    "bake.look_every",
    "bake.journeys_every",
    "bake.bucket",
    "undo.retry_every",
    "undo.proof",
)
"""Without a pause production would be asked without end; without a span nothing could be seen in it."""


def _bad_times(plan: Plan) -> Iterator[tuple[str, str, str]]:
    duration = plan.span(plan.bake.duration) / plan.time_scale
    if not timedelta(minutes=1) <= duration <= timedelta(minutes=120):
        yield "bake.duration", f"{plan.bake.duration} is not a bake", "between 1m and 120m"
    if plan.span(plan.bake.extension) / plan.time_scale > timedelta(minutes=15):
        yield "bake.extension", f"{plan.bake.extension} is too long", "at most 15m"
    if plan.span(plan.bake.look_every) > plan.span("5m"):
        yield "bake.look_every", f"{plan.bake.look_every} is too rare", "at most 5m"
    for path in _NEVER_ZERO:
        table, _, name = path.partition(".")
        if plan.span(getattr(getattr(plan, table), name)) <= timedelta(0):
            yield path, "is zero", "longer than 0s"
    try:
        ZoneInfo(plan.service.timezone)
    except (KeyError, ValueError, OSError):
        yield "service.timezone", f"`{plan.service.timezone}` is no time zone", 'such as "Asia/Seoul" or "UTC"'


def _dangling(plan: Plan) -> Iterator[tuple[str, str, str]]:
    known = {
        "stream": set(plan.streams),
        "check": {one.name for one in plan.checks},
        "journey": {one.name for one in plan.journeys},
        "persona": set(plan.personas),
    }
    for path, kind, name in _references(plan):
        if name not in known.get(kind, set()):
            yield path, f"no {kind} `{name}`", _one_of(known.get(kind, known))
    for index, check in enumerate(plan.checks):
        yield from ((f"checks[{index}].{key}", what, right) for key, what, right in _lacking(plan, check))
    for index, trigger in enumerate(plan.triggers):
        if not trigger.names:
            yield f"triggers[{index}]", "names nothing", "`all` or `any` with items such as `check:NAME`"


def _lacking(plan: Plan, check: Check) -> Iterator[tuple[str, str, str]]:
    """What a check's rule needs and does not have, and what no rule would use."""
    if check.rule in (Rule.PROPORTION, Rule.FLOOR) and not check.of:
        yield "of", f"rule `{check.rule}` needs `of`", "an expression for what it is a share of"
    if (check.rule is Rule.SLOWER) != bool(check.value):
        what = f"rule `{check.rule}` needs `value`" if not check.value else f"rule `{check.rule}` uses no `value`"
        yield "value", what, "rule `slower` and a number such as toFloat64OrZero(log_attributes['…'])"
    if check.rule in (Rule.SLOWER, Rule.AMPLIFICATION, Rule.NOVELTY) and check.of:
        yield "of", f"rule `{check.rule}` uses no `of`", "leave it out"
    for key in ("of_stream", "distinct", "sees", "amplification"):
        if check.rule is Rule.NOVELTY and getattr(check, key):
            yield key, f"rule `{check.rule}` uses no `{key}`", "leave it out"
    stream = plan.streams.get(check.stream)
    if (check.distinct or check.rule is Rule.AMPLIFICATION) and stream is not None and not stream.actor:
        what = "`distinct`" if check.distinct else f"rule `{check.rule}`"
        yield "stream", f"{what} needs the `actor` of the stream `{check.stream}`", f"streams.{check.stream}.actor"


def _references(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """(path, kind, name) of everything that one part of the plan says about another."""
    for index, check in enumerate(plan.checks):
        yield f"checks[{index}].stream", "stream", check.stream
        if check.of_stream:
            yield f"checks[{index}].of_stream", "stream", check.of_stream
        if check.amplification:
            yield f"checks[{index}].amplification", "check", check.amplification
    for index, journey in enumerate(plan.journeys):
        yield f"journeys[{index}].persona", "persona", journey.persona
    for index, policy in enumerate(plan.policies):
        yield f"policies[{index}].journey", "journey", policy.journey
    for index, criterion in enumerate(plan.criteria):
        yield from ((f"criteria[{index}].checks", "check", name) for name in criterion.checks)
        yield from ((f"criteria[{index}].journeys", "journey", name) for name in criterion.journeys)
    for index, trigger in enumerate(plan.triggers):
        for item in trigger.names:
            kind, _, name = item.partition(":")
            yield f"triggers[{index}]", kind, name


def _one_of(names: Any) -> str:
    return "one of: " + (", ".join(sorted(names)) or "(none is configured)")
