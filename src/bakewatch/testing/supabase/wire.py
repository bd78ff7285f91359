"""What the stand-in is asked and answers, and the table of its endpoints."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request; the names of its headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Reply:
    """One answer: *body* is sent as JSON; a text as plain text; bytes as they are, said to be JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A request that is refused with a status and a text."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(text)

    @property
    def reply(self) -> Reply:
        """The answer."""
        return failure(self.status, self.text)


def failure(status: int, text: str) -> Reply:
    """What comes with a status that means trouble."""
    return Reply(status, {"message": text})


Handler = Callable[[Asked, list[str]], Reply]
"""Answers a request; beside it, the varying parts of its path. Raises `Refusal`."""


@dataclass(frozen=True)
class Endpoint:
    """One endpoint."""

    answer: Handler
    permission: str = ""
    """What the access token must be allowed to do, and then the first varying part of the path is the project's ref.
    Empty: the endpoint looks at the headers by itself."""


class Routes:
    """Endpoints by name: `GET /v1/projects/{}`, with `{}` for what varies."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = dict(endpoints)
        self._patterns = [(re.compile(re.escape(one).replace(r"\{\}", "([^/]+)")), one) for one in endpoints]

    def find(self, asked: Asked) -> tuple[str, Endpoint, list[str]]:
        """Name, endpoint and the varying parts of the path; `Refusal` when there is none."""
        for pattern, name in self._patterns:
            if found := pattern.fullmatch(f"{asked.method} {asked.path}"):
                return name, self._endpoints[name], list(found.groups())
        raise Refusal(404, f"Cannot {asked.method} {asked.path}")
