"""`ports.Repository` by git."""

from msgspec import Struct

from bakewatch.errors import RepositoryError
from bakewatch.model.release import Release
from bakewatch.model.rollback import Brake
from bakewatch.vendors.git.mirror import Mirror
from bakewatch.vendors.git.release import undoes

STOP = ".bakewatch/stop"
"""The kill switch: a file on the production branch."""


class Entries(Struct, frozen=True):
    """What a kill switch names: nothing means everything."""

    names: tuple[str, ...]

    def stops(self, release: Release) -> str:
        """The code of what stops *release*; empty when nothing does."""
        if not self.names:
            return "kill_switch"
        pulls = {f"#{number}" for number in release.pulls}
        hit = any(name in pulls or (len(name) >= 7 and release.commit.startswith(name)) for name in self.names)
        return "opt_out" if hit else ""


class GitRepository:
    """The repository behind production, fetched anew where the answer depends on it."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def tip(self) -> str:
        """The commit at the head of the production branch, fetched now."""
        return self._mirror.fetch()

    def contains(self, head: str, commit: str) -> bool:
        """Is *commit* an ancestor of *head*? Fetches once when *head* is not known yet."""
        if not self._mirror.resolve(head):
            self._mirror.fetch()
        return self._mirror.contains(head, commit)

    def undone_by(self, release: Release) -> str:
        """The commit on the production branch whose trailer names *release*."""
        self._mirror.fetch()
        return undone_by(self._mirror, release)

    def brake(self, release: Release) -> Brake:
        """The kill switch at the tip. Unreadable is pulled."""
        try:
            tip = self._mirror.fetch()
            raw = self._mirror.read(tip, STOP)
        except RepositoryError:
            return Brake(pulled=True, problem="brake_unreadable")
        if raw is None:
            return Brake(pulled=False)
        lines = (line.partition("# ")[0].strip() for line in raw.decode(errors="replace").splitlines())
        problem = Entries(tuple(line for line in lines if line and line != "#")).stops(release)
        return Brake(pulled=bool(problem), problem=problem)


def undone_by(mirror: Mirror, release: Release) -> str:
    """The commit on the production branch, as last fetched, whose trailer names *release*; empty when there is none."""
    found = undoes(mirror, [f"{release.commit}..{mirror.branch}"])
    return next((commit for commit, value in reversed(found) if value == release.bake_id), "")
