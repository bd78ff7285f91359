"""Pull requests and the opt-out label, from GitHub's stand-in."""

import pytest
from msgspec import structs

from bakewatch.errors import ForgeError
from bakewatch.model.release import Release
from bakewatch.vendors.github.forge import Github
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.settings import ForgeSettings
from tests.contract.github_rig import TOKEN, Rig

pytestmark = pytest.mark.real

OFF = "bakewatch:off"


@pytest.mark.parametrize("way", ["merge", "squash", "rebase"])
def test_a_merged_pull_request_tells_what_it_became(hub: Rig, way: str) -> None:
    release = hub.release(way, title="A change for jo@team.example")
    one = hub.forge().pull(1)
    assert (one.number, one.repository, one.base, one.author) == (1, "team/live", "main", "author")
    assert (one.commit, one.merged_at) == (hub.main("%H"), hub.clock())
    assert one.head == hub.team.git("rev-parse", "refs/pull/1/head", cwd=hub.team.remote)
    assert one.title == "A change for [email]"
    assert [one.number for one in hub.forge().pulls_of(release.commit)] == [1]


def test_an_open_pull_request_has_become_nothing_although_it_has_a_trial_merge(hub: Rig) -> None:
    head = hub.branch("feature", {"a.txt": "1"})
    hub.github.open("feature", "A change")
    one = hub.forge().pull(1)
    assert (one.commit, one.merged_at, one.head) == ("", None, head)
    assert b'"merge_commit_sha": null' not in hub.github.exchanges[-1].reply.body
    assert hub.forge().pulls_of(head) == []


def test_versions_that_do_not_tell_the_merge_commit_are_asked_by_graphql(hub: Rig) -> None:
    release = hub.release()
    hub.github.state.newest = True
    assert hub.forge().pull(1).commit == release.commit
    assert hub.forge().pulls_of(release.commit)[0].commit == release.commit
    assert hub.github.sent("POST") == ["/graphql", "/graphql"]


def test_every_page_is_read(hub: Rig) -> None:
    release = hub.release()
    for _ in range(120):
        hub.github.label(1, "other", "helper")
    hub.github.label(1, OFF, "maintainer")
    assert hub.forge().brake(release).pulled
    pages = [one.asked.query["page"] for one in hub.github.exchanges if "page" in one.asked.query]
    assert pages == ["2"]


@pytest.mark.parametrize(
    ("by", "kind", "pulled"),
    [
        ("maintainer", "User", True),
        ("owner", "User", True),
        ("author", "User", False),
        ("helper", "User", False),
        ("labels[bot]", "Bot", False),
    ],
)
def test_only_a_maintainers_label_is_an_opt_out(hub: Rig, by: str, kind: str, pulled: bool) -> None:
    release = hub.release()
    hub.github.label(1, OFF.upper(), by, kind=kind)
    brake = hub.forge().brake(release)
    assert (brake.pulled, brake.problem) == (pulled, "opt_out" if pulled else "")


def test_a_label_that_was_taken_off_does_not_count_and_the_last_who_set_it_does(hub: Rig) -> None:
    release = hub.release()
    hub.github.label(1, OFF, "maintainer")
    hub.github.unlabel(1, OFF, "maintainer")
    assert not hub.forge().brake(release).pulled
    hub.github.label(1, OFF, "author")
    assert not hub.forge().brake(release).pulled


def test_a_role_that_an_organisation_invented_counts_by_what_it_allows() -> None:
    from bakewatch.vendors.github.wire import Member, Rights, Role

    assert Role("write", "releases", Member(Rights(maintain=True))).maintains
    assert not Role("write", "releases", Member()).maintains


def test_a_label_of_its_own_name_is_looked_for(hub: Rig) -> None:
    release = hub.release()
    hub.github.label(1, "keep", "owner")
    assert hub.forge(opt_out="keep").brake(release).pulled
    assert not hub.forge().brake(release).pulled


def _renamed(hub: Rig) -> None:
    hub.github.label(1, OFF, None)


def _stranger(hub: Rig) -> None:
    hub.github.label(1, OFF, "stranger")


def _revoked(hub: Rig) -> None:
    hub.github.revoke(TOKEN)


def _limited(hub: Rig) -> None:
    hub.github.limits.an_hour = 0


@pytest.mark.parametrize("trouble", [_renamed, _stranger, _revoked, _limited])
def test_what_cannot_be_read_is_a_pulled_brake(hub: Rig, trouble: object) -> None:
    release = hub.release()
    trouble(hub)  # type: ignore[operator]
    brake = hub.forge().brake(release)
    assert (brake.pulled, brake.problem) == (True, "brake_unreadable")


def test_a_number_that_is_no_pull_requests_opts_nothing_out(hub: Rig) -> None:
    """A commit may end with the number of an issue, or of another repository's pull request."""
    release = structs.replace(hub.release(), pulls=(999, 1))
    assert not hub.forge().brake(release).pulled
    hub.github.label(1, OFF, "maintainer")
    assert hub.forge().brake(release).problem == "opt_out"


def test_a_repository_that_is_not_seen_says_nothing_of_its_pull_requests(hub: Rig) -> None:
    rest = Rest(hub.rest()._api, "team/hidden", ForgeError)
    brake = Github(rest, ForgeSettings(), hub.clock).brake(hub.release())
    assert (brake.pulled, brake.problem) == (True, "brake_unreadable")


def test_no_pull_request_is_no_opt_out_and_too_many_cannot_be_read(hub: Rig, release: Release) -> None:
    assert not hub.forge().brake(structs.replace(release, pulls=())).pulled
    assert hub.github.exchanges == []
    assert hub.forge().brake(structs.replace(release, pulls=tuple(range(1, 22)))).problem == "brake_unreadable"


def test_what_has_not_changed_is_not_sent_again_and_costs_nothing(hub: Rig) -> None:
    hub.release()
    forge = hub.forge()
    first, used = forge.pull(1), hub.github.limits.used
    assert forge.pull(1) == first
    assert hub.github.limits.used == used
    assert [one.reply.status for one in hub.github.exchanges] == [200, 304]


def test_a_token_that_is_revoked_midway_is_told_and_shown_nowhere(hub: Rig) -> None:
    hub.release()
    forge = hub.forge()
    forge.pull(1)
    hub.github.revoke(TOKEN)
    with pytest.raises(ForgeError, match="unauthorized") as caught:
        forge.pull(1)
    assert caught.value.permanent
    assert TOKEN not in f"{caught.value!r} {caught.value.__context__!r} {hub.github.exchanges!r} {forge!r}"


@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_limit_is_met_once_and_then_waited_for(hub: Rig, status: int) -> None:
    hub.release()
    hub.github.limits.an_hour, hub.github.limits.status = 1, status
    forge = hub.forge()
    forge.pull(1)
    for _ in range(2):
        with pytest.raises(ForgeError, match="rate_limited") as caught:
            forge.pulls_of("0" * 40)
        assert not caught.value.permanent
    assert len(hub.github.exchanges) == 2
    hub.clock.wait(3600)
    assert forge.pull(1).number == 1


def test_a_secondary_limit_lasts_as_long_as_it_says(hub: Rig) -> None:
    hub.release()
    hub.github.limits.anger(30)
    forge = hub.forge()
    with pytest.raises(ForgeError, match="rate_limited"):
        forge.pull(1)
    hub.clock.wait(31)
    assert forge.pull(1).number == 1


def test_a_secondary_limit_that_only_says_so_in_words_is_one_too(hub: Rig) -> None:
    hub.release()
    hub.github.limits.quietly = True
    hub.github.limits.anger(30)
    forge = hub.forge()
    with pytest.raises(ForgeError, match="rate_limited") as caught:
        forge.pull(1)
    assert not caught.value.permanent
    hub.clock.wait(61)
    assert forge.pull(1).number == 1


def test_every_request_names_its_version_and_itself(hub: Rig) -> None:
    hub.release()
    hub.forge().pull(1)
    headers = hub.github.exchanges[0].asked.headers
    assert headers["x-github-api-version"] == "2022-11-28"
    assert (headers["accept"], headers["user-agent"]) == ("application/vnd.github+json", "bakewatch")
