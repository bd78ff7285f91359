"""Holds what is sent to GitHub, and what its stand-in answers, to the vendor's own OpenAPI document."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.response.exceptions import ResponseValidationError

from bakewatch.testing.github.exchange import Exchange

SPECS = os.environ.get("BAKEWATCH_SPECS", "")
"""A folder with `github.openapi.json`."""

HOST = "https://api.github.com"

_ELSEWHERE = (
    # In the vendor's whole document, of which the one at hand is an excerpt.
    ("GET", re.compile(r"/user")),
    ("GET", re.compile(r"/repos/[^/]+/[^/]+/collaborators/[^/]+/permission")),
)
_GRAPHQL = ("pullRequest(number: $number) { mergeCommit { oid } }", "revertPullRequest(input: {")
_ALWAYS = (304, 401, 403, 429)
"""Nothing changed, a token that is none, a token that may not, a limit: any operation may say so, few documents do."""


@cache
def _document() -> OpenAPI:
    if not SPECS:
        pytest.skip("BAKEWATCH_SPECS names no folder with github.openapi.json")
    text = (Path(SPECS) / "github.openapi.json").read_text()
    # The document itself is not judged.
    trusting = Config(spec_validator_cls=None)  # type: ignore[arg-type]  # None is what its documentation says
    return OpenAPI.from_dict(_mended(json.loads(text)), config=trusting)


def _mended(part: Any) -> Any:
    """*part* in which what may be null may be so too where its values are listed: the document forgets that."""
    if isinstance(part, list):
        return [_mended(one) for one in part]
    if not isinstance(part, dict):
        return part
    values = {"enum": [*part["enum"], None]} if part.get("nullable") and isinstance(part.get("enum"), list) else {}
    return {name: _mended(one) for name, one in part.items()} | values


def check(exchanges: list[Exchange]) -> int:
    """Every request is documented and fits, and so does its answer; returns how many were held to the document."""
    document, held = _document(), 0
    for one in exchanges:
        asked = one.asked
        if asked.path == "/graphql":
            assert any(known in json.loads(asked.body)["query"] for known in _GRAPHQL), asked
            continue
        if any(method == asked.method and path.fullmatch(asked.path) for method, path in _ELSEWHERE):
            continue
        _check_query(document, one)
        request = MockRequest(
            HOST,
            asked.method.lower(),
            asked.path,
            args=asked.query,
            headers=asked.headers,
            data=asked.body or None,
            content_type="application/json",
        )
        document.validate_request(request)
        held += 1
        if one.reply.status not in _ALWAYS:
            answer = MockResponse(one.reply.body, status_code=one.reply.status, content_type="application/json")
            try:
                document.validate_response(request, answer)
            except ResponseValidationError as error:
                raise AssertionError(f"{asked.method} {asked.path} {one.reply.status}: {error.__cause__}") from error
    return held


def _check_query(document: OpenAPI, one: Exchange) -> None:
    """The document's own check lets parameters pass that it does not know."""
    for template, item in (document.spec / "paths").items():
        pattern = re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(str(template)))
        if re.fullmatch(pattern, one.asked.path) and one.asked.method.lower() in item:
            with (item / one.asked.method.lower()).open() as operation:
                known = [_named(document, parameter) for parameter in operation.get("parameters", [])]
            assert set(one.asked.query) <= set(known), (template, one.asked.query)
            return
    raise AssertionError(f"not documented: {one.asked.method} {one.asked.path}")


def _named(document: OpenAPI, parameter: dict[str, str]) -> str:
    if "$ref" not in parameter:
        return parameter["name"]
    with (document.spec / "components" / "parameters" / parameter["$ref"].rpartition("/")[2]).open() as there:
        return str(there["name"])
