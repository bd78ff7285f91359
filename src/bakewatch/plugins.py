"""Find a kind of vendor by its name and build it from its table.

Kinds enter by the public door: an entry point in the group `bakewatch.GROUP` that names a `ports.Kind`.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

import msgspec

from bakewatch.errors import ConfigError
from bakewatch.ports import Context, Kind

GROUPS = ("platform", "hosting", "forge", "source", "canary", "counter", "walker", "method", "notifier")


def find(group: str, table: Mapping[str, Any], where: str) -> tuple[Kind[Any], Any]:
    """The kind that *table* names and its settings; `ConfigError` at *where* when either is wrong."""
    known = {point.name: point for point in entry_points(group=f"bakewatch.{group}")}
    name = table.get("kind")
    if name not in known:
        what = f"no {group} of kind `{name}`" if name else "`kind` is missing"
        raise ConfigError(what, where=where, right=f"one of: {', '.join(sorted(known))}")
    kind: Kind[Any] = known[name].load()
    try:
        return kind, msgspec.convert({key: value for key, value in table.items() if key != "kind"}, kind.settings)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        fields = ", ".join(kind.settings.__struct_fields__)
        raise ConfigError(what, where=where + path.rstrip("`"), right=f"{name} knows: {fields}") from None


def build(group: str, table: Mapping[str, Any], where: str, context: Context) -> Any:
    """The vendor that *table* describes."""
    kind, settings = find(group, table, where)
    try:
        return kind.build(settings, context)
    except ConfigError as error:
        raise ConfigError(error.what, where=error.where or where, right=error.right) from None
