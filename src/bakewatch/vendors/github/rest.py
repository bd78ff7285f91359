"""One repository at GitHub: by REST, and by GraphQL where REST has no answer."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec

from bakewatch.api import Answer, Api
from bakewatch.errors import PortError

T = TypeVar("T")

PAGES = 50
"""Pages of a hundred that are read; a list that goes on is not read at all rather than in part."""

_NEXT = 'rel="next"'
_TROUBLES = {
    "RATE_LIMITED": "rate_limited",
    "NOT_FOUND": "not_found",
    "FORBIDDEN": "forbidden",
    "INSUFFICIENT_SCOPES": "forbidden",
    "UNPROCESSABLE": "refused",
}
"""What GraphQL says in an answer that has arrived. Trouble of its own has no type, and passes."""


class Rest:
    """Requests about *repository* (`owner/name`). Troubles are raised as *error*, with the codes of `Api`."""

    def __init__(self, api: Api, repository: str, error: type[PortError]) -> None:
        self._api, self.repository, self._error = api, repository, error

    @property
    def owner(self) -> str:
        """The account that the repository belongs to."""
        return self.repository.partition("/")[0]

    def get(self, path: str, kind: type[T]) -> T:
        """What is at *path* below the repository, as a *kind*."""
        return self._as(self._api.get(self._below(path)).body, kind)

    def account(self, kind: type[T]) -> T:
        """The account that the token belongs to."""
        return self._as(self._api.get("/user").body, kind)

    def budget(self, kind: type[T]) -> T:
        """How many requests are left; asking costs none."""
        return self._as(self._api.get("/rate_limit").body, kind)

    def pages(self, path: str, kind: type[T], params: Mapping[str, str | int] | None = None) -> Iterator[T]:
        """The list at *path*, page by page."""
        wanted: dict[str, str | int] | None = {"per_page": 100, **(params or {})}
        for _ in range(PAGES):
            answer = self._api.get(self._below(path), wanted)
            yield self._as(answer.body, kind)
            wanted = _next(answer)
            if wanted is None:
                return
        raise self._error("too_long", permanent=True)

    def send(self, method: str, path: str, body: Mapping[str, Any], kind: type[T]) -> T:
        """Change what is at *path* below the repository; the answer as a *kind*."""
        return self._as(self._api.send(method, self._below(path), body).body, kind)

    def query(self, text: str, variables: Mapping[str, Any], kind: type[T]) -> T:
        """Ask or change by GraphQL; the answer's data as a *kind*."""
        told = self._as(self._api.send("POST", "/graphql", {"query": text, "variables": variables}).body, _Told)
        if told.errors:
            code = _TROUBLES.get(told.errors[0].type or "", "malformed")
            raise self._error(code, permanent=code not in ("rate_limited", "malformed"))
        return self._as(told.data, kind)

    def _below(self, path: str) -> str:
        return f"/repos/{self.repository}{path}"

    def _as(self, body: Any, kind: type[T]) -> T:
        try:
            return msgspec.convert(body, kind)
        except msgspec.ValidationError:
            raise self._error("malformed") from None


class _Trouble(msgspec.Struct, frozen=True):
    type: str | None = None


class _Told(msgspec.Struct, frozen=True):
    data: Any = None
    errors: tuple[_Trouble, ...] | None = None


def _next(answer: Answer) -> dict[str, str | int] | None:
    """What asks for the page after *answer*. Only the query of its address is used: the token goes nowhere else."""
    for link in answer.link.split(","):
        address, _, relation = link.strip().partition(">")
        if _NEXT in relation:
            return dict(parse_qsl(urlsplit(address.lstrip("<")).query))
    return None
