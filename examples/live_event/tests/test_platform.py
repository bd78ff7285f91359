"""The platform: what is pushed to main is served, for real; what does not start is not."""

import resource
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from live_rig import eventually, folder_apart, read

from live_event.platform import MEMORY
from live_event.stack import Stack, serving
from live_event.team import Change, Edit, Fault, change

pytestmark = pytest.mark.real

SERVER = "src/live_event/server.py"


def _change(name: str, *edits: Edit) -> Change:
    """A release with these edits; its number is that of no other."""
    return Change(name=name, number=900, title=f"Be {name}", expected=("passed",), edits=edits)


BROKEN = _change("broken", Edit(file=SERVER, find="hold_on()\n", replace="raise SystemExit('no')\n"))
MENDED = _change("mended", Edit(file=SERVER, find="raise SystemExit('no')\n", replace="hold_on()\n"))


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
    assert "<h1>Good to see you</h1>" in _get(stack, "/").text


def test_two_addresses_serve_the_same_deployment_and_know_which_they_are(stack: Stack) -> None:
    where = Edit(
        file="src/live_event/app.py", find='"status": "ok"', replace='"status": os.environ["LIVE_EVENT_ADDRESS"]'
    )
    commit = stack.team.merge(_change("where", where))
    stack.platform.wait_for(commit)
    assert len(set(stack.platform.addresses)) == 2
    told = [httpx.get(f"{one}/version", trust_env=False).json() for one in stack.platform.addresses]
    assert {(one["commit"], one["deployment"]) for one in told} == {(commit, told[0]["deployment"])}
    letters = [httpx.get(f"{one}/health", trust_env=False).json()["status"] for one in stack.platform.addresses]
    assert letters == ["a", "b"]
    back = Edit(file=where.file, find=where.replace, replace=where.find)
    commit = stack.team.merge(_change("back", back))
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
    edit = Edit(file=tables, find="down_revision = None\n", replace='down_revision = "lost"\n')
    failed = stack.team.merge(_change("unmigrated", edit))
    assert _state(stack, failed) == "ERROR"
    assert _get(stack, "/version").json() == before
    back = Edit(file=tables, find=edit.replace, replace=edit.find)
    mended = stack.team.merge(_change("migrated", back))
    stack.platform.wait_for(mended)
    assert _state(stack, mended) == "READY"


def test_whoever_is_answered_while_a_commit_is_deployed_is_answered_well(stack: Stack) -> None:
    edit = Edit(file="src/live_event/app.py", find='"status": "ok"', replace='"status": "fine"')
    commit = stack.team.merge(_change("told", edit))

    def look() -> str | None:
        try:
            answer = _get(stack, "/health")
        except httpx.TransportError:  # a server that stops may cut a connection that has not asked yet
            return None
        assert answer.status_code == 200
        ready = commit in [one["commit"] for one in _deployments(stack)]
        return "fine" if ready and answer.json() == {"status": "fine"} else None

    assert eventually(look, 20) == "fine"


def _greeted(stack: Stack, fault: Fault, greeting: str) -> tuple[str, str]:
    """The commit that was served before, and that of a release with a new greeting, which the platform gets wrong."""
    before = _get(stack, "/version").json()["commit"]
    stack.platform.arrange(fault)
    asked = Change(name=f"greet-{fault}", number=900, title="Greet", expected=("passed",), greeting=greeting)
    edits = tuple(one.model_copy(update={"find": _greeting(stack)}) for one in asked.all_edits)
    return before, stack.team.merge(asked.model_copy(update={"edits": edits, "greeting": ""}))


def _greeting(stack: Stack) -> str:
    """The line with the greeting, as it is on main now."""
    words = ["git", "show", "main:src/live_event/pages/words.py"]
    text = subprocess.run(words, cwd=stack.team.remote, capture_output=True, text=True, check=True).stdout
    return next(one.strip().rstrip(",") for one in text.splitlines() if '"greeting": ' in one and one.isascii())


@pytest.mark.parametrize(("fault", "state"), [("lost", "LOST"), ("cancelled", "CANCELED"), ("wrong_commit", "READY")])
def test_a_platform_that_goes_wrong_goes_on_with_what_was_there(stack: Stack, fault: Fault, state: str) -> None:
    before, commit = _greeted(stack, fault, f"Hello, {fault}")
    assert _state(stack, commit) == state
    assert stack.platform.serves(before)
    assert f"Hello, {fault}" not in _get(stack, "/").text


def test_a_partial_deployment_is_served_at_one_of_two_addresses(stack: Stack) -> None:
    before, commit = _greeted(stack, "partial", "Hello, half")
    assert _state(stack, commit) == "READY"
    told = [httpx.get(f"{one}/version", trust_env=False).json()["commit"] for one in stack.platform.addresses]
    assert told == [before, commit]
    whole = stack.team.merge(_change("whole", Edit(file=SERVER, find="warning", replace="error")))
    stack.platform.wait_for(whole)


def test_a_deployment_may_flip_back_by_itself(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live_event.platform.FLIPS_BACK_AFTER", 1.0)
    before, commit = _greeted(stack, "flips_back", "Hello, and goodbye")
    assert _state(stack, commit) == "READY"
    eventually(lambda: stack.platform.serves(before) or None, 30)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="memory is limited on Linux only")
def test_a_server_gets_so_much_memory_and_no_more(stack: Stack) -> None:
    for server in stack.platform._serving.values():
        assert resource.prlimit(server.pid, resource.RLIMIT_AS) == (MEMORY, MEMORY)


def test_the_service_goes_on_after_its_database_was_restarted(stack: Stack) -> None:
    stack.database.restart()
    eventually(lambda: _get(stack, "/health").status_code == 200 or None, 20)


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
