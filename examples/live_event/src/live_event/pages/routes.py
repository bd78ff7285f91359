"""The pages' addresses. A page holds nobody's data: its script asks for that, as whoever is signed in."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from live_event import data
from live_event.context import Tables
from live_event.pages.words import COOKIE, WORDS, language

HERE = Path(__file__).parent
STATIC = HERE / "static"
_TEMPLATES = Jinja2Templates(directory=HERE / "templates")
_YEAR = 365 * 24 * 3600
SAFE = {
    # Only our own files: what somebody writes into the chat can never become a script.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def page(request: Request, name: str, status: int = 200, **content: Any) -> HTMLResponse:
    """The page *name*, in the language that is wanted."""
    wanted = language(request)
    about = {"words": WORDS[wanted], "lang": wanted, **content}
    answer = _TEMPLATES.TemplateResponse(request, f"{name}.html", about, status, SAFE)
    if "lang" in request.query_params:
        answer.set_cookie(COOKIE, wanted, max_age=_YEAR, samesite="lax")
    return answer


@router.get("/")
async def front(request: Request, tables: Tables) -> HTMLResponse:
    """The public events."""
    return page(request, "events", events=await data.events(tables))


@router.get("/sign-in")
async def sign_in(request: Request) -> HTMLResponse:
    """Sign in, or up."""
    return page(request, "sign_in")


@router.get("/events/{event}")
async def live(request: Request, event: str) -> HTMLResponse:
    """The live page."""
    return page(request, "live", event=event)


@router.get("/events/{event}/admin")
async def admin(request: Request, event: str) -> HTMLResponse:
    """For administrators."""
    return page(request, "admin", event=event)
