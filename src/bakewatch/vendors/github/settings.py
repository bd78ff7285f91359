"""The tables with `kind = "github"`, and the repository that they mean."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bakewatch.api import Api
from bakewatch.errors import ConfigError, PortError
from bakewatch.ports import Context, Remote
from bakewatch.vendors.github.rest import Rest

TOKEN = "GITHUB_TOKEN"
"""The variable in which GitHub Actions keeps the token of its own."""

_HEADERS = {
    "accept": "application/vnd.github+json",
    # Named, because a newer version no longer tells what a pull request became on its base.
    "x-github-api-version": "2022-11-28",
    "user-agent": "bakewatch",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}\Z)[A-Za-z0-9._-]+")
_REMOTE = re.compile(r"(?:[a-z]+://(?:[^/@]+@)?[^/]+/|[^/@]+@[^/:]+:/?)([^/]+/[^/]+?)(?:\.git)?/?")


class Access(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every table with `kind = "github"` has. By itself: `[method]`."""

    repository: str = ""
    """`owner/name`; by default taken from the repository's settings."""
    api: str = "https://api.github.com"
    token_env: str = TOKEN
    """The environment variable that holds the token."""


class ForgeSettings(Access, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[forge]`."""

    publish: tuple[Literal["comment", "status", "check"], ...] = ("comment", "status")
    """How a case is shown. A check needs the token of an App, or of GitHub Actions."""
    opt_out: Annotated[str, Meta(min_length=1)] = "bakewatch:off"
    """The label with which a maintainer keeps a release from being undone."""
    context: Annotated[str, Meta(min_length=1)] = "bakewatch"
    """The name of the status and of the check."""


class HostingSettings(Access, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[hosting]`: a platform that records its deployments at GitHub."""

    environment: Annotated[str, Meta(min_length=1)] = "Production"
    """What the platform calls production, letter for letter."""


def reach(access: Access, context: Context, error: type[PortError]) -> Rest:
    """The repository that *access* means; its troubles are raised as *error*. Nobody is asked anything."""
    repository = access.repository or _named(context.remote)
    if not _NAME.fullmatch(repository):
        what = f"`{repository}` is no repository" if repository else "which repository is not known"
        raise ConfigError(what, right='repository = "owner/name"')
    token = context.secret(access.token_env)
    api = Api(access.api, token=token, error=error, clock=context.clock, headers=_HEADERS, spacing=1.0)
    return Rest(api, repository, error)


def _named(remote: Remote) -> str:
    found = _REMOTE.fullmatch(remote.url)
    return remote.name or (found[1] if found else "")
