"""Counter `supabase`: counts rows of a hosted project through the platform's read-only SQL."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bakewatch.api import Api
from bakewatch.errors import MISUSE, CounterError
from bakewatch.model.journey import Parameter
from bakewatch.model.probe import Probe
from bakewatch.ports import Context, Kind
from bakewatch.vendors.supabase import probe
from bakewatch.vendors.supabase.project import ProjectSettings
from bakewatch.vendors.supabase.query import prepared

EXACT = 2**53
"""From here on the platform, which is written in JavaScript, does not read integers exactly."""


class CounterSettings(ProjectSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table `[counter]` with `kind = "supabase"`. The token needs the permission `database_read`."""


class SupabaseCounter:
    """`ports.Counter` over the Management API. Of an answer nothing but one integer is ever looked at."""

    def __init__(self, settings: CounterSettings, token: str, clock: Callable[[], datetime]) -> None:
        self._api = Api(settings.api, token=token, error=CounterError, clock=clock)
        self._path = f"/v1/projects/{settings.project}/database/query/read-only"

    def count(self, query: str, parameters: Sequence[Parameter] = ()) -> int:
        """The one integer that *query* selects."""
        body: dict[str, Any] = {"query": prepared(query, len(parameters))}
        if parameters:
            body["parameters"] = [_sendable(one) for one in parameters]
        return _integer(self._api.send("POST", self._path, body).body)


def _sendable(one: Parameter) -> Parameter:
    """*one* in a form that comes to the database as it is: a text is read there as the type that is needed."""
    return str(one) if isinstance(one, int) and abs(one) >= EXACT else one


def _integer(rows: Any) -> int:
    """The integer that is the only value of the only row; from `EXACT` on the platform writes it as a text."""
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict) or len(rows[0]) != 1:
        raise CounterError("malformed")
    value = next(iter(rows[0].values()))
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        value = int(value)
    if type(value) is not int:
        raise CounterError(MISUSE, permanent=True)
    return value


def _build(settings: CounterSettings, context: Context) -> SupabaseCounter:
    return SupabaseCounter(settings, context.secret(settings.token_env), context.clock)


def _probe(settings: CounterSettings, context: Context) -> list[Probe]:
    return [probe.read_only(settings, probe.counting(_build(settings, context)))]


KIND = Kind(settings=CounterSettings, build=_build, probe=_probe)
