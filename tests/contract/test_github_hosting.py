"""What GitHub was told about deployments, from its stand-in."""

import pytest

from bakewatch.errors import HostingError
from bakewatch.model.hosting import Build
from bakewatch.vendors.github.hosting import Deployments
from tests.contract.github_rig import TOKEN, Rig

pytestmark = pytest.mark.real


def _hosting(hub: Rig, environment: str = "Production") -> Deployments:
    return Deployments(hub.rest(error=HostingError), environment, hub.clock)


@pytest.mark.parametrize(
    ("state", "build", "current", "code"),
    [
        ("", Build.QUEUED, False, ""),
        ("queued", Build.QUEUED, False, ""),
        ("pending", Build.QUEUED, False, ""),
        ("in_progress", Build.BUILDING, False, ""),
        ("success", Build.READY, True, ""),
        ("inactive", Build.READY, False, ""),
        ("error", Build.FAILED, False, "error"),
        ("failure", Build.FAILED, False, "failure"),
    ],
)
def test_the_newest_status_of_a_deployment_says_how_it_stands(
    hub: Rig, state: str, build: Build, current: bool, code: str
) -> None:
    release = hub.release()
    one = hub.github.deploy(release.commit)
    if state:
        hub.github.deployed(one, "queued")
        hub.github.deployed(one, state, "Tell jo@team.example")
    told = _hosting(hub).tell(release.commit)
    assert told.deployment is not None and not told.problem
    assert (told.deployment.id, told.deployment.commit, told.deployment.build) == (str(one.id), release.commit, build)
    assert (told.current, told.deployment.code) == (str(one.id) if current else "", code)
    assert told.deployment.log == (("Tell [email]",) if code else ())


@pytest.mark.parametrize("state", ["waiting", "a new word"])
def test_a_state_that_is_not_known_is_not_the_end(hub: Rig, state: str) -> None:
    hub.github.state.newest = True  # no document has it
    release = hub.release()
    hub.github.deployed(hub.github.deploy(release.commit), state)
    told = _hosting(hub).tell(release.commit)
    assert told.deployment is not None and (told.deployment.build, told.current) == (Build.BUILDING, "")


def test_of_several_deployments_the_newest_of_the_environment_counts(hub: Rig) -> None:
    release = hub.release()
    first, second = hub.github.deploy(release.commit), hub.github.deploy(release.commit)
    preview = hub.github.deploy(release.commit, "Preview")
    hub.github.deployed(second, "success")
    hub.github.deployed(preview, "failure")
    told = _hosting(hub).tell(release.commit)
    assert told.current == str(second.id) != str(first.id)
    assert _hosting(hub, "Preview").tell(release.commit).deployment.code == "failure"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("first", "second", "build", "current"),
    [
        ("failure", "success", Build.READY, 1),
        ("success", "failure", Build.READY, 0),
        ("success", "in_progress", Build.BUILDING, None),
        ("error", "failure", Build.FAILED, None),
    ],
)
def test_a_commit_that_was_deployed_twice_came_to_nothing_only_when_both_did(
    hub: Rig, first: str, second: str, build: Build, current: int | None
) -> None:
    release = hub.release()
    both = [hub.github.deploy(release.commit) for _ in range(2)]
    for one, state in zip(both, (first, second), strict=True):
        hub.github.deployed(one, state)
    told = _hosting(hub).tell(release.commit)
    assert told.deployment is not None and told.deployment.build is build
    assert told.current == ("" if current is None else str(both[current].id))


def test_a_release_that_another_went_live_over_is_not_current(hub: Rig) -> None:
    release = hub.release()
    hub.github.deployed(hub.github.deploy(release.commit), "success")
    hub.github.deployed(hub.github.deploy("1" * 40), "success")
    told = _hosting(hub).tell(release.commit)
    assert told.deployment is not None and (told.deployment.build, told.current) == (Build.READY, "")


def test_a_commit_that_was_not_deployed_has_no_deployment(hub: Rig) -> None:
    told = _hosting(hub).tell(hub.release().commit)
    assert (told.deployment, told.problem) == (None, "")


def test_trouble_is_in_the_answer(hub: Rig) -> None:
    release = hub.release()
    hub.github.revoke(TOKEN)
    assert _hosting(hub).tell(release.commit).problem == "unauthorized"


def test_what_github_cannot_do_is_said_at_once(hub: Rig) -> None:
    hosting = _hosting(hub)
    assert hosting.domains() == []
    for move in (hosting.roll_back("1", "why"), hosting.promote("1")):
        assert (move.problem, move.permanent, move.done) == ("not_supported", True, False)
    for ask in (hosting.candidates, lambda: hosting.differences("1")):
        with pytest.raises(HostingError, match="not_supported") as caught:
            ask()
        assert caught.value.permanent
    assert hub.github.exchanges == []
