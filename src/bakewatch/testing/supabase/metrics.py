"""The metrics of the stand-in's project: counters that move with its clock."""

from base64 import b64encode
from dataclasses import dataclass, field
from datetime import datetime

from bakewatch.testing.supabase.state import Project
from bakewatch.testing.supabase.wire import Asked, Endpoint, Refusal, Reply

METRICS = "GET /v1/projects/{}/analytics/endpoints/metrics"
PRIVILEGED = "GET /customer/v1/privileged/metrics"

IDLE, USER, WAIT = (f'node_cpu_seconds_total{{cpu="0",mode="{mode}"}}' for mode in ("idle", "user", "iowait"))
COMMITS, ROLLBACKS = "pg_stat_database_xact_commit_total", "pg_stat_database_xact_rollback_total"
DEADLOCKS, RESET = "pg_stat_database_deadlocks_total", "pg_stat_database_most_recent_reset"
STATEMENTS, STATEMENT_TIME = "pg_stat_statements_total_queries", "pg_stat_statements_total_time_seconds"
DISK, OOM = 'node_disk_io_time_seconds_total{device="nvme0n1"}', "node_vmstat_oom_kill"
WAITING = 'pgbouncer_stats_client_wait_seconds_total{database="postgres"}'
TIMEOUTS, RESTARTS = "pgrst_db_pool_timeouts_total", "postgresql_restarts_total"

_FIRST = {IDLE: 5000.0, USER: 300.0, WAIT: 20.0, COMMITS: 90_000.0, ROLLBACKS: 120.0, STATEMENTS: 400_000.0}
_OTHERS = (DEADLOCKS, STATEMENT_TIME, DISK, OOM, WAITING, TIMEOUTS, RESTARTS)


@dataclass
class Metrics:
    """The counters, by the name of their series. Change the fields to set a scene."""

    project: Project
    counters: dict[str, float] = field(default_factory=lambda: {**_FIRST, **dict.fromkeys(_OTHERS, 0.0)})
    reset: float = float("nan")
    """When statistics were reset last."""
    rates: dict[str, float] = field(default_factory=lambda: {IDLE: 0.9, USER: 0.1, COMMITS: 20.0, STATEMENTS: 60.0})
    """What is added to a counter in a second."""
    stuck: bool = False
    """The same is shown again and again."""
    _until: datetime | None = None

    def endpoints(self) -> dict[str, Endpoint]:
        """The endpoints of the platform and of the project's own host."""
        return {METRICS: Endpoint(self._told, "projects_read"), PRIVILEGED: Endpoint(self._privileged)}

    def restart(self) -> None:
        """The database starts again, and its counters from zero."""
        self.text()
        for name in (COMMITS, ROLLBACKS, DEADLOCKS, STATEMENTS, STATEMENT_TIME):
            self.counters[name] = 0.0
        self.counters[RESTARTS] += 1

    def text(self) -> str:
        """All metrics as they are now."""
        now = self.project.clock()
        if not self.stuck:
            seconds = (now - self._until).total_seconds() if self._until else 0.0
            for name in self.rates.keys() & self.counters.keys():
                self.counters[name] += self.rates[name] * seconds
            self._until = now
        told = {**self.counters, RESET: self.reset, "node_load1": 0.12}
        return "".join(f"# TYPE {_name(one)} untyped\n{self._labelled(one)} {told[one]}\n" for one in sorted(told))

    def _told(self, asked: Asked, parts: list[str]) -> Reply:
        return Reply(200, self.text())

    def _privileged(self, asked: Asked, parts: list[str]) -> Reply:
        wanted = b64encode(f"service_role:{self.project.secret}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {wanted}":
            raise Refusal(401, "Unauthorized")
        return Reply(200, self.text())

    def _labelled(self, series: str) -> str:
        own = f'supabase_project_ref="{self.project.ref}",service_type="db"'
        _, _, labels = series.partition("{")
        return f"{_name(series)}{{{own}{',' + labels.removesuffix('}') if labels else ''}}}"


def _name(series: str) -> str:
    return series.partition("{")[0]
