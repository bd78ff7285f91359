"""The check against GitHub's own document finds what is wrong: else all that it lets pass would mean nothing."""

import os
from dataclasses import replace

import pytest
from openapi_core.exceptions import OpenAPIError

from bakewatch.testing.github.exchange import Exchange
from tests.contract import openapi_github
from tests.contract.github_rig import Rig, bulletin
from tests.contract.openapi import FOLDER

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(FOLDER not in os.environ, reason="BAKEWATCH_SPECS names no folder with github.openapi.json"),
]


@pytest.fixture
def exchanges(hub: Rig) -> list[Exchange]:
    """A pull request that was read, and a status that was set."""
    release = hub.release()
    hub.forge().pull(1)
    hub.forge(publish=("status",)).publish(bulletin(release))
    return list(hub.github.exchanges)


def test_what_is_right_passes(exchanges: list[Exchange]) -> None:
    assert openapi_github.check(exchanges) == len(exchanges) == 3


def test_what_is_wrong_does_not(exchanges: list[Exchange]) -> None:
    read, _, write = exchanges
    short = replace(read, reply=replace(read.reply, body=b'{"number": 1}'))
    status = replace(read, reply=replace(read.reply, status=418))
    path = replace(read, asked=replace(read.asked, path="/repos/team/live/pulls/1/secrets"))
    query = replace(read, asked=replace(read.asked, query={"unknown": "1"}))
    method = replace(read, asked=replace(read.asked, method="DELETE"))
    state = replace(write, asked=replace(write.asked, body=b'{"state": "splendid"}'))
    graphql = replace(write, asked=replace(write.asked, path="/graphql", body=b'{"query": "{ viewer { login } }"}'))
    for wrong in (short, status, path, query, method, state, graphql):
        with pytest.raises((AssertionError, OpenAPIError)):
            openapi_github.check([wrong])
