"""Sign-up, sign-in, token rotation, and who am I: `/auth/v1`. Every request writes an edge and an auth line."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from live_event.context import BEARER, Visitor, caller, service, visitor
from live_event.logs import Call, auth_line, edge_line
from live_event.rest import Row, run
from live_event.shapes import UNWRITABLE, AuthProblem, Credentials, Renewal, Session, User, refusals
from live_event.tokens import (
    ACCESS_SECONDS,
    access_token,
    hash_password,
    new_refresh_token,
    password_fits,
    token_hash,
)

_OPEN = (
    "WITH opened AS (INSERT INTO sessions (user_id) VALUES (%s) RETURNING id),"
    " issued AS (INSERT INTO refresh_tokens (session_id, token_hash) SELECT id, %s FROM opened)"
    " SELECT id AS session_id FROM opened"
)
_ROTATE = (
    "WITH used AS (UPDATE refresh_tokens t SET revoked = true FROM sessions s WHERE t.token_hash = %s AND NOT t.revoked"
    # Whoever used a token again at the same moment may not have seen this one, but the session has ended.
    " AND s.id = t.session_id AND s.ended_at IS NULL RETURNING t.session_id),"
    " issued AS (INSERT INTO refresh_tokens (session_id, token_hash) SELECT session_id, %s FROM used)"
    " SELECT s.id AS session_id, u.id, u.email, u.role FROM used JOIN sessions s ON s.id = used.session_id"
    " JOIN users u ON u.id = s.user_id"
)
_END_FAMILY = (
    "WITH known AS (SELECT session_id FROM refresh_tokens WHERE token_hash = %s),"
    " revoked AS (UPDATE refresh_tokens t SET revoked = true FROM known WHERE t.session_id = known.session_id),"
    " ended AS (UPDATE sessions s SET ended_at = coalesce(ended_at, now()) FROM known WHERE s.id = known.session_id)"
    " SELECT session_id FROM known"
)


class AuthError(Exception):
    """A refused auth request; *internal* is what only the log says."""

    def __init__(self, status: int, error_code: str, message: str, internal: str = "") -> None:
        super().__init__(message)
        self.status, self.error_code, self.message = status, error_code, message
        self.internal = internal or message

    @property
    def body(self) -> dict[str, Any]:
        """What the client sees."""
        return {"code": self.status, "error_code": self.error_code, "msg": self.message}


@dataclass(frozen=True)
class Answer:
    """What an auth request gets."""

    body: dict[str, Any] | None
    user: str | None = None

    @property
    def status(self) -> int:
        """No content is an answer too."""
        return 204 if self.body is None else 200


Handler = Callable[[Request], Awaitable[Answer]]


async def _query(request: Request, sql: str, *params: object) -> list[Row]:
    return await run(service(request).pool, caller(request).tag, sql, params)


async def _body(request: Request) -> dict[str, Any]:
    """The request's JSON object. It is read here and not by FastAPI: what is refused is logged as well."""
    try:
        content = await request.json()
    except ValueError as problem:
        raise AuthError(400, "bad_json", "Could not parse the request body as JSON.") from problem
    if not isinstance(content, dict):
        raise AuthError(400, "bad_json", "The request body must be a JSON object.")
    if any(isinstance(one, str) and UNWRITABLE.search(one) for one in content.values()):
        raise AuthError(400, "bad_json", "The request body holds characters that are no text.")
    return content


async def _credentials(request: Request) -> tuple[str, str]:
    content = await _body(request)
    email, password = content.get("email"), content.get("password")
    if not isinstance(email, str) or not isinstance(password, str) or "@" not in email or not password:
        raise AuthError(400, "validation_failed", "An email address and a password are needed")
    return email.strip().lower(), password


def _session(request: Request, user: Row, session: str, refresh: str) -> Answer:
    now = time.time()
    identity = str(user["id"])
    token = access_token(
        service(request).secret, now, user=identity, email=user["email"], role=user["role"], session=session
    )
    body = {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": refresh,
        "user": _public(user),
    }
    return Answer(body, identity)


def _public(user: Row) -> dict[str, Any]:
    return {"id": str(user["id"]), "email": user["email"], "role": user["role"]}


async def _open(request: Request, user: Row) -> Answer:
    refresh = new_refresh_token()
    rows = await _query(request, _OPEN, user["id"], token_hash(refresh))
    return _session(request, user, str(rows[0]["session_id"]), refresh)


async def _sign_up(request: Request) -> Answer:
    """Sign up, and in."""
    email, password = await _credentials(request)
    sql = (
        "INSERT INTO users (email, password_hash, tag) VALUES (%s, %s, %s)"
        " ON CONFLICT (email) DO NOTHING RETURNING id, email, role"
    )
    rows = await _query(request, sql, email, hash_password(password), caller(request).tag)
    if not rows:
        raise AuthError(422, "user_already_exists", "User already registered")
    return await _open(request, rows[0])


async def _sign_in(request: Request) -> Answer:
    email, password = await _credentials(request)
    rows = await _query(request, "SELECT id, email, role, password_hash FROM users WHERE email = %s", email)
    if not rows or not password_fits(password, rows[0]["password_hash"]):
        raise AuthError(400, "invalid_credentials", "Invalid login credentials")
    return await _open(request, rows[0])


async def _refresh(request: Request) -> Answer:
    used = str((await _body(request)).get("refresh_token", ""))
    fresh = new_refresh_token()
    rows = await _query(request, _ROTATE, token_hash(used), token_hash(fresh))
    if rows:
        return _session(request, rows[0], str(rows[0]["session_id"]), fresh)
    ended = await _query(request, _END_FAMILY, token_hash(used))
    if not ended:
        raise AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
    internal = f"Possible abuse attempt: session {ended[0]['session_id']}"
    raise AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used", internal)


async def _token(request: Request) -> Answer:
    """Sign in, or take new tokens for the old ones."""
    grant_type = request.query_params.get("grant_type", "")
    if grant_type == "password":
        return await _sign_in(request)
    if grant_type == "refresh_token":
        return await _refresh(request)
    raise AuthError(400, "validation_failed", "Unsupported grant_type")


def _bearer(request: Request) -> Visitor:
    if "authorization" not in request.headers:
        raise AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token")
    somebody = visitor(request)
    if somebody is None:
        raise AuthError(403, "bad_jwt", "invalid JWT: unable to parse or verify signature")
    return somebody


async def _logout(request: Request) -> Answer:
    """End the session."""
    somebody = _bearer(request)
    await _query(request, "DELETE FROM sessions WHERE id = %s", somebody.session)
    return Answer(None, somebody.id)


async def _user(request: Request) -> Answer:
    """Who am I?"""
    somebody = _bearer(request)
    sql = (
        "SELECT u.id, u.email, u.role FROM sessions s JOIN users u ON u.id = s.user_id"
        " WHERE s.id = %s AND s.ended_at IS NULL"
    )
    rows = await _query(request, sql, somebody.session)
    if not rows:
        raise AuthError(403, "session_not_found", "Session from session_id claim in JWT does not exist")
    return Answer(_public(rows[0]), somebody.id)


async def _nothing(request: Request) -> Answer:
    raise AuthError(404, "not_found", "Not Found")


def _logged(handle: Handler) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint out of *handle*, which writes its edge and auth lines."""

    async def endpoint(request: Request) -> Response:
        started = time.perf_counter()
        error: AuthError | None = None
        user = caller(request).user
        answer = Answer({})
        try:
            answer = await handle(request)
            user = answer.user or user
        except AuthError as refused:
            error = refused
        except psycopg.Error as problem:
            error = AuthError(500, "unexpected_failure", "Unexpected failure", f"{problem.sqlstate}: {problem}")
        status = error.status if error else answer.status
        _log(request, status, error, user, (time.perf_counter() - started) * 1000)
        if status == 204:
            return Response(status_code=204)
        return JSONResponse(error.body if error else answer.body, status)

    return endpoint


def _log(request: Request, status: int, error: AuthError | None, user: str | None, milliseconds: float) -> None:
    who = caller(request)
    who = type(who)(ip=who.ip, agent=who.agent, tag=who.tag, user=user)
    search = f"?{request.url.query}" if request.url.query else ""
    call = Call(request.method, request.url.path, search, status, milliseconds, who)
    now = datetime.now(UTC)
    logs = service(request).logs
    logs.write(edge_line(now, call))
    logs.write(
        auth_line(
            now,
            call,
            grant_type=request.query_params.get("grant_type", ""),
            error_code=error.error_code if error else "",
            error=error.internal if error else "",
        )
    )


router = APIRouter()
_WRONG = refusals(400, 401, 403, 422, 500, shape=AuthProblem)


def _said(*shapes: type[BaseModel]) -> dict[str, Any]:
    """The request's body, as OpenAPI describes it: of one of *shapes*."""
    told = {"anyOf": [one.model_json_schema() for one in shapes]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": told}}}}


_GRANT = {
    "name": "grant_type",
    "in": "query",
    "required": True,
    "schema": {"enum": ["password", "refresh_token"]},
}
_BEARER: dict[str, Any] = {"security": [{BEARER.scheme_name: []}]}


def _route(path: str, method: str, handle: Handler, model: type[BaseModel] | None, **described: Any) -> None:
    router.add_api_route(
        f"/auth/v1/{path}",
        _logged(handle),
        methods=[method],
        response_model=None,
        responses=_WRONG | ({200: {"model": model}} if model else {}),
        status_code=200 if model else 204,
        operation_id=path,
        summary=(handle.__doc__ or "").strip(),
        openapi_extra=described,
    )


_route("signup", "POST", _sign_up, Session, **_said(Credentials))
_route("token", "POST", _token, Session, **_said(Credentials, Renewal), parameters=[_GRANT])
_route("user", "GET", _user, User, **_BEARER)
_route("logout", "POST", _logout, None, **_BEARER)
nothing = _logged(_nothing)
router.add_api_route("/auth/v1/{rest:path}", nothing, include_in_schema=False)
