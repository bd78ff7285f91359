"""The tables as anybody sees them who has the public key: `GET /rest/v1/TABLE?select=…`, in the manner of PostgREST.

Row-level security shows strangers the public events and nothing else. A table or a column that does not exist is an
error all the same: whoever has the public key, which stands in every page, can write it into the logs.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from live_event.context import Refusal, reply, rest

PUBLIC_KEY = "live-event-public"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_VISIBLE = {"events": "NOT hidden"}


async def read_table(request: Request) -> Response:
    """The rows that a stranger may see."""
    if request.headers.get("apikey") != PUBLIC_KEY:
        raise Refusal(401, "no_api_key", "No API key found in request")
    table, query = request.path_params["table"], dict(request.query_params)
    columns = query.get("select", "*").split(",")
    if not all(_NAME.fullmatch(one) for one in (table, *(one for one in columns if one != "*"))):
        raise Refusal(400, "PGRST100", "The request could not be parsed.")
    wanted = ", ".join(f'"{table}".' + ("*" if one == "*" else f'"{one}"') for one in columns)
    sql = f'SELECT {wanted} FROM "{table}" WHERE {_VISIBLE.get(table, "false")} LIMIT 100'
    return reply(await rest(request).get(table, query, sql))
