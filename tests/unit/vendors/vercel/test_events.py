"""What a webhook tells, and what is none."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bakewatch.vendors.vercel.events import MAX_BODY, Hook, read

COMMIT = "a8719e7a02f879b3b39cdf290c3fbed7311410d5"
BODY: dict[str, Any] = {
    "id": "evt_1",
    "type": "deployment.ready",
    "createdAt": 1_770_422_400_500,
    "region": "icn1",
    "payload": {
        "team": {"id": "team_1"},
        "user": {"id": "usr_1"},
        "deployment": {"id": "dpl_1", "url": "live-1.vercel.app", "name": "live", "meta": {"githubCommitSha": COMMIT}},
        "links": {"deployment": "…", "project": "…"},
        "target": "production",
        "project": {"id": "prj_1"},
        "plan": "pro",
        "regions": ["icn1"],
    },
}


def test_a_deployment_is_told_with_its_commit() -> None:
    assert read(json.dumps(BODY).encode()) == Hook(
        id="evt_1",
        type="deployment.ready",
        at=datetime(2026, 2, 7, 0, 0, 0, 500_000, tzinfo=UTC),
        deployment="dpl_1",
        project="prj_1",
        target="production",
        commit=COMMIT,
    )


def test_a_rollback_is_told_with_both_its_ends_and_a_preview_without_a_target() -> None:
    payload = {"project": {"id": "prj_1"}, "fromDeploymentId": "dpl_2", "toDeploymentId": "dpl_1", "target": None}
    hook = read(json.dumps({**BODY, "type": "deployment.rollback", "payload": payload}).encode())
    assert hook is not None
    assert (hook.left, hook.reached, hook.deployment, hook.target, hook.commit) == ("dpl_2", "dpl_1", "", "", "")


@pytest.mark.parametrize("sha", ["main", COMMIT[:12], COMMIT.upper(), 7, None])
def test_what_is_no_commit_is_not_told_as_one(sha: object) -> None:
    payload = {"deployment": {"id": "dpl_1", "meta": {"githubCommitSha": sha}}}
    hook = read(json.dumps({**BODY, "payload": payload}).encode())
    assert hook is not None and hook.commit == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"\xff"',
        b"[" * 100_000,
        b'{"type":"deployment.ready"}',
        json.dumps({**BODY, "id": 7}).encode(),
        json.dumps({**BODY, "createdAt": 1e300}).encode(),
        json.dumps({**BODY, "createdAt": "now"}).encode(),
        json.dumps({**BODY, "payload": None}).encode(),
        json.dumps({**BODY, "payload": {"project": "prj_1"}}).encode(),
        json.dumps({**BODY, "region": " " * MAX_BODY}).encode(),
    ],
)
def test_what_is_malformed_is_none(body: bytes) -> None:
    assert read(body) is None
