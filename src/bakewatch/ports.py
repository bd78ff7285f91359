"""What the story asks of the world, one verb at a time, and of time itself.

Verbs raise their own `PortError` when they could not do what they promise; nothing else may be raised for an expected
failure. Every call happens inside a step of the runtime, and may happen twice when a process dies in between:
whatever a verb changes is find-or-create.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from bakewatch.errors import ConfigError
from bakewatch.model.forge import Bulletin, Pull, Trace
from bakewatch.model.hosting import Differences, Hosted, Move, Told
from bakewatch.model.journey import JourneyRun, Parameter
from bakewatch.model.notice import Notice
from bakewatch.model.observation import CanarySent, Observation, Question, Window
from bakewatch.model.plan import Journey, Persona, Plan
from bakewatch.model.probe import Probe
from bakewatch.model.release import Merged, Release, Sighting
from bakewatch.model.rollback import Brake, Rollback
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import Event, Timeline
from bakewatch.model.verdict import Ending

T = TypeVar("T")


class Platform(Protocol):
    """Whoever knows what production serves."""

    def sight(self) -> list[Sighting]:
        """Ask every production address once. An address that does not answer is a sighting with a problem."""
        ...

    def earlier(self, commit: str) -> str:
        """The address at which a deployment of *commit* still answers, apart from production; empty without one."""
        ...


class Repository(Protocol):
    """The git repository behind production. Raises `RepositoryError`."""

    def tip(self) -> str:
        """The commit at the head of the production branch, fetched now."""
        ...

    def contains(self, head: str, commit: str) -> bool:
        """Is *commit* an ancestor of *head* (or *head* itself)? An unknown *head* contains nothing."""
        ...

    def undone_by(self, release: Release) -> str:
        """The commit on the production branch whose trailer names *release*; empty when there is none."""
        ...

    def merges(self, since: datetime) -> list[Merged]:
        """What came to the production branch from *since* on, oldest first, fetched now."""
        ...

    def stayed(self, release: Release) -> bool:
        """Is *release* in the production branch, and neither we nor a person reverted it there since?"""
        ...

    def touches(self, old: str, new: str, below: Sequence[str]) -> bool:
        """Do the trees of two commits differ in a path that begins with one of *below*?"""
        ...

    def brake(self, release: Release) -> Brake:
        """The kill switch and the opt-out on the production branch. Never raises: unreadable is a pulled brake."""
        ...


class Hosting(Protocol):
    """The platform that builds and serves production, by its own word. Raises `HostingError`."""

    def domains(self) -> list[str]:
        """The host names that serve production."""
        ...

    def tell(self, commit: str) -> Told:
        """What has become of *commit* in production. Never raises: trouble is in the answer."""
        ...

    def candidates(self) -> list[Hosted]:
        """Deployments that served production and that it may go back to, newest first."""
        ...

    def differences(self, target: str) -> Differences:
        """In what the deployment *target* differs from the one that production serves."""
        ...

    def roll_back(self, target: str, why: str) -> Move:
        """Let production serve the deployment *target* again. Asking again does not do it again: it says how it stands.
        Never raises."""
        ...

    def promote(self, target: str) -> Move:
        """Let production serve the deployment *target* and, from now on, what is merged. As `roll_back`."""
        ...


class Forge(Protocol):
    """The service that hosts the repository's pull requests. Raises `ForgeError`."""

    def pull(self, number: int) -> Pull:
        """The pull request *number*."""
        ...

    def pulls_of(self, commit: str) -> list[Pull]:
        """The pull requests that brought *commit*."""
        ...

    def brake(self, release: Release) -> Brake:
        """The opt-out label that a maintainer set on one of the release's pull requests. Never raises: what cannot be
        read is a pulled brake."""
        ...

    def propose(self, release: Release, branch: str, title: str, body: str, *, head: str, merge: bool) -> Rollback:
        """Open the pull request that brings *branch* to the production branch, once; with *merge*, merge it where that
        is allowed and *branch* is still the commit *head*. Never raises."""
        ...

    def publish(self, bulletin: Bulletin) -> None:
        """Show how the case stands, in place of what was shown before."""
        ...

    def trace(self, release: Release) -> Trace | None:
        """What was shown last of a case of *release*, as far as we showed it; None when that was nothing."""
        ...

    def answer(self, release: Release, since: datetime, until: datetime) -> "Message | None":
        """The first answer at one of the release's pull requests by a person who may write to the repository, after
        *since* and after what was shown last, not after *until*, and never edited."""
        ...


class Source(Protocol):
    """Whoever answers checks. Raises `SourceError` when nothing could be asked at all."""

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        """Answer all *questions* over *window* in buckets of *width*, in one fused query.

        One observation per question, in their order; one that could not be answered carries a gap. The window of an
        answer is what was seen: of a question about the `past` it begins with the first line there is. A source without
        messages refuses questions about signatures in its kind's `check`.
        """
        ...

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        """What 95 % of each question's values stayed below in *window*, by its name; without values it is missing."""
        ...


class Canaries(Protocol):
    """Whoever writes a line into a stream that must come out of its source again."""

    def send(self, tag: str) -> list[CanarySent]:
        """Send one canary, marked with *tag*, into every stream that has one. Never raises."""
        ...


class Counter(Protocol):
    """Whoever counts what journeys did and did not leave in the database. Raises `CounterError`."""

    def count(self, query: str, parameters: Sequence[Parameter] = ()) -> int:
        """The one integer that *query* selects, with a `%s` for each of *parameters*. Changes nothing."""
        ...


class Journeys(Protocol):
    """Whoever walks journeys."""

    def walk(self, journey: Journey, persona: Persona, address: str, tag: str) -> JourneyRun:
        """Walk *journey* once at *address*; all that it writes carries *tag*. Never raises."""
        ...

    def sweep(self, tag: str) -> None:
        """Remove what walks with *tag* left behind. Never raises: what cannot be swept stays tagged."""
        ...


class RollbackMethod(Protocol):
    """One way to undo a release. Asking twice undoes once. Never raises: trouble is in the rollback."""

    def roll_back(self, release: Release) -> Rollback:
        """Undo *release* on the production branch."""
        ...


class Archive(Protocol):
    """Whoever keeps the record of earlier cases."""

    def ended(self, commit: str) -> Ending | None:
        """How the newest case of the release *commit* ended; None when there is none, or none that is over."""
        ...

    def passed(self, before: datetime) -> Iterator[Timeline]:
        """The cases that passed and were over *before* then, newest first. Raises nothing: what cannot be read is
        missing."""
        ...


class Notifier(Protocol):
    """Whoever tells people. Raises `NotifyError`."""

    def notify(self, notice: Notice) -> None:
        """Deliver *notice*."""
        ...


class Message(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a person says to a running case."""

    kind: str
    """`approve`, `reject` or `stop`; `nudge` only wakes: something may have changed."""
    by: CleanText = CleanText("")
    why: CleanText = CleanText("")


@dataclass(frozen=True)
class Remote:
    """The repository behind production."""

    url: str
    """URL or path, without credentials."""
    branch: str
    name: str = ""
    """`owner/name`; empty: taken from the URL."""
    token_env: str = ""
    """The environment variable that holds the token, if one is needed."""


@dataclass(frozen=True)
class Context:
    """What a vendor may need to be built, besides its own settings."""

    data: Path
    """The data directory."""
    environ: Mapping[str, str]
    """The environment. Settings name its variables; secrets never stand in a file."""
    clock: Callable[[], datetime]
    remote: Remote
    plan: Plan
    base: Path = Path()
    """The folder of the operator's file: where relative paths start."""
    release: Release | None = None
    """The case's release; none while a plan is only checked."""
    plan_dir: Path | None = None
    """Where the plan and its journeys were exported to; none while a plan is only checked."""
    counter: Counter | None = None
    """Whoever counts for journeys; none where nobody is configured."""

    def secret(self, name: str) -> str:
        """The value of the environment variable *name*; `ConfigError` when it is missing."""
        value = self.environ.get(name, "")
        if not value:
            raise ConfigError(f"the environment variable {name} is not set", right=f"export {name}=…")
        return value


V_co = TypeVar("V_co", covariant=True)


@dataclass(frozen=True)
class Kind(Generic[V_co]):
    """One kind of vendor: what an entry point names."""

    settings: type[Any]
    """The struct of its table in `bakewatch.toml`, without `kind`."""
    build: Callable[[Any, Context], V_co]
    """Settings and context -> the vendor. Raises `ConfigError`; starts nothing and asks nobody."""
    check: Callable[[Question], None] = lambda question: None
    """For a source: raises `ConfigError` when it could not be asked *question*; `where` is the key that is wrong."""
    probe: Callable[[Any, Context], Sequence[Probe]] = lambda settings, context: ()
    """Settings and context -> what `doctor` tries for real, read-only. As `build`, it asks nobody itself."""


class Runtime(Protocol):
    """Time and durability: the only way the flow touches either."""

    def now(self) -> datetime:
        """The time, recorded: after a crash the same answer comes again."""
        ...

    def wait_until(self, moment: datetime) -> Message | None:
        """Sleep until *moment*; wake early with a message."""
        ...

    def publish(self, event: Event) -> None:
        """Append *event* to the timeline, exactly once."""
        ...

    def step(self, name: str, returns: type[T], work: Callable[[], T]) -> T:
        """Do *work* once: after a crash its recorded result is returned instead."""
        ...


@dataclass(frozen=True)
class World:
    """The vendors of one case, wired by the composition root."""

    platform: Platform
    repository: Repository
    sources: Mapping[str, Source]
    canaries: Canaries
    journeys: Journeys
    method: RollbackMethod
    notifier: Notifier
    archive: Archive
    addresses: tuple[str, ...]
    """Every production address; journeys are walked at the first."""
    clock: Callable[[], datetime]
    """The time inside a step, where it becomes part of the step's recorded result."""
    hosting: Hosting | None = None
    forge: Forge | None = None
