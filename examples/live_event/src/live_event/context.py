"""What a request handler needs: who is calling, the data layer, and how to refuse."""

import re
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from live_event.logs import Caller, LogWriter
from live_event.realtime import Hub
from live_event.rest import Pool, Rest
from live_event.tokens import claims_of

_TAG = re.compile(r"[A-Za-z0-9._:@/-]{1,48}")
_OWN_NAME = re.compile(r"(?:^| )bakewatch/([A-Za-z0-9._:@/-]{1,48})(?: |$)")
"""How a watcher's browser says whose it is: it adds that to its own name, and sends no header of its own."""
BEARER = HTTPBearer(auto_error=False, description="An access token.")


@dataclass(frozen=True)
class Service:
    """What all requests share."""

    pool: Pool
    logs: LogWriter
    secret: str
    hub: Hub
    distance: float = 0.0
    """Seconds between us and the database, in the mean."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in."""

    id: str
    session: str
    email: str
    role: str
    until: float
    """When the token expires, in seconds since 1970."""

    @property
    def administers(self) -> bool:
        """An administrator?"""
        return self.role == "admin"


class Refusal(Exception):
    """An answer that is not what was asked for; *again*: seconds after which the same may be answered."""

    def __init__(self, status: int, code: str, message: str, again: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.again = status, code, message, again


def service(connection: HTTPConnection) -> Service:
    """What all requests share."""
    shared: Service = connection.app.state.service
    return shared


def visitor_of(connection: HTTPConnection, token: str) -> Visitor | None:
    """Whose token it is, if we signed it and it has not expired."""
    claims = claims_of(service(connection).secret, time.time(), token)
    if claims is None:
        return None
    return Visitor(
        id=claims["sub"],
        session=claims["session_id"],
        email=claims["email"],
        role=claims["user_role"],
        until=claims["exp"],
    )


def visitor(connection: HTTPConnection) -> Visitor | None:
    """Who is signed in, by the bearer token."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return visitor_of(connection, token) if scheme.lower() == "bearer" else None


def _somebody(request: HTTPConnection, status: int) -> Visitor:
    found = visitor(request)
    if found is None:
        raise Refusal(status, "not_signed_in", "Sign in to enter.")
    return found


_Token = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
"""Only for `/openapi.json`: `visitor` reads the header, also that of a socket."""


def signed_in(request: Request, _: _Token = None) -> Visitor:
    """Who is signed in; nobody is refused with 401."""
    return _somebody(request, 401)


def entering(request: Request, _: _Token = None) -> Visitor:
    """Who is signed in; nobody is refused with 403, as from a door."""
    return _somebody(request, 403)


def administrator(request: Request, _: _Token = None) -> Visitor:
    """Who is signed in, an administrator."""
    found = signed_in(request)
    if not found.administers:
        raise Refusal(403, "not_an_administrator", "Only administrators may do this.")
    return found


def caller(connection: HTTPConnection, who: Visitor | None = None) -> Caller:
    """The sender, as far as the logs know; *who* it is, where no header says so."""
    headers = connection.headers
    agent = headers.get("user-agent", "")
    named = _OWN_NAME.search(agent)
    tag = headers.get("x-bakewatch") or (named[1] if named else "")
    somebody = who or visitor(connection)
    peer = connection.client.host if connection.client else "127.0.0.1"
    return Caller(
        ip=headers.get("cf-connecting-ip") or peer,
        agent=agent,
        tag=tag if _TAG.fullmatch(tag) else None,
        user=somebody.id if somebody else None,
    )


def rest(connection: HTTPConnection, who: Visitor | None = None) -> Rest:
    """The data layer for this request or socket."""
    shared = service(connection)
    return Rest(shared.pool, shared.logs, caller(connection, who), shared.distance)


def _tables(request: Request) -> Rest:
    return rest(request)


SignedIn = Annotated[Visitor, Depends(signed_in)]
Entering = Annotated[Visitor, Depends(entering)]
Administrator = Annotated[Visitor, Depends(administrator)]
Tables = Annotated[Rest, Depends(_tables)]
