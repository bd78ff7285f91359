"""A whole production in memory: a repository, a platform, sources, journeys and people, scripted by a test.

Nothing here decides anything: a test says when which commit is served and what each commit does to the numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bakewatch.errors import NotifyError, RepositoryError, SourceError
from bakewatch.model.journey import JourneyRun, Step, Walked
from bakewatch.model.notice import Notice
from bakewatch.model.observation import Bucket, CanarySent, Observation, Question, Window, from_ms, to_ms
from bakewatch.model.plan import Journey, Persona
from bakewatch.model.release import Merged, Release, Sighting
from bakewatch.model.rollback import Brake, Rollback
from bakewatch.model.text import CleanText
from bakewatch.model.timeline import Timeline
from bakewatch.model.verdict import Ending
from bakewatch.ports import World
from bakewatch.testing.runtime import InlineRuntime
from bakewatch.testing.signatures import lines, listed

PARENT, RELEASE, REVERT, NEXT = "a" * 40, "b" * 40, "c" * 40, "d" * 40
NEVER = datetime.max.replace(tzinfo=UTC)
ADDRESS = "https://live.example"

Rate = Callable[[datetime, str], tuple[float, float]]
"""(moment, served commit) -> events and `of` per second."""

Appearing = Callable[[datetime, str], Iterable[int]]
"""(one moment of every ten seconds, served commit) -> the signatures of which there is an event."""


def healthy(moment: datetime, commit: str) -> tuple[float, float]:
    """Ten actions a second, no error."""
    return 0.0, 10.0


@dataclass
class ScriptedWorld:
    """Set the fields, then hand `world()` to the story."""

    runtime: InlineRuntime
    addresses: tuple[str, ...] = (ADDRESS,)
    branch: list[str] = field(default_factory=lambda: [PARENT, RELEASE])
    """Commits on the production branch, oldest first."""
    serves: list[tuple[datetime, str]] = field(default_factory=list)
    """From when which commit is served; the parent before."""
    build: timedelta = timedelta(seconds=40)
    """How long a pushed commit takes to be served."""
    rates: dict[str, Rate] = field(default_factory=dict)
    """What a check's question counts; *healthy* where nothing is said."""
    signatures: Appearing = lambda moment, commit: ()
    """What errors there are, by their signatures."""
    actors: int = 3
    """How many signed-in actors, whose other calls succeed, produce what is counted."""
    lateness: timedelta = timedelta(0)
    """How late lines arrive in the sources."""
    delay: Callable[[str, datetime], timedelta] | None = None
    """How late the lines of a stream that bear this time arrive, in addition."""
    dead: set[str] = field(default_factory=set)
    """Sources that cannot be asked."""
    gaps: Callable[[datetime], str] = lambda moment: ""
    """A code while sources answer with an error."""
    forgets: bool = False
    """The source measures the present only: history, which is asked in blocks of five minutes, has no answer."""
    mute: set[str] = field(default_factory=set)
    """Streams that swallow every line, canaries too."""
    broken: set[tuple[str, str]] = field(default_factory=set)
    """(journey, commit): fails while that commit is served."""
    keeps_earlier: str = ""
    """Where the parent's deployment still answers."""
    broken_from: datetime | None = None
    """From then on every journey fails."""
    unwalkable: set[str] = field(default_factory=set)
    unwalkable_from: datetime | None = None
    """From then on no journey can be walked."""
    versionless: Callable[[datetime], bool] = lambda moment: False
    """Production answers, but does not say which commit it serves."""
    unreachable: Callable[[datetime], bool] = lambda moment: False
    brakes: list[Brake] = field(default_factory=list)
    """Answers of the first looks at the kill switch."""
    brake_says: Brake = Brake(pulled=False)
    """The answer of every later one."""
    undo_problems: list[Rollback] = field(default_factory=list)
    """Answers of the first attempts to undo."""
    recorded: list[Timeline] = field(default_factory=list)
    """The record of cases that passed, newest first."""
    reverted: set[str] = field(default_factory=set)
    """Commits that somebody reverted."""
    moves_on_undo: bool = False
    """Somebody merges when an undo is attempted."""
    stale_at_gate: int = 0
    """So many answers about production are stale once the kill switch was asked."""
    undo_helps: bool = True
    deaf: bool = False
    git_down: bool = False
    notices: list[Notice] = field(default_factory=list)
    reverts: int = 0
    pushes: int = 0
    walks: list[str] = field(default_factory=list)
    swept: list[str] = field(default_factory=list)
    questions_asked: int = 0
    undone: str = ""
    canaries_sent: list[tuple[str, datetime]] = field(default_factory=list)
    _gated: bool = False

    def world(self) -> World:
        """The vendors' side of it."""
        return World(
            platform=self,
            repository=self,
            sources={"logs": self, "database": self},
            canaries=self,
            journeys=self,
            method=self,
            notifier=self,
            archive=self,
            addresses=self.addresses,
            clock=self.clock,
        )

    def clock(self) -> datetime:
        self._inside()
        return self.runtime.clock()

    def served(self, moment: datetime) -> str:
        """The commit that production serves at *moment*."""
        current = PARENT
        for since, commit in self.serves:
            if since <= moment:
                current = commit
        return current

    def deploy(self, commit: str, moment: datetime) -> None:
        """*commit* is served from *moment* on."""
        self.serves.append((moment, commit))

    # Platform

    def sight(self) -> list[Sighting]:
        now = self.clock()
        if self.unreachable(now):
            return [Sighting(address=one, at=now, problem="unreachable") for one in self.addresses]
        if self.versionless(now):
            return [Sighting(address=one, at=now, problem="status_404") for one in self.addresses]
        commit = self.served(now)
        if self._gated and self.stale_at_gate:
            self.stale_at_gate, commit = self.stale_at_gate - 1, PARENT
        return [Sighting(address=one, at=now, commit=commit, deployment="dpl_1") for one in self.addresses]

    def earlier(self, commit: str) -> str:
        self._inside()
        return self.keeps_earlier

    # Repository

    def tip(self) -> str:
        self._inside()
        if self.git_down:
            raise RepositoryError("unreachable")
        return self.branch[-1]

    def contains(self, head: str, commit: str) -> bool:
        self._inside()
        if head not in self.branch or commit not in self.branch:
            return False
        return self.branch.index(commit) <= self.branch.index(head)

    def undone_by(self, release: Release) -> str:
        self._inside()
        return self.undone

    def merges(self, since: datetime) -> list[Merged]:
        self._inside()
        return [Merged(commit=commit, at=at) for at, commit in self.serves if at >= since]

    def stayed(self, release: Release) -> bool:
        self._inside()
        return release.commit not in self.reverted

    def touches(self, old: str, new: str, below: Sequence[str]) -> bool:
        return False

    def ended(self, commit: str) -> Ending | None:
        return None

    def passed(self, before: datetime) -> Iterator[Timeline]:
        self._inside()
        return iter([one for one in self.recorded if one[-1].at <= before])

    def brake(self, release: Release) -> Brake:
        self._inside()
        self._gated = True
        return self.brakes.pop(0) if self.brakes else self.brake_says

    # Source

    def observe(self, questions: Sequence[Question], window: Window, width: timedelta) -> list[Observation]:
        now = self.clock()
        self.questions_asked += 1
        if "logs" in self.dead:
            raise SourceError("unreachable")
        history = width == timedelta(minutes=5)
        gap = "no_samples" if self.forgets and history else self.gaps(now)
        return [self._answer(one, window, width, now, gap) for one in questions]

    def levels(self, questions: Sequence[Question], window: Window) -> dict[str, float]:
        self._inside()
        return {one.name: 100.0 for one in questions}

    def _answer(self, question: Question, window: Window, width: timedelta, now: datetime, gap: str) -> Observation:
        seconds = width.total_seconds()
        if gap:
            return Observation(question=question.name, window=window, width=seconds, gap=gap)
        step = round(seconds * 1000)
        first = to_ms(window.start) // step * step
        last = to_ms(min(window.end, now - self.lateness))
        buckets = []
        for at in range(first, max(first, last), step):
            bucket = self._count(question, max(at, to_ms(window.start)), min(at + step, last), at)
            if bucket.count or bucket.of:
                buckets.append(bucket)
        return Observation(question=question.name, window=window, width=seconds, buckets=tuple(buckets))

    def _count(self, question: Question, start: int, end: int, at: int) -> Bucket:
        if question.stream in self.mute:
            return Bucket(at=at)
        if question.name.startswith("canary:"):
            sent = [when for stream, when in self.canaries_sent if stream == question.stream]
            here = [when for when in sent if start <= to_ms(when) < end and self._arrived(question.stream, when)]
            return Bucket(at=at, count=len(here))
        if question.signatures:
            return listed(question, at, lines(self.signatures, self.served, start, end), self.actors)
        rate = self.rates.get(question.name, healthy)
        count = sum(self._sum(rate, *part)[0] for part in self._parts(question.stream, start, end))
        of = sum(self._sum(rate, *part)[1] for part in self._parts(question.of_stream, start, end))
        return Bucket(at=at, count=count, of=of, actors=min(count, self.actors))

    def _parts(self, stream: str, start: int, end: int) -> list[tuple[int, int]]:
        """The seconds between *start* and *end* whose lines have arrived."""
        if self.delay is None:
            return [(start, end)]
        seconds = [(at, min(at + 1000, end)) for at in range(start, end, 1000)]
        return [part for part in seconds if self._arrived(stream, from_ms(part[0]))]

    def _arrived(self, stream: str, moment: datetime) -> bool:
        return self.delay is None or moment + self.delay(stream, moment) <= self.runtime.clock()

    def _sum(self, rate: Rate, start: int, end: int) -> tuple[int, int]:
        """Whole events between two moments: the rate's integral, rounded at both ends, so that parts add up."""
        per = rate(from_ms(start), self.served(from_ms(start)))
        counts = [int(value * end / 1000) - int(value * start / 1000) for value in per]
        return counts[0], counts[1]

    # Canaries

    def send(self, tag: str) -> list[CanarySent]:
        now = self.clock()
        streams = ("edge_logs", "postgres_logs")
        problem = "unreachable" if self.unreachable(now) else ""
        if not problem:
            self.canaries_sent += [(stream, now) for stream in streams]
        return [CanarySent(stream=stream, at=now, problem=problem) for stream in streams]

    # Journeys

    def walk(self, journey: Journey, persona: Persona, address: str, tag: str) -> JourneyRun:
        now = self.clock()
        self.walks.append(journey.name)
        walked, problem = Walked.PASSED, ""
        commit = PARENT if address == self.keeps_earlier else self.served(now)
        if journey.name in self.unwalkable or self.unreachable(now) or now >= (self.unwalkable_from or NEVER):
            walked, problem = Walked.UNWALKED, "unreachable"
        elif (journey.name, commit) in self.broken or now >= (self.broken_from or NEVER):
            walked = Walked.FAILED
        return JourneyRun(
            journey=journey.name,
            persona=journey.persona,
            at=now,
            walked=walked,
            problem=problem,
            steps=(Step(method="GET", path=CleanText("/live"), status=200 if walked is Walked.PASSED else 400),),
            failed_step=CleanText("the live page opens" if walked is Walked.FAILED else ""),
        )

    def sweep(self, tag: str) -> None:
        self._inside()
        self.swept.append(tag)

    # RollbackMethod

    def roll_back(self, release: Release) -> Rollback:
        now = self.clock()
        if self.undone:
            return Rollback(method="git", at=now, commit=self.undone, already=True)
        if self.moves_on_undo:
            self.moves_on_undo = False
            self.branch.append(NEXT)
        if self.undo_problems:
            return self.undo_problems.pop(0)
        self.reverts += 1
        self.branch.append(REVERT)
        self.undone = REVERT
        if self.undo_helps:
            self.deploy(REVERT, now + self.build)
        return Rollback(method="git", at=now, commit=REVERT)

    # Notifier

    def notify(self, notice: Notice) -> None:
        self._inside()
        if self.deaf:
            raise NotifyError("unreachable")
        if notice.key not in {one.key for one in self.notices}:
            self.notices.append(notice)

    def _inside(self) -> None:
        assert self.runtime.in_step, "a vendor was called outside a step"
