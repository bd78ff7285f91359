"""The tables as anybody sees them who has the public key: `GET /rest/v1/TABLE?select=…`, in the manner of PostgREST.

Row-level security shows strangers the public events and nothing else. A table or a column that does not exist is an
error all the same: whoever has the public key, which stands in every page, can write it into the logs.
"""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Security
from fastapi.security import APIKeyHeader

from live_event.context import Refusal, Tables
from live_event.rest import Row
from live_event.shapes import refusals

PUBLIC_KEY = "live-event-public"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_VISIBLE = {"events": "NOT hidden"}
_KEY = APIKeyHeader(name="apikey", auto_error=False, description="The public key.")

router = APIRouter()


@router.get("/rest/v1/{table}", response_model=list[dict[str, Any]], responses=refusals(400, 401, 403, 404))
async def read_table(
    request: Request,
    tables: Tables,
    table: str,
    key: Annotated[str | None, Security(_KEY)],
    select: Annotated[str, Query(description="The columns, with commas between; * is all.")] = "*",
) -> list[Row]:
    """The rows that a stranger may see."""
    if key != PUBLIC_KEY:
        raise Refusal(401, "no_api_key", "No API key found in request")
    columns = select.split(",")
    if not all(_NAME.fullmatch(one) for one in (table, *(one for one in columns if one != "*"))):
        raise Refusal(400, "PGRST100", "The request could not be parsed.")
    wanted = ", ".join(f'"{table}".' + ("*" if one == "*" else f'"{one}"') for one in columns)
    sql = f'SELECT {wanted} FROM "{table}" WHERE {_VISIBLE.get(table, "false")} LIMIT 100'
    return await tables.get(table, dict(request.query_params), sql)
