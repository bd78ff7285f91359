"""A team on GitHub: a real repository behind the stand-in, and what talks to it."""

from datetime import UTC, datetime, timedelta

from bakewatch.api import Api
from bakewatch.errors import ForgeError, PortError
from bakewatch.model.forge import Bulletin, Mark
from bakewatch.model.release import MergeKind, Release
from bakewatch.model.text import CleanText
from bakewatch.testing.github import GitHub
from bakewatch.vendors.github.forge import Github
from bakewatch.vendors.github.rest import Rest
from bakewatch.vendors.github.revert import PullRevert
from bakewatch.vendors.github.settings import _HEADERS, ForgeSettings
from tests.contract.remotes import Team

TOKEN = "ghp_0123456789SECRET"
APP = "ghs_0123456789SECRET"
NAME = "team/live"
BRANCH = "bakewatch/revert-0123456789ab"


class Clock:
    """Time that only passes when somebody waits."""

    def __init__(self) -> None:
        self.now, self.waits = datetime(2026, 2, 7, 12, tzinfo=UTC), list[float]()

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


class Rig:
    """The stand-in, running, for a *team*; one release is merged by `release`."""

    def __init__(self, team: Team, github: GitHub, clock: Clock) -> None:
        self.team, self.github, self.clock = team, github, clock
        github.admit(TOKEN, "bakewatch", "write")
        github.admit(APP, "bakewatch-app[bot]", "write", "Bot")
        github.state.roles |= {"maintainer": "maintain", "owner": "admin", "author": "write", "helper": "triage"}

    def rest(self, token: str = TOKEN, error: type[PortError] = ForgeError) -> Rest:
        api = Api(
            self.github.url,
            token=token,
            error=error,
            clock=self.clock,
            headers=_HEADERS,
            spacing=1.0,
            pause=self.clock.wait,
        )
        return Rest(api, NAME, error)

    def forge(self, token: str = TOKEN, **settings: object) -> Github:
        return Github(self.rest(token), ForgeSettings(**settings), self.clock)  # type: ignore[arg-type]

    def revert(self, *, merge: bool = True, token: str = TOKEN) -> PullRevert:
        return PullRevert(self.rest(token), self.clock, merge=merge)

    def branch(self, name: str, files: dict[str, str], message: str = "work") -> str:
        """Push a branch of one commit on main; returns the commit."""
        self.team.pull()
        self.team.git("checkout", "-q", "-B", "work")
        commit = self.team.commit(message, files)
        self.team.git("push", "-q", "-f", "origin", f"HEAD:refs/heads/{name}")
        self.team.git("checkout", "-q", "main")
        return commit

    def release(self, way: str = "merge", title: str = "A change") -> Release:
        """Open a harmful pull request, and let a person merge it."""
        self.branch("feature", {"app.txt": "one\nTWO\nthree\n"})
        one = self.github.open("feature", title)
        commit = self.github.merge(one.number, way)
        return Release(
            repository=NAME,
            branch="main",
            commit=commit,
            parent=one.before,
            merged_at=self.clock(),
            kind=MergeKind(way),
            pulls=(one.number,),
            title=CleanText(title),
        )

    def undo(self, release: Release, trailers: str | None = None) -> tuple[str, str]:
        """Push the branch that undoes *release*; returns the title and the body of its pull request."""
        told = f"Bakewatch-Undoes: {release.bake_id}"
        body = f"This reverts {release.commit}, found harmful after it went live.\n\n{told}"
        message = f'Revert "A change"\n\n{trailers if trailers is not None else told}'
        self.branch(BRANCH, {"app.txt": "one\ntwo\nthree\n"}, message)
        return 'Revert "A change (#1)"', body

    def main(self, form: str = "%B") -> str:
        """The last commit of main in the repository itself."""
        return self.team.git("log", "-1", f"--format={form}", "main", cwd=self.team.remote)

    def trailers(self) -> list[str]:
        """The values of our trailer in the last commit of main, as git reads them."""
        return self.main("%(trailers:key=Bakewatch-Undoes,valueonly)").split()


def bulletin(
    release: Release, mark: Mark = Mark.PENDING, text: str = "Two minutes of thirty.", **more: str
) -> Bulletin:
    """How a case of *release* stands."""
    return Bulletin(
        bake_id=release.bake_id,
        commit=release.commit,
        pulls=release.pulls,
        mark=mark,
        title=more.get("title", "The bake is running"),
        text=text,
        link=more.get("link", "https://reports.example/1"),
    )
