"""Canary `supabase`: a request and a statement that leave a tagged line in each of a project's three main streams."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from bakewatch.address import require_safe
from bakewatch.api import Api
from bakewatch.errors import ConfigError, SourceError
from bakewatch.model.observation import CanarySent, checked_tag
from bakewatch.model.probe import Probe
from bakewatch.ports import Context, Kind
from bakewatch.vendors.supabase import probe
from bakewatch.vendors.supabase.project import ProjectSettings, host_of

TIMEOUT = 10.0
"""Seconds of the clock for one request."""

Stream = Literal["edge_logs", "auth_logs", "postgres_logs"]
POSTGRES: Stream = "postgres_logs"

PATH = "/auth/v1/bakewatch"
"""No path of the auth service: it says so, and that it was asked stands in its log."""

NOT_ANSWERED = {401: "unauthorized", 402: "payment_required", 403: "forbidden", 429: "rate_limited"}
"""Refusals by what stands before the auth service, which then writes no line."""


class CanarySettings(ProjectSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of `[[canaries]]` with `kind = "supabase"`."""

    streams: tuple[Stream, ...] = ("edge_logs", "auth_logs", POSTGRES)
    key_env: str = "SUPABASE_PUBLISHABLE_KEY"
    """The environment variable with a publishable API key: for `edge_logs` and `auth_logs`."""
    url: str = ""
    """Another address of the project's host."""


class SupabaseCanary:
    """`ports.Canaries` for the streams of a project."""

    def __init__(self, settings: CanarySettings, token: str, key: str, clock: Callable[[], datetime]) -> None:
        """*token*, *key*: what the streams in *settings* need of them; empty otherwise."""
        self._asked = [one for one in settings.streams if one != POSTGRES]
        self._url = (settings.url or host_of(settings.project)).rstrip("/") + PATH
        require_safe(self._url)
        if not re.fullmatch(r"[!-~]*", key):
            raise ConfigError("the key holds what no header can carry", right="letters, digits and signs, in one line")
        self._key, self._clock, self._api = key, clock, None
        if POSTGRES in settings.streams:
            self._api = Api(settings.api, token=token, error=SourceError, clock=clock, timeout=TIMEOUT)
        self._sql = f"/v1/projects/{settings.project}/database/query/read-only"

    def send(self, tag: str) -> list[CanarySent]:
        """One request, and one statement that has the database write a line; both marked with *tag*."""
        tag, sent = checked_tag(tag), []
        if self._asked:
            at, problem = self._clock(), self._request(tag)
            sent = [CanarySent(stream=one, at=at, problem=problem) for one in self._asked]
        if self._api is not None:
            at, problem = self._clock(), self._raise(self._api, tag)
            sent.append(CanarySent(stream=POSTGRES, at=at, problem=problem))
        return sent

    def _request(self, tag: str) -> str:
        """Ask the auth service; the code of what kept it from being asked."""
        import httpx

        mark = f"bakewatch/{tag}"
        headers = {"apikey": self._key, "x-client-info": mark, "user-agent": mark}
        try:
            with (
                httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
                client.stream("GET", self._url, headers=headers) as told,
            ):
                status = told.status_code
        except httpx.TimeoutException:
            return "timeout"
        except httpx.HTTPError:
            return "unreachable"
        if 300 <= status < 400:
            return "redirected"
        return f"status_{status}" if status >= 500 else NOT_ANSWERED.get(status, "")

    def _raise(self, api: Api, tag: str) -> str:
        """Have the database write a line; the code of what kept it from that."""
        try:
            api.send("POST", self._sql, {"query": f"DO $$BEGIN RAISE LOG 'bakewatch canary {tag}'; END$$"})
        except SourceError as error:
            return error.code
        return ""


def _build(settings: CanarySettings, context: Context) -> SupabaseCanary:
    token = context.secret(settings.token_env) if POSTGRES in settings.streams else ""
    key = context.secret(settings.key_env) if set(settings.streams) - {POSTGRES} else ""
    return SupabaseCanary(settings, token, key, context.clock)


def _probe(settings: CanarySettings, context: Context) -> list[Probe]:
    _build(settings, context)
    if POSTGRES not in settings.streams:
        return []
    api = Api(settings.api, token=context.secret(settings.token_env), error=SourceError, clock=context.clock)
    return [probe.read_only(settings, probe.selecting(api, settings.project))]


KIND = Kind(settings=CanarySettings, build=_build, probe=_probe)
