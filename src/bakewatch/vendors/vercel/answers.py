"""The platform's answers, as far as they are read. Its names, its states, its milliseconds."""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, field

Names = tuple[str, ...]
Milliseconds = Annotated[float, Meta(ge=0, lt=253_402_300_800_000)]
"""Since the epoch, before the year 10000."""


class Request(Struct, rename="camel"):
    """The last time that production was asked to move: by whom does not matter."""

    type: str
    """`rollback` or `promote`."""
    job_status: str
    """`pending`, `in-progress`, `succeeded`, `failed` or `skipped`."""
    to_deployment_id: str
    requested_at: Milliseconds


class Named(Struct):
    """Something of which only the id is read."""

    id: str


class Variable(Struct, rename="camel"):
    """An environment variable of the project. Its value is not read."""

    key: str
    target: Names | str = ()
    updated_at: Milliseconds | None = None


class Project(Struct, rename="camel"):
    """A project."""

    id: str
    targets: dict[str, Named | None] = field(default_factory=dict)
    last_alias_request: Request | None = None
    rolling_release: Any = None
    """How it releases little by little; None: it does not."""
    env: tuple[Variable, ...] = ()

    @property
    def current(self) -> str:
        """The deployment that production is said to serve."""
        production = self.targets.get("production")
        return production.id if production else ""


class Coded(Struct):
    """An error of which only the code is read: its text may name persons."""

    code: str = ""


class SeatBlock(Struct, rename="camel"):
    """Why nobody may build it."""

    block_code: str = ""


class Listed(Struct, rename="camel"):
    """A deployment in a list."""

    uid: str
    ready_state: str
    created_at: Milliseconds
    target: str | None = None
    url: str | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    ready_substate: str = ""
    is_rollback_candidate: bool | None = None
    error_code: str = ""
    error_message: str | None = None
    seat_block: SeatBlock | None = None
    alias_error: Coded | None = None


class Deployments(Struct):
    """A list of deployments."""

    deployments: tuple[Listed, ...]


class BuildEnv(Struct):
    """The names of the variables that it was built with."""

    env: Names = ()


class Cron(Struct, order=True):
    """A scheduled job."""

    path: str
    schedule: str


class Deployment(Struct, rename="camel"):
    """One deployment in full; without `env`, the caller may not see it."""

    id: str
    created_at: Milliseconds = 0
    env: Names | None = None
    build: BuildEnv = field(default_factory=BuildEnv)
    crons: tuple[Cron, ...] = ()
    deleted_at: Milliseconds | None = None
    soft_deleted_by_retention: bool = False


class Domain(Struct, rename="camel"):
    """A domain of the project."""

    name: str
    verified: bool
    redirect: str | None = None
    git_branch: str | None = None
    custom_environment_id: str | None = None


class Pagination(Struct):
    """Where the next page begins."""

    next: Milliseconds | None = None


class Domains(Struct):
    """A page of domains."""

    domains: tuple[Domain, ...]
    pagination: Pagination


class Alias(Struct, rename="camel"):
    """Where a domain points to."""

    deployment_id: str | None = None


class Release(Struct, rename="camel"):
    """A rolling release."""

    state: str
    queued_deployment_id: str | None = None


class RollingRelease(Struct, rename="camel"):
    """The rolling release that is in progress, if any."""

    rolling_release: Release | None = None


class Said(Struct):
    """What a line of a build log says, where it is wrapped."""

    text: str = ""


class Line(Struct):
    """One event of a build."""

    type: str
    text: str = ""
    level: str = ""
    payload: Said | None = None


def moment(milliseconds: Milliseconds) -> datetime:
    """The platform's time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
