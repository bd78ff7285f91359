"""`ports.Forge` for GitHub."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from bakewatch.errors import ForgeError
from bakewatch.model.forge import Bulletin, Pull, Trace
from bakewatch.model.probe import Probe
from bakewatch.model.release import Release
from bakewatch.model.rollback import Brake, Rollback
from bakewatch.ports import Context, Kind, Message
from bakewatch.vendors.github import answers, brake, comments, marks, probe, pulls
from bakewatch.vendors.github.authors import Authors
from bakewatch.vendors.github.merging import Merger, needs_a_person, trailers
from bakewatch.vendors.github.quiet import quiet
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.settings import ForgeSettings, reach
from bakewatch.vendors.github.wire import Commit, PullRequest


class Github:
    """A repository at GitHub."""

    def __init__(self, rest: Rest, settings: ForgeSettings, clock: Callable[[], datetime]) -> None:
        self._rest, self._settings, self._authors = rest, settings, Authors(rest)
        self._merger = Merger(rest, clock)

    def pull(self, number: int) -> Pull:
        """The pull request *number*."""
        return pulls.pull(self._rest, number)

    def pulls_of(self, commit: str) -> list[Pull]:
        """The merged pull requests that brought *commit*."""
        return pulls.pulls_of(self._rest, commit)

    def brake(self, release: Release) -> Brake:
        """The opt-out label."""
        return brake.brake(self._rest, release, self._settings.opt_out)

    def propose(self, release: Release, branch: str, title: str, body: str, *, head: str, merge: bool) -> Rollback:
        """Open the pull request that brings *branch* to the production branch, once, and *merge* it.

        What is merged is *head*, one commit with the trailers of *body*: anything else on *branch* is somebody else's.
        """
        named, told = self._quiet(release, title), self._quiet(release, body)
        try:
            one = self._found(release, branch) or self._opened(release, branch, named, told)
        except ForgeError as error:
            return self._merger.failed(error, branch)
        try:
            if merge and one.state == "open" and not self._carries(one, head, body):
                raise needs_a_person()
        except ForgeError as error:
            return self._merger.failed(error, one.html_url)
        return self._merger.bring(one, named, told, merge=merge, rebase=True)

    def publish(self, bulletin: Bulletin) -> None:
        """Show how the case stands. What cannot be shown keeps nothing else from being shown; then it is raised."""
        troubles = list(self._troubles(bulletin))
        if troubles:
            raise next((one for one in troubles if not one.permanent), troubles[0])

    def trace(self, release: Release) -> Trace | None:
        """What our comment tells a machine."""
        return comments.trace(self._rest, self._authors, release)

    def answer(self, release: Release, since: datetime, until: datetime) -> Message | None:
        """The first comment of a person with write access that answers."""
        return answers.answer(self._rest, self._authors, release, since, until)

    def _troubles(self, bulletin: Bulletin) -> Iterator[ForgeError]:
        for show in self._shown(bulletin):
            try:
                show()
            except ForgeError as error:
                yield error

    def _shown(self, bulletin: Bulletin) -> Iterator[Callable[[], None]]:
        rest, name = self._rest, self._settings.context
        if "status" in self._settings.publish:
            yield partial(marks.status, rest, name, bulletin)
        if "check" in self._settings.publish:
            yield partial(marks.check, rest, name, bulletin)
        if "comment" in self._settings.publish:
            for number in bulletin.pulls[: comments.MOST]:
                yield partial(comments.comment, rest, self._authors, number, bulletin)

    def _found(self, release: Release, branch: str) -> PullRequest | None:
        """The pull request of *branch*: a merged one, else an open one, else the last that a person closed."""
        params = {"state": "all", "head": f"{self._rest.owner}:{branch}", "base": release.branch}
        found = [
            one
            for page in self._rest.pages("/pulls", list[PullRequest], params)
            for one in page
            if one.head.ref == branch and one.is_inside
        ]
        found.sort(key=lambda one: (one.is_merged, one.state == "open", one.number))
        return found[-1] if found else None

    def _opened(self, release: Release, branch: str, title: str, body: str) -> PullRequest:
        told = {"title": title, "head": branch, "base": release.branch, "body": body}
        try:
            return self._rest.send("POST", "/pulls", told, PullRequest)
        except ForgeError as error:
            # Somebody else may just have opened it.
            one = self._found(release, branch) if error.code == "refused" else None
            if one is None:
                raise
            return one

    def _carries(self, one: PullRequest, head: str, body: str) -> bool:
        """Is the head of *one* the commit *head*, which has the trailers of *body*?"""
        words = self._rest.get(f"/commits/{one.head.sha}", Commit).commit.message.splitlines()
        return one.head.sha == head and set(trailers(body)) <= set(words)

    def _quiet(self, release: Release, text: str) -> str:
        """*text* without mentions; trailers stay as they are."""
        kept = trailers(text)
        lines = text.split("\n")
        return "\n".join(line if line in kept else quiet(line, self._rest.repository, release.pulls) for line in lines)


def _build(settings: ForgeSettings, context: Context) -> Github:
    return Github(reach(settings, context, ForgeError), settings, context.clock)


def _probe(settings: ForgeSettings, context: Context) -> list[Probe]:
    rest = reach(settings, context, ForgeError)
    return probe.forge(rest, settings.token_env, context.remote.branch, settings.publish)


KIND = Kind(settings=ForgeSettings, build=_build, probe=_probe)
