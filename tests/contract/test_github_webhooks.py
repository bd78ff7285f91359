"""Webhooks, sent by GitHub's stand-in to a real address, and read."""

import json

import pytest

from bakewatch.web.hooks import Commented, Deployed, Ignored, Merged, of_github
from bakewatch.web.signature import signed_by_github
from tests.contract.github_rig import Rig
from tests.contract.loopback import serving

pytestmark = pytest.mark.real

SECRET = "a webhook's secret"


def test_a_merge_a_deployment_and_a_ping_are_delivered_signed_and_read(hub: Rig) -> None:
    with serving(lambda asked: (202, {}, b"")) as server:
        hub.github.hooks.url, hub.github.hooks.secret = server.url + "/hooks/github", SECRET
        hub.github.hooks.ping(hub.github.state.accounts.copy().popitem()[1])
        hub.github.hooks.settle()
        release = hub.release()
        hub.github.hooks.settle()
        hub.github.deployed(hub.github.deploy(release.commit), "success")
        hub.github.hooks.settle()
    assert hub.github.hooks.delivered == [("ping", 202), ("pull_request", 202), ("deployment_status", 202)]
    assert len({one.headers["x-github-delivery"] for one in server.asked}) == 3
    assert all(signed_by_github(one.body, one.headers["x-hub-signature-256"], SECRET) for one in server.asked)
    ping, merged, deployed = (of_github(one.headers["x-github-event"], one.body) for one in server.asked)
    assert isinstance(ping, Ignored)
    assert merged == Merged("team/live", "main", 1)
    assert deployed == Deployed(release.commit, True, "team/live", environment="Production")


def test_only_a_new_answer_on_a_pull_request_is_told(hub: Rig) -> None:
    hub.release()
    with serving(lambda asked: (202, {}, b"")) as server:
        hub.github.hooks.url = server.url
        one = hub.github.comment(1, "Nice", "author")
        hub.github.hooks.settle()
        hub.github.edit(one, "/bakewatch approve")
        hub.github.hooks.settle()
        hub.github.comment(1, "/bakewatch approve", "author")
        hub.github.hooks.settle()
    told = [of_github(one.headers["x-github-event"], one.body) for one in server.asked]
    assert told == [Ignored("no answer"), Ignored("no new comment on a pull request"), Commented("team/live", 1)]


def test_whoever_gets_one_may_ask_the_api_at_once(hub: Rig) -> None:
    seen: list[str] = []

    def ask(asked: object) -> tuple[int, dict[str, str], bytes]:
        seen.append(hub.forge().pull(2).commit)
        return 202, {}, b""

    release = hub.release()
    title, body = hub.undo(release)
    head = hub.team.git("rev-parse", "refs/heads/bakewatch/revert-0123456789ab", cwd=hub.team.remote)
    with serving(ask) as server:
        hub.github.hooks.url = server.url
        done = hub.forge().propose(release, "bakewatch/revert-0123456789ab", title, body, head=head, merge=True)
        hub.github.hooks.settle()
    assert seen == [done.commit] and done.commit


def test_nobody_at_the_address_is_told(hub: Rig) -> None:
    hub.github.hooks.url = "http://127.0.0.1:9/"
    hub.release()
    hub.github.hooks.settle()
    assert hub.github.hooks.delivered == [("pull_request", 0)]


def test_a_pull_request_that_was_closed_unmerged_has_become_nothing(hub: Rig) -> None:
    hub.branch("feature", {"a.txt": "1"})
    hub.github.open("feature", "A change")
    whole = hub.rest().get("/pulls/1", dict)
    body = {"action": "closed", "number": 1, "pull_request": whole, "repository": whole["base"]["repo"]}
    assert whole["merge_commit_sha"]
    assert isinstance(of_github("pull_request", json.dumps(body).encode()), Ignored)
