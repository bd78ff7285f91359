"""A vendor's OpenAPI document as a judge: is what we send documented, and is what a stand-in answers?

The documents lie in the folder that the environment variable BAKEWATCH_SPECS names; without it, what needs them is
skipped.
"""

import json
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.response.exceptions import ResponseValidationError

FOLDER = "BAKEWATCH_SPECS"


@lru_cache
def document(vendor: str) -> "Document":
    """The document of *vendor*, loaded once a session; skips the test when it is not there."""
    folder = os.environ.get(FOLDER, "")
    path = Path(folder) / f"{vendor}.openapi.json"
    if not folder or not path.exists():
        pytest.skip(f"{FOLDER} names no folder with {path.name}")
    return Document(json.loads(path.read_text()))


class Document:
    """One document."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = _loosened(raw)
        self._judge = OpenAPI.from_dict(self._raw)
        self._host = raw["servers"][0]["url"]
        names = sorted(raw["paths"], key=lambda path: (path.count("{"), path))
        self._paths = [(re.compile(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(path))), path) for path in names]

    def describes(self, path: str) -> bool:
        """Is *path* documented at all?"""
        return bool(self._named(path))

    def check(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        status: int,
        answer: object,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Fail unless the request and its answer are as documented, every parameter of the query included.

        *answer*: the body as it was sent (bytes), a text, or as JSON. What any operation may answer need not be
        documented.
        """
        operation = self._raw["paths"].get(self._named(path), {}).get(method.lower())
        assert operation, f"{method} {path} is not documented"
        known = {self._followed(one)["name"] for one in operation.get("parameters", [])}
        assert set(query) <= known, f"{method} {path} does not know {sorted(set(query) - known)}"
        request = MockRequest(
            self._host,
            method.lower(),
            path,
            args=query,
            headers={"authorization": "Bearer x", **(headers or {})},
            data=body or None,
        )
        self._judge.validate_request(request)
        if str(status) not in operation["responses"] and (status in _ALWAYS or status >= 500):
            return
        kind = "text/plain" if isinstance(answer, str) else "application/json"
        raw = answer.encode() if isinstance(answer, str) else answer
        if not isinstance(raw, bytes):
            raw = b"" if raw is None else json.dumps(raw).encode()
        try:
            self._judge.validate_response(request, MockResponse(raw, status_code=status, content_type=kind))
        except ResponseValidationError as error:
            raise AssertionError(f"{method} {path} {status}: {error!r}: {error.__cause__}") from error

    def _followed(self, node: dict[str, Any]) -> dict[str, Any]:
        """What *node* refers to, or itself."""
        parts = node.get("$ref", "").split("/")[1:]
        for number, part in enumerate(parts):
            node = (node if number else self._raw)[part]
        return node

    def _named(self, path: str) -> str:
        return next((name for pattern, name in self._paths if pattern.fullmatch(path)), "")


_ALWAYS = (304, 401, 403, 414, 429)
"""Nothing changed, a token that is none, one that may not, a text that is too long, a limit: any operation may say so,
and fail, and few documents tell of it."""


def _loosened(node: Any) -> Any:
    """*node* as it is meant. The documents write unions of objects with open fields as `oneOf`, of which an answer then
    fits several; and a reference or a choice that may be null as `allOf` or `enum` beside `nullable`, which by the
    letter allows no null."""
    if isinstance(node, list):
        return [_loosened(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("nullable") is True and "allOf" in node:
        rest = {key: value for key, value in node.items() if key != "nullable"}
        return {"anyOf": [_NULL, _loosened(rest)]}
    if node.get("nullable") is True and None not in node.get("enum", [None]):
        return {**node, "enum": [*node["enum"], None]}
    return {("anyOf" if key == "oneOf" else key): _loosened(value) for key, value in node.items()}


_NULL = {"type": "string", "nullable": True, "enum": [None]}
