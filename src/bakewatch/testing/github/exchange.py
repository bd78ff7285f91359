"""What was asked and answered, and how an answer is made of what a route says."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bakewatch.testing.github.routes import Paged


@dataclass(frozen=True)
class Asked:
    """One request, without what authorizes it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """Both."""

    asked: Asked
    reply: Reply


def reply(asked: Asked, status: int, told: Any, url: str) -> Reply:
    """The answer with what a route *told*, served at *url*: one page of a list, or that nothing has changed."""
    headers = {"content-type": "application/json; charset=utf-8"}
    if isinstance(told, Paged):
        told, links = _page(asked, told, url)
        headers |= {"link": links} if links else {}
    body = json.dumps(told).encode()
    if asked.method == "GET" and status == 200:
        headers["etag"] = f'W/"{hashlib.sha256(body).hexdigest()}"'
        if asked.headers.get("if-none-match") == headers["etag"]:
            return Reply(304, headers, b"")
    return Reply(status, headers, body)


def _page(asked: Asked, told: Paged, url: str) -> tuple[Any, str]:
    """One page, and the addresses of its neighbours."""
    size = min(int(asked.query.get("per_page", "30")), 100)
    page = int(asked.query.get("page", "1"))
    last = max(1, -(-len(told.items) // size))
    links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    wanted = {name: at for name, at in links.items() if 1 <= at <= last and at != page}
    header = ", ".join(
        f'<{url}{asked.path}?{urlencode({**asked.query, "page": at})}>; rel="{name}"' for name, at in wanted.items()
    )
    return told.wrap(told.items[(page - 1) * size : page * size]), header
