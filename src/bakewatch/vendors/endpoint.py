"""Platform `endpoint`: asks production itself which commit it serves, at every address."""

import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs

from bakewatch.address import require_safe
from bakewatch.errors import ConfigError
from bakewatch.model.probe import Found, Probe, missing, ok
from bakewatch.model.release import Sighting
from bakewatch.ports import Context, Kind
from bakewatch.privacy.scrub import clean

if TYPE_CHECKING:
    import httpx

MAX_BODY = 64 * 1024
"""Bytes of an answer that are read; a version endpoint says little."""

_COMMIT = re.compile(r"[0-9a-f]{7,40}\Z")


class EndpointSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[platform]` with `kind = "endpoint"`."""

    addresses: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Every production address."""
    path: str = "/version"
    commit: str = "commit"
    """The key of the commit in the JSON answer; dotted when it is nested."""
    deployment: str = "deployment"
    earlier: str = ""
    """Where an earlier deployment still answers, with `{commit}` or `{short}` (seven digits) in it."""
    timeout: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """Seconds of the clock for one answer."""


class Endpoint:
    """`ports.Platform` over version endpoints."""

    def __init__(self, settings: EndpointSettings, clock: Callable[[], datetime]) -> None:
        for address in settings.addresses:
            require_safe(address)
        if not re.fullmatch(r"(/[!-~]*)?", settings.path):
            # Without the slash it would be part of the host's name.
            raise ConfigError("`path` is none", right='such as path = "/version"')
        if settings.earlier:
            require_safe(_filled(settings.earlier, "0" * 40))
        self._settings, self._clock = settings, clock

    def sight(self) -> list[Sighting]:
        """Ask every address once, past every cache."""
        import httpx

        with httpx.Client(timeout=self._settings.timeout, follow_redirects=False, trust_env=False) as client:
            return [self._ask(client, address) for address in self._settings.addresses]

    def earlier(self, commit: str) -> str:
        """The address of that template, if it really serves *commit*."""
        import httpx

        if not self._settings.earlier:
            return ""
        address = _filled(self._settings.earlier, commit)
        with httpx.Client(timeout=self._settings.timeout, follow_redirects=False, trust_env=False) as client:
            served = self._ask(client, address).commit
        return address if served and commit.startswith(served) else ""

    def _ask(self, client: "httpx.Client", address: str) -> Sighting:
        import httpx

        at = self._clock()
        url = address.rstrip("/") + self._settings.path
        headers = {"cache-control": "no-cache", "accept": "application/json"}
        try:
            with client.stream("GET", url, params={"_": secrets.token_hex(8)}, headers=headers) as answer:
                body = _read(answer, self._settings.timeout)
        except (httpx.TimeoutException, TimeoutError):
            return Sighting(address=address, at=at, problem="timeout")
        except httpx.HTTPError:
            return Sighting(address=address, at=at, problem="unreachable")
        if not answer.is_success:
            return Sighting(address=address, at=at, problem=f"status_{answer.status_code}")
        return self._sighting(address, at, body)

    def _sighting(self, address: str, at: datetime, body: bytes) -> Sighting:
        try:
            told = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Sighting(address=address, at=at, problem="malformed")
        commit = _under(told, self._settings.commit).lower()
        if not _COMMIT.match(commit):
            return Sighting(address=address, at=at, problem="no_commit")
        deployment = clean(_under(told, self._settings.deployment), 80)
        return Sighting(address=address, at=at, commit=commit, deployment=deployment)


def _filled(template: str, commit: str) -> str:
    return template.replace("{commit}", commit).replace("{short}", commit[:7])


def _read(answer: "httpx.Response", timeout: float) -> bytes:
    """The body; empty when it is too long. `TimeoutError` when it comes drop by drop."""
    body, until = b"", time.monotonic() + timeout
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            return b""
        if time.monotonic() > until:
            raise TimeoutError
    return body


def _under(told: Any, path: str) -> str:
    """The text under a dotted *path*; empty when there is none."""
    for key in path.split("."):
        told = told.get(key) if isinstance(told, dict) else None
    return told if isinstance(told, str) else ""


def _build(settings: EndpointSettings, context: Context) -> Endpoint:
    return Endpoint(settings, context.clock)


def _probe(settings: EndpointSettings, context: Context) -> list[Probe]:
    """What every address serves, each asked alone."""

    def of(address: str) -> Probe:
        alone = Endpoint(structs.replace(settings, addresses=(address,)), context.clock)
        return Probe(address, lambda: _found(settings, *alone.sight()))

    return [of(address) for address in settings.addresses]


def _found(settings: EndpointSettings, one: Sighting) -> Found:
    if one.commit:
        return ok(f"serves {one.commit[:7]}")
    if one.problem in ("timeout", "unreachable"):
        return missing(one.problem, "an address of production that answers")
    answer = f'{{"{settings.commit}": "the whole commit"}}' if "." not in settings.commit else settings.commit
    return missing(one.problem, f"JSON at {settings.path} that says which commit is served: {answer}")


KIND = Kind(settings=EndpointSettings, build=_build, probe=_probe)
