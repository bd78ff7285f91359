"""What the platform and the forge tell before a case begins; where one is not configured or silent, git must do."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from bakewatch.errors import ConfigError, ForgeError, HostingError
from bakewatch.model.forge import Pull, Trace
from bakewatch.model.release import Member, Release
from bakewatch.ports import Forge, Hosting

MOST = 20
"""So many pull requests of a release are asked about."""


def with_domains(platform: Mapping[str, Any], hosting: Hosting | None, where: str) -> dict[str, Any]:
    """The platform's table with every production domain among its addresses: each is asked by itself.

    `ConfigError` at *where* when asking can never help; while the platform is only silent, the addresses stay.
    """
    table = dict(platform)
    if hosting is None or "addresses" not in table:
        return table
    try:
        domains = hosting.domains()
    except HostingError as error:
        if error.permanent:
            raise _refused(error.code, where) from None
        return table
    known = {urlsplit(one).netloc for one in table["addresses"]}
    table["addresses"] = [*table["addresses"], *(f"https://{one}" for one in domains if one not in known)]
    return table


def pull_of(forge: Forge | None, where: str, branch: str, number: int | None, commit: str) -> Pull | None:
    """The merged pull request that is meant, as the forge tells; None where it tells nothing.

    `ConfigError` at *where* when the one of this *number* was not merged into *branch*.
    """
    if forge is None:
        return None
    try:
        if number is None:
            found = [one for one in forge.pulls_of(commit) if one.merged_at is not None and one.base == branch]
            return found[0] if len(found) == 1 else None
        pull = forge.pull(number)
    except ForgeError as error:
        if error.code == "not_found" and number is None:
            return None
        if error.permanent:
            raise _refused(error.code, where) from None
        return None
    if pull.merged_at is None:
        raise ConfigError(f"#{number} is not merged", where=where, right="a merged pull request")
    if pull.base != branch:
        raise ConfigError(f"#{number} was merged into {pull.base}", where=where, right=f"one into {branch}")
    return pull


def members(forge: Forge | None, release: Release) -> tuple[Member, ...]:
    """Whose pull requests are in *release*; of those that the forge does not tell, the number alone."""
    return tuple(_member(forge, number) for number in release.pulls[:MOST]) if forge is not None else ()


def _member(forge: Forge, number: int) -> Member:
    try:
        pull = forge.pull(number)
    except ForgeError:
        return Member(pull=number)
    return Member(pull=number, title=pull.title, author=pull.author)


def trace_of(forge: Forge | None, release: Release) -> Trace | None:
    """What the forge shows of a case of *release*; None where it shows, or tells, nothing."""
    if forge is None:
        return None
    try:
        return forge.trace(release)
    except ForgeError:
        return None


def starts_nothing(tokens: Iterable[str], environ: Mapping[str, str]) -> bool:
    """Is a revert pushed or merged with the token that GitHub Actions gives a job? Then no workflow deploys it."""
    return environ.get("GITHUB_ACTIONS") == "true" and "GITHUB_TOKEN" in tokens


def _refused(code: str, where: str) -> ConfigError:
    right = {
        "unauthorized": "a token that is valid",
        "forbidden": "a token that may read it",
        "not_found": "its name",
        "redirected": "its present name",
    }
    return ConfigError(f"refused: {code}", where=where, right=right.get(code, ""))
