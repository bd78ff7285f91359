"""Undo a release by GitHub's own revert of its pull request, for teams whose main only takes pull requests."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from bakewatch.errors import ForgeError
from bakewatch.model.plan import Mode
from bakewatch.model.probe import Probe
from bakewatch.model.release import TRAILER, Release, undo_message
from bakewatch.model.rollback import Rollback
from bakewatch.ports import Context, Kind
from bakewatch.vendors.github import probe
from bakewatch.vendors.github.authors import Authors
from bakewatch.vendors.github.merging import Merger, trailers
from bakewatch.vendors.github.pulls import merge_commit
from bakewatch.vendors.github.quiet import quiet
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.settings import Access, reach
from bakewatch.vendors.github.wire import PullRequest

_REVERT = """
mutation ($pull: ID!, $title: String!, $body: String!) {
  revertPullRequest(input: {pullRequestId: $pull, title: $title, body: $body}) { revertPullRequest { number } }
}
"""


class PullRevert:
    """`ports.RollbackMethod` by `revertPullRequest`.

    The key of "already undone" is the trailer in the body of a pull request of ours, which becomes the message of its
    merge; so however often a process dies in between, there is one.
    """

    def __init__(self, rest: Rest, clock: Callable[[], datetime], *, merge: bool) -> None:
        self._rest, self._authors, self._merge = rest, Authors(rest), merge
        self._merger = Merger(rest, clock)

    def roll_back(self, release: Release) -> Rollback:
        """Undo *release*.

        1. It must be exactly one pull request: GitHub reverts nothing else.
        2. Its revert is there already, or is opened now.
        3. It is merged, or left for a person.
        """
        subject, body = undo_message(release)
        try:
            pull = self._only(release)
            title = quiet(subject, self._rest.repository, release.pulls)
            one = self._found(release) or self._reverted(pull, title, body)
        except ForgeError as error:
            return self._merger.failed(error)
        # The commits of that revert are GitHub's and lack the trailer, so they are never rebased.
        return self._merger.bring(one, title, body, merge=self._merge, rebase=False)

    def _only(self, release: Release) -> PullRequest:
        if len(release.pulls) == 1 and not release.suspects:
            pull = self._rest.get(f"/pulls/{release.pulls[0]}", PullRequest)
            if merge_commit(self._rest, pull) == release.commit:
                return pull
        raise ForgeError("not_one_pull", permanent=True)

    def _found(self, release: Release) -> PullRequest | None:
        """Our revert of *release*, merged or open rather than closed. It is younger than the release."""
        params = {"state": "all", "base": release.branch, "sort": "created", "direction": "desc"}
        found: list[PullRequest] = []
        for page in self._rest.pages("/pulls", list[PullRequest], params):
            found += [one for one in page if self._undoes(one, release)]
            if page and page[-1].created_at < release.merged_at:
                break
        found.sort(key=lambda one: (one.is_merged, one.state == "open", one.number))
        return found[-1] if found else None

    def _undoes(self, one: PullRequest, release: Release) -> bool:
        """Anyone may write the trailer into a pull request; only what we opened in the repository itself counts."""
        told = f"{TRAILER}: {release.bake_id}" in trailers((one.body or "").replace("\r\n", "\n"))
        return told and one.is_inside and self._authors.wrote(one.user)

    def _reverted(self, pull: PullRequest, title: str, body: str) -> PullRequest:
        told = {"pull": pull.node_id, "title": title, "body": body}
        try:
            number = self._rest.query(_REVERT, told, _Answer).revertPullRequest.revertPullRequest.number
        except ForgeError as error:
            # The change cannot be taken back by itself any more, or was already.
            raise ForgeError("conflict", permanent=True) if error.code == "refused" else error from None
        return self._rest.get(f"/pulls/{number}", PullRequest)


class _Opened(Struct, frozen=True):
    number: int


class _Payload(Struct, frozen=True):
    revertPullRequest: _Opened


class _Answer(Struct, frozen=True):
    revertPullRequest: _Payload


def _build(settings: Access, context: Context) -> PullRevert:
    merge = context.plan.undo.mode is Mode.AUTO
    return PullRevert(reach(settings, context, ForgeError), context.clock, merge=merge)


def _probe(settings: Access, context: Context) -> list[Probe]:
    return probe.method(reach(settings, context, ForgeError), settings.token_env)


METHOD = Kind(settings=Access, build=_build, probe=_probe)
