"""What a request handler needs: who is calling, the data layer, and how to refuse."""

import json
import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from live_event.logs import Caller, LogWriter
from live_event.rest import Pool, Rest
from live_event.tokens import claims_of

_TAG = re.compile(r"[A-Za-z0-9._:@/-]{1,48}")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
"""What JSON can say and PostgreSQL cannot hold: NUL, and half of a surrogate pair."""


@dataclass(frozen=True)
class Service:
    """What all requests share."""

    pool: Pool
    logs: LogWriter
    secret: str
    distance: float = 0.0
    """Seconds between us and the database, in the mean."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in."""

    id: str
    session: str
    email: str
    role: str


class Refusal(Exception):
    """An answer that is not what was asked for."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message}


def service(request: Request) -> Service:
    """What all requests share."""
    shared: Service = request.app.state.service
    return shared


def visitor(request: Request) -> Visitor | None:
    """Who is signed in, by a bearer token that we signed."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    claims = claims_of(service(request).secret, time.time(), token) if scheme.lower() == "bearer" else None
    if claims is None:
        return None
    return Visitor(id=claims["sub"], session=claims["session_id"], email=claims["email"], role=claims["user_role"])


def signed_in(request: Request, status: int = 401) -> Visitor:
    """Who is signed in; nobody is refused with *status*."""
    somebody = visitor(request)
    if somebody is None:
        raise Refusal(status, "not_signed_in", "Sign in to enter.")
    return somebody


def administrator(request: Request) -> Visitor:
    """Who is signed in, an administrator."""
    somebody = signed_in(request)
    if somebody.role != "admin":
        raise Refusal(403, "not_an_administrator", "Only administrators may do this.")
    return somebody


def caller(request: Request) -> Caller:
    """The request's sender, as far as the logs know."""
    headers = request.headers
    tag = headers.get("x-bakewatch", "")
    somebody = visitor(request)
    peer = request.client.host if request.client else "127.0.0.1"
    return Caller(
        ip=headers.get("cf-connecting-ip") or peer,
        agent=headers.get("user-agent", ""),
        tag=tag if _TAG.fullmatch(tag) else None,
        user=somebody.id if somebody else None,
    )


def rest(request: Request) -> Rest:
    """The data layer for this request."""
    shared = service(request)
    return Rest(shared.pool, shared.logs, caller(request), shared.distance)


async def body_of(request: Request) -> dict[str, Any]:
    """The request's JSON object."""
    try:
        content = await request.json()
    except ValueError as problem:
        raise Refusal(400, "bad_json", "Could not parse the request body as JSON.") from problem
    if not isinstance(content, dict):
        raise Refusal(400, "bad_json", "The request body must be a JSON object.")
    if any(isinstance(one, str) and _UNWRITABLE.search(one) for one in content.values()):
        raise Refusal(400, "bad_json", "The request body holds characters that are no text.")
    return content


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def reply(content: object, status: int = 200) -> Response:
    """A JSON answer."""
    text = json.dumps(content, default=_plain, ensure_ascii=False)
    return Response(text, status_code=status, media_type="application/json")
