"""The platform: what is pushed to main is served, for real; what does not start is not."""

import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from live_rig import eventually, folder_apart, read

from live_event.stack import Stack, serving
from live_event.team import Change, Edit, change

pytestmark = pytest.mark.real

SERVER = "src/live_event/server.py"
BROKEN = Change("broken", 8, "Do not start", ("undone",), (Edit(SERVER, "hold_on()\n", "raise SystemExit('no')\n"),))
MENDED = Change("mended", 9, "Start again", ("passed",), (Edit(SERVER, "raise SystemExit('no')\n", "hold_on()\n"),))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The whole service, its healthy base deployed."""
    with folder_apart() as folder, pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        with serving(folder) as running:
            yield running


def _get(stack: Stack, path: str) -> httpx.Response:
    return httpx.get(stack.platform.address + path, trust_env=False)


def _deployments(stack: Stack) -> list[dict[str, Any]]:
    return read(stack.folder / "platform" / "deployments.ndjson")


def _state(stack: Stack, commit: str) -> str:
    """How the deployment of *commit* ended; from then on nothing else is served."""
    states = eventually(lambda: [one["state"] for one in _deployments(stack) if one["commit"] == commit] or None, 20)
    return str(states[-1])


def test_the_base_is_deployed_first(stack: Stack) -> None:
    told = _get(stack, "/version").json()
    base = stack.team.log()[-1].split()[0]
    assert (told["commit"][:7], told["deployment"]) == (base, "dpl_1")
    assert _state(stack, told["commit"]) == "READY"
    assert _get(stack, "/health").status_code == 200


def test_a_push_to_main_is_deployed_and_its_commit_served(stack: Stack) -> None:
    before = _get(stack, "/version").json()
    assert "<h1>Welcome</h1>" in _get(stack, "/").text
    commit = stack.team.merge(change("harmless"))
    stack.platform.wait_for(commit)
    assert _state(stack, commit) == "READY"
    after = _get(stack, "/version").json()
    assert after["commit"] == commit
    assert after["deployment"] != before["deployment"]
    assert after["started_at"] > before["started_at"]
    assert "Good to see you" in _get(stack, "/").text


def test_two_addresses_serve_the_same_deployment_and_know_which_they_are(stack: Stack) -> None:
    where = Edit("src/live_event/app.py", '"status": "ok"', '"status": os.environ["LIVE_EVENT_ADDRESS"]')
    commit = stack.team.merge(Change("where", 11, "Say where", ("passed",), (where,)))
    stack.platform.wait_for(commit)
    assert len(set(stack.platform.addresses)) == 2
    told = [httpx.get(f"{one}/version", trust_env=False).json() for one in stack.platform.addresses]
    assert {(one["commit"], one["deployment"]) for one in told} == {(commit, told[0]["deployment"])}
    letters = [httpx.get(f"{one}/health", trust_env=False).json()["status"] for one in stack.platform.addresses]
    assert letters == ["a", "b"]
    back = Edit(where.file, where.replace, where.find)
    commit = stack.team.merge(Change("back", 12, "Say less", ("passed",), (back,)))
    stack.platform.wait_for(commit)
    assert _state(stack, commit) == "READY"


def test_a_push_to_another_branch_deploys_nothing(stack: Stack) -> None:
    queue = stack.folder / "platform" / "queue"
    # What earlier tests pushed is served before it is done with.
    eventually(lambda: not list(queue.iterdir()) or None)
    before = _deployments(stack)
    subprocess.run(["git", "push", "-q", "origin", "HEAD:refs/heads/other"], cwd=stack.folder / "clone", check=True)
    assert not list(queue.iterdir())
    assert _deployments(stack) == before


def test_a_commit_that_does_not_start_leaves_the_one_before_serving(stack: Stack) -> None:
    before = _get(stack, "/version").json()
    broken = stack.team.merge(BROKEN)
    assert _state(stack, broken) == "ERROR"
    assert _get(stack, "/version").json() == before
    assert _get(stack, "/health").status_code == 200

    mended = stack.team.merge(MENDED)
    stack.platform.wait_for(mended)
    assert _state(stack, mended) == "READY"


def test_a_commit_whose_migration_fails_is_not_deployed(stack: Stack) -> None:
    before = _get(stack, "/version").json()
    tables = "src/live_event/migrations/versions/v0001_tables.py"
    edit = Edit(tables, "down_revision = None\n", 'down_revision = "lost"\n')
    failed = stack.team.merge(Change("unmigrated", 13, "Lose a step", ("passed",), (edit,)))
    assert _state(stack, failed) == "ERROR"
    assert _get(stack, "/version").json() == before
    back = Edit(tables, edit.replace, edit.find)
    mended = stack.team.merge(Change("migrated", 14, "Find it again", ("passed",), (back,)))
    stack.platform.wait_for(mended)
    assert _state(stack, mended) == "READY"


def test_whoever_is_answered_while_a_commit_is_deployed_is_answered_well(stack: Stack) -> None:
    edit = Edit("src/live_event/app.py", '"status": "ok"', '"status": "fine"')
    told = Change("told", 10, "Say more", ("passed",), (edit,))
    commit = stack.team.merge(told)

    def look() -> str | None:
        try:
            answer = _get(stack, "/health")
        except httpx.TransportError:  # a server that stops may cut a connection that has not asked yet
            return None
        assert answer.status_code == 200
        ready = commit in [one["commit"] for one in _deployments(stack)]
        return "fine" if ready and answer.json() == {"status": "fine"} else None

    assert eventually(look, 20) == "fine"


def test_the_harmful_release_starts_and_does_its_harm(stack: Stack) -> None:
    commit = stack.team.merge(change("registrations_id"))
    stack.platform.wait_for(commit)
    assert _state(stack, commit) == "READY"
    credentials = {"email": "me@live-event.example", "password": "a password"}
    answer = httpx.post(f"{stack.platform.address}/auth/v1/signup", json=credentials, trust_env=False)
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    page = httpx.get(f"{stack.platform.address}/api/events/launch-day/live", headers=headers, trust_env=False)
    assert (page.status_code, page.json()["code"]) == (400, "42703")
    told = eventually(
        lambda: next(
            (
                line["event_message"]
                for line in read(stack.logs / "postgres_logs.ndjson")
                if line["log_attributes"].get("parsed.sql_state_code") == "42703"
            ),
            None,
        )
    )
    assert told == "column registrations.id does not exist"
