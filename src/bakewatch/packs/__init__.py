"""Check packs: ready-made streams, checks, criteria and triggers for what a vendor logs, one TOML file each.

A pack is part of the program. It is taken into a plan when the plan is read, so what is recorded is the whole plan.
What the plan itself defines under a name of the pack's stands in its place.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, structs

from bakewatch.errors import ConfigError
from bakewatch.model.plan import Check, Criterion, Plan, Stream, Trigger

Sources = Mapping[str, Mapping[str, Any]]
"""The operator's sources: tables with a `kind`, by name."""


class Use(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of `[[packs]]`: one pack, taken into the plan."""

    pack: str
    source: str = ""
    """Who answers its checks; by default the only source of a kind that fits."""
    leave_out: tuple[str, ...] = ()
    """Names of its checks and triggers that are not wanted."""


class Pack(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of a pack's file."""

    kinds: tuple[str, ...]
    """The kinds of sources that have its streams."""
    streams: dict[str, dict[str, Any]]
    """As in a plan, without `source`."""
    checks: tuple[Check, ...]
    criteria: tuple[Criterion, ...]
    triggers: tuple[Trigger, ...]


def names() -> tuple[str, ...]:
    """The packs that there are."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


@cache
def read(name: str) -> Pack:
    """The pack *name*, which there must be."""
    text = (Path(__file__).parent / f"{name}.toml").read_text()
    return msgspec.convert(tomllib.loads(text), Pack)


def expand(plan: Plan, uses: Sequence[Use], sources: Sources, where: str) -> Plan:
    """*plan* with the packs that it *uses*; *where* names its file in a `ConfigError`."""
    for index, use in enumerate(uses):
        at = f"{where}: packs[{index}]"
        if use.pack not in names():
            raise ConfigError(f"no pack `{use.pack}`", where=f"{at}.pack", right=f"one of: {', '.join(names())}")
        if use.pack in [earlier.pack for earlier in uses[:index]]:
            raise ConfigError(f"`{use.pack}` is there twice", where=f"{at}.pack", right="once is enough")
        pack = _without(read(use.pack), use, at)
        plan = _with(plan, pack, _source(use, pack, sources, at))
    return plan


def _source(use: Use, pack: Pack, sources: Sources, at: str) -> str:
    """The name of the source that answers."""
    fitting = [name for name, table in sources.items() if table.get("kind") in pack.kinds]
    wanted = " or ".join(pack.kinds)
    right = f"one of: {', '.join(fitting)}" if fitting else f'[sources.NAME] with kind = "{pack.kinds[0]}"'
    if use.source:
        if use.source not in fitting:
            raise ConfigError(f"no source `{use.source}` of kind {wanted}", where=f"{at}.source", right=right)
        return use.source
    if len(fitting) != 1:
        what = f"more than one source of kind {wanted}" if fitting else f"no source of kind {wanted}"
        raise ConfigError(what, where=f"{at}.source", right=right)
    return fitting[0]


def _without(pack: Pack, use: Use, at: str) -> Pack:
    """*pack* less what *use* leaves out. A trigger that then demands less than it did goes too."""
    known = sorted(_names(pack.checks) | _names(pack.triggers))
    for name in use.leave_out:
        if name not in known:
            near = get_close_matches(name, known) or known
            what = f"the pack `{use.pack}` has no check or trigger `{name}`"
            raise ConfigError(what, where=f"{at}.leave_out", right=f"one of: {', '.join(near)}")
    out = set(use.leave_out)
    checks = tuple(_freed(check, out) for check in pack.checks if check.name not in out)
    criteria = (
        structs.replace(one, checks=tuple(name for name in one.checks if name not in out)) for one in pack.criteria
    )
    triggers = (_less(one, {f"check:{name}" for name in out}) for one in pack.triggers if one.name not in out)
    return structs.replace(
        pack,
        checks=checks,
        criteria=tuple(one for one in criteria if one.checks),
        triggers=tuple(one for one in triggers if one is not None),
    )


def _freed(check: Check, out: set[str]) -> Check:
    return structs.replace(check, amplification="") if check.amplification in out else check


def _less(trigger: Trigger, out: set[str]) -> Trigger | None:
    some = tuple(item for item in trigger.any if item not in out)
    if out.intersection(trigger.all) or (trigger.any and not some):
        return None
    return structs.replace(trigger, any=some)


def _with(plan: Plan, pack: Pack, source: str) -> Plan:
    """*plan* and behind it what it does not define itself."""
    streams = {name: msgspec.convert({**table, "source": source}, Stream) for name, table in pack.streams.items()}
    taken = {one.id for one in plan.criteria}
    return structs.replace(
        plan,
        streams={**plan.streams, **{name: one for name, one in streams.items() if name not in plan.streams}},
        checks=plan.checks + tuple(one for one in pack.checks if one.name not in _names(plan.checks)),
        criteria=plan.criteria + tuple(one for one in pack.criteria if one.id not in taken),
        triggers=plan.triggers + tuple(one for one in pack.triggers if one.name not in _names(plan.triggers)),
    )


def _names(some: Iterable[Check] | Iterable[Trigger]) -> set[str]:
    return {one.name for one in some}
