"""The routes: health, and one for each sender of webhooks."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Protocol, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bakewatch.web.bodies import UNSIGNED, read
from bakewatch.web.desk import Desk
from bakewatch.web.drain import Drain
from bakewatch.web.hooks import Hook, Malformed, of_github, of_vercel
from bakewatch.web.signature import signed_by_github, signed_by_vercel

T = TypeVar("T")

MAX_BODY = 1024 * 1024
"""Bytes of a webhook that are read."""


class Engine(Protocol):
    """What is asked about health: `durable.keeper.Keeper`."""

    def running(self) -> int | None:
        """How many cases are running; None when none can run."""
        ...


def build(engine: Engine, desk: Desk, secrets: Mapping[str, str], drain: Drain | None = None) -> Starlette:
    """The application. *secrets*: of each sender (`github`, `vercel`) whose webhooks are taken; *drain*: who takes
    Vercel's logs."""

    def health(request: Request) -> Response:
        running = engine.running()
        if running is None:
            raise HTTPException(503, "the engine has gone, or its record cannot be read")
        told = {"status": "ok", "running": running, "version": version("bakewatch")}
        return Response(msgspec.json.encode(told), media_type="application/json")

    async def github(request: Request) -> Response:
        body = await read(request, MAX_BODY)
        if not signed_by_github(body, request.headers.get("x-hub-signature-256", ""), secrets["github"]):
            raise UNSIGNED
        _require_json(request)
        event = request.headers.get("x-github-event", "")
        if not event:
            raise HTTPException(400, "the header X-GitHub-Event is missing")
        if event == "ping":
            return _told("ok", 200)
        hook = _parsed(lambda: of_github(event, body))
        return _taken(desk, "github", request.headers.get("x-github-delivery", ""), hook)

    async def vercel(request: Request) -> Response:
        body = await read(request, MAX_BODY)
        if not signed_by_vercel(body, request.headers.get("x-vercel-signature", ""), secrets["vercel"]):
            raise UNSIGNED
        _require_json(request)
        delivery, hook = _parsed(lambda: of_vercel(body))
        return _taken(desk, "vercel", delivery, hook)

    hooks = {"github": github, "vercel": vercel}
    routes = [Route(f"/webhooks/{name}", hooks[name], methods=["POST"]) for name in secrets]
    if drain is not None:
        routes.append(Route("/drains/vercel", drain.take, methods=["POST"]))
    built = Starlette(
        routes=[Route("/health", health), *routes],
        exception_handlers={HTTPException: _problem, Exception: _bug},
    )
    built.router.redirect_slashes = False
    return built


def _require_json(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the content type of the webhook must be application/json")


def _parsed(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except Malformed:
        raise HTTPException(400, "the body is not an event as its sender documents it") from None


def _taken(desk: Desk, sender: str, delivery: str, hook: Hook) -> Response:
    taken = desk.take(sender, delivery, hook)
    if taken == "full":
        raise HTTPException(503, "too many webhooks wait; send it again", {"retry-after": "60"})
    return _told(taken, 202)


def _told(status: str, code: int) -> Response:
    return Response(msgspec.json.encode({"status": status}), code, media_type="application/json")


def _problem(request: Request, error: Exception) -> Response:
    """What is wrong, as RFC 9457 has it; never anything that was sent."""
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase
    told = {"title": title, "status": error.status_code, "detail": error.detail}
    return Response(
        msgspec.json.encode(told), error.status_code, dict(error.headers or {}), media_type="application/problem+json"
    )


def _bug(request: Request, error: Exception) -> Response:
    return _problem(request, HTTPException(500, "a bug of ours"))
