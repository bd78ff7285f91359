"""Holds what is sent to GitHub, and what its stand-in answers, to the vendor's own OpenAPI document."""

import json
import re

from bakewatch.testing.github.exchange import Exchange
from tests.contract.openapi import document

_ELSEWHERE = (
    # In the vendor's whole document, of which the one at hand is an excerpt.
    ("GET", re.compile(r"/user")),
    ("GET", re.compile(r"/repos/[^/]+/[^/]+/collaborators/[^/]+/permission")),
)
_GRAPHQL = ("pullRequest(number: $number) { mergeCommit { oid } }", "revertPullRequest(input: {")


def check(exchanges: list[Exchange]) -> int:
    """Every request is documented and fits, and so does its answer; returns how many were held to the document."""
    judge, held = document("github"), 0
    for one in exchanges:
        asked, reply = one.asked, one.reply
        if asked.path == "/graphql":
            assert any(known in json.loads(asked.body)["query"] for known in _GRAPHQL), asked
        elif not any(method == asked.method and path.fullmatch(asked.path) for method, path in _ELSEWHERE):
            judge.check(asked.method, asked.path, asked.query, reply.status, reply.body, asked.body, asked.headers)
            held += 1
    return held
