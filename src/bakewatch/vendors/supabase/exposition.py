"""A project's metrics in Prometheus' text form: which of them count what.

The vendor says that names may change. One that is not there is a measure that is missing, never a zero.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from bakewatch.errors import SourceError
from bakewatch.measured.answers import Measure, Measures
from bakewatch.measured.samples import Reading

if TYPE_CHECKING:
    from prometheus_client.samples import Sample as Series

DATABASE, STATEMENTS, MACHINE, POOL, REST = "database", "statements", "machine", "pool", "rest"
"""Families of counters: of whom they are, and who sets them to zero when it starts again."""

CLOCK = "clock"
"""What all processors did, idling too: it moves even where nothing else does. No measure."""


@dataclass(frozen=True)
class Metric:
    """Where a count comes from: the sum of all series of these names, every one of which must be there."""

    names: tuple[str, ...]
    scale: int = 1
    """Seconds are kept as milliseconds."""
    without: frozenset[str] = frozenset()
    """Values of the label `mode` that do not count."""


MEASURES: Measures = {
    "transactions": Measure(DATABASE, alive=True),
    "rollbacks": Measure(DATABASE, alive=True),
    "deadlocks": Measure(DATABASE, alive=True),
    "statements": Measure(STATEMENTS, alive=True),
    "statement_time": Measure(STATEMENTS, unit=1000, alive=True),
    "busy_cpu": Measure(MACHINE, unit=1000, alive=True),
    "busy_disk": Measure(MACHINE, unit=1000, alive=True),
    "oom_kills": Measure(MACHINE, alive=True),
    "pool_waiting": Measure(POOL, unit=1000),
    "pool_timeouts": Measure(REST),
}
"""What may be asked for; the names of kind `postgres` mean the same here, of all databases of the project.

`statement_time`, `busy_cpu`, `busy_disk`, `pool_waiting`: seconds that statements ran, processors or disks were busy,
clients waited for a connection; so a count per second is the mean number of them. `pool_timeouts`: requests to the REST
interface that got no connection in time. `oom_kills`: processes that were killed for want of memory.
Database and machine are alive: reading their counters is a transaction, and an idle processor's time goes on."""

METRICS: Mapping[str, Metric] = {
    "transactions": Metric(("pg_stat_database_xact_commit", "pg_stat_database_xact_rollback")),
    "rollbacks": Metric(("pg_stat_database_xact_rollback",)),
    "deadlocks": Metric(("pg_stat_database_deadlocks",)),
    "statements": Metric(("pg_stat_statements_total_queries",)),
    "statement_time": Metric(("pg_stat_statements_total_time_seconds",), 1000),
    "busy_cpu": Metric(("node_cpu_seconds",), 1000, frozenset({"idle", "iowait", "steal"})),
    "busy_disk": Metric(("node_disk_io_time_seconds",), 1000),
    "oom_kills": Metric(("node_vmstat_oom_kill",)),
    "pool_waiting": Metric(("pgbouncer_stats_client_wait_seconds",), 1000),
    "pool_timeouts": Metric(("pgrst_db_pool_timeouts",)),
    CLOCK: Metric(("node_cpu_seconds",), 1000),
}
"""Names without `_total`, which not every exporter writes."""

_FAMILIES = {**{name: measure.family for name, measure in MEASURES.items()}, CLOCK: MACHINE}

_RESETS: Mapping[str, tuple[str, ...]] = {
    DATABASE: ("postgresql_restarts", "pg_stat_database_most_recent_reset"),
    STATEMENTS: ("postgresql_restarts",),
}
"""What moves when counters of a family were set to zero."""


def readings(text: str) -> dict[str, Reading]:
    """What *text* counts, by family. `SourceError`: `malformed`, or `unsupported` when it tells of nothing we know."""
    found = _series(text)
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for name, metric in METRICS.items():
        count = _counted(metric, found)
        if count is not None:
            counts[_FAMILIES[name]][name] = count
    if not counts:
        raise SourceError("unsupported")
    return {family: Reading(epoch=_epoch(family, found), since=None, counts=some) for family, some in counts.items()}


Found = Mapping[str, Sequence["Series"]]


def _series(text: str) -> Found:
    """The series of *text* by their names. A text without an end may have been cut off, in the middle of a number."""
    from prometheus_client.parser import text_string_to_metric_families

    if not text.endswith("\n"):
        raise SourceError("malformed")
    found: dict[str, list[Series]] = defaultdict(list)
    try:
        for family in text_string_to_metric_families(text):
            for one in family.samples:
                found[one.name.removesuffix("_total")].append(one)
    except (ValueError, IndexError):  # what the parser raises
        raise SourceError("malformed") from None
    return found


def _counted(metric: Metric, found: Found) -> int | None:
    """The sum; none when a name is missing, or a value is no count."""
    total = 0.0
    for name in metric.names:
        values = [one.value for one in found.get(name, ()) if one.labels.get("mode") not in metric.without]
        if not values or not all(isfinite(value) and value >= 0 for value in values):
            return None
        total += sum(values)
    return round(total * metric.scale)


def _epoch(family: str, found: Found) -> str:
    """Changes whenever the sums of *family* may have changed for another reason than that something happened.

    That is a reset; or other series than before, such as those of a replica or of one more processor.
    """
    told = (f"{one.value:.15g}" for name in _RESETS.get(family, ()) for one in found.get(name, ()))
    names = {name for one, metric in METRICS.items() if _FAMILIES[one] == family for name in metric.names}
    return "/".join([*told, _digest(one for name in sorted(names) for one in found.get(name, ()))])


def _digest(series: Iterable["Series"]) -> str:
    """Which *series* there are; labels may name accounts, so only a hash of them is kept."""
    known = sorted(f"{one.name}{sorted(one.labels.items())}" for one in series)
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:12]
