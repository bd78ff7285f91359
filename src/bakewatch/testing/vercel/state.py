"""What the stand-in platform holds: deployments that build as time passes, domains that point to one of them, the last
rollback or promotion. Nothing runs by itself: whoever asks lets everything happen that is due by then."""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count


class Ends(StrEnum):
    """What becomes of a deployment."""

    READY = "READY"
    ERROR = "ERROR"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"
    """By the project's ignored build step: told as CANCELED."""
    BLOCKED = "BLOCKED"


class Refusal(Exception):
    """A request that is refused with a status, a code and a text."""

    def __init__(self, status: int, code: str, text: str) -> None:
        self.status, self.code, self.text = status, code, text
        super().__init__(code)


@dataclass(frozen=True)
class Times:
    """How many seconds everything takes."""

    queued: float = 1.0
    building: float = 10.0
    assigning: float = 1.0
    pending: float = 1.0
    moving: float = 2.0


@dataclass
class Deployment:
    """One deployment."""

    id: str
    commit: str
    created: datetime
    target: str | None
    ends: Ends
    env: tuple[str, ...] = ()
    crons: tuple[tuple[str, str], ...] = ()
    """Path and schedule."""
    log: tuple[str, ...] = ()
    code: str = ""
    state: str = "QUEUED"
    substate: str = ""
    deleted: bool = False

    @property
    def host(self) -> str:
        """Where it answers apart from production."""
        return f"live-{self.id.removeprefix('dpl_').lower()}.vercel.app"


@dataclass
class Job:
    """A rollback or a promotion."""

    type: str
    source: str
    target: str
    at: datetime
    status: str = "pending"


@dataclass
class Rolling:
    """A rolling release: the canary serves *percent* of the visitors."""

    base: str
    canary: str
    at: datetime
    percent: int = 10
    queued: str = ""


@dataclass
class Platform:
    """One project and its team. Change the fields to set a scene."""

    clock: Callable[[], datetime]
    times: Times = field(default_factory=Times)
    project: str = "prj_live"
    name: str = "live"
    team: str = "team_live"
    slug: str = "live-team"
    domains: dict[str, str] = field(default_factory=lambda: {"live.example": "", "www.live.example": ""})
    """Production domains and the deployment that each points to."""
    redirects: dict[str, str] = field(default_factory=dict)
    """Domains that only redirect."""
    stuck: set[str] = field(default_factory=set)
    """Domains that do not move."""
    deaf: bool = False
    """No push makes a deployment."""
    only_previous: bool = False
    """The plan goes back to the deployment before, and no further."""
    assigns: bool = True
    """Domains go to a new deployment by themselves."""
    rolls: bool = False
    """New deployments come by a rolling release."""
    failing: int = 0
    """So many moves of production fail from now on."""
    variables: dict[str, datetime] = field(default_factory=dict)
    """The project's environment variables, and when each was changed."""
    deployments: list[Deployment] = field(default_factory=list)
    job: Job | None = None
    held: bool = False
    """A rollback holds production where it is."""
    rolling: Rolling | None = None
    current: str = ""
    served: list[str] = field(default_factory=list)
    """Deployments that served production, in order."""
    happened: list[tuple[str, datetime, dict[str, object]]] = field(default_factory=list)
    """Events of interest to a webhook: type, time, what belongs to it."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    _due: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    _order: "count[int]" = field(default_factory=count)

    def settle(self) -> None:
        """Let everything happen that is due."""
        with self.lock:
            while self._due and self._due[0][0] <= self.clock():
                moment, _, happens = heapq.heappop(self._due)
                happens(moment)

    def push(
        self,
        commit: str,
        *,
        ends: Ends = Ends.READY,
        target: str | None = "production",
        env: tuple[str, ...] = (),
        crons: tuple[tuple[str, str], ...] = (),
        log: tuple[str, ...] = (),
        code: str = "",
    ) -> Deployment | None:
        """*commit* was pushed: a deployment begins, unless the platform is deaf."""
        if self.deaf:
            return None
        with self.lock:
            number, at = len(self.deployments) + 1, self.clock()
            one = Deployment(f"dpl_{number}{commit[:8]}", commit, at, target, ends, env, crons, log, code)
            self.deployments.append(one)
            self._tell("deployment.created", one, at)
            if ends is Ends.BLOCKED:
                one.state = "BLOCKED"
                self._tell("deployment.blocked", one, at)
                return one
            building = at + timedelta(seconds=self.times.queued)
            self._at(building, lambda moment: setattr(one, "state", "BUILDING"))
            self._at(building + timedelta(seconds=self.times.building), lambda moment: self._built(one, moment))
            return one

    def find(self, which: str) -> Deployment:
        """The deployment with that id or host name."""
        for one in self.deployments:
            if which in (one.id, one.host) and not one.deleted:
                return one
        raise Refusal(404, "not_found", "The deployment was not found.")

    def delete(self, which: str) -> None:
        """It is not there any more."""
        self.find(which).deleted = True

    def serves(self, domain: str, draw: float = 1.0) -> str:
        """The commit that a visitor of *domain* gets; *draw* (0 to 1) decides while a rolling release is under way."""
        self.settle()
        which = self.domains[domain]
        if self.rolling and which == self.rolling.base and draw * 100 < self.rolling.percent:
            which = self.rolling.canary
        return next((one.commit for one in self.deployments if one.id == which), "")

    def roll_back(self, which: str) -> None:
        """An instant rollback is asked for."""
        one = self.find(which)
        if one.state != "READY" or one.id not in self.served:
            raise Refusal(422, "unprocessable_entity", "The deployment never served production.")
        earlier = [past for past in dict.fromkeys(reversed(self.served)) if past != self.current]
        if self.only_previous and [one.id] != earlier[:1]:
            raise Refusal(402, "payment_required", "To roll back further, upgrade the plan.")
        self._begin("rollback", one)
        self._tell("deployment.rollback", one, self.clock(), fromDeploymentId=self.current, toDeploymentId=one.id)

    def promote(self, which: str) -> bool:
        """A promotion is asked for. False: it waits behind a rolling release."""
        one = self.find(which)
        if one.state != "READY" or one.target != "production":
            raise Refusal(422, "unprocessable_entity", "The deployment cannot be promoted.")
        if self.rolling and self.rolling.canary != one.id:
            self.rolling.queued = one.id
            return False
        self._begin("promote", one)
        return True

    def complete(self) -> None:
        """The rolling release ends well; what waited behind it begins."""
        if release := self.rolling:
            self.rolling = None
            self._serve(self.find(release.canary))
            if release.queued:
                self._begin("promote", self.find(release.queued))

    def _begin(self, kind: str, one: Deployment) -> None:
        if self.job and self.job.status in ("pending", "in-progress"):
            raise Refusal(409, "conflict", "Production is being moved already.")
        job = self.job = Job(kind, self.current, one.id, self.clock())
        moving = job.at + timedelta(seconds=self.times.pending)
        self._at(moving, lambda moment: setattr(job, "status", "in-progress"))
        self._at(moving + timedelta(seconds=self.times.moving), lambda moment: self._moved(job, one))

    def _moved(self, job: Job, one: Deployment) -> None:
        if self.failing:
            self.failing -= 1
            job.status = "failed"
            return
        job.status, self.held, self.rolling = "succeeded", job.type == "rollback", None
        self._serve(one)

    def _built(self, one: Deployment, moment: datetime) -> None:
        if one.ends is not Ends.READY:
            one.state = "ERROR" if one.ends is Ends.ERROR else "CANCELED"
            self._tell("deployment.error" if one.ends is Ends.ERROR else "deployment.canceled", one, moment)
            return
        one.state, one.substate = "READY", "STAGED"
        self._tell("deployment.ready", one, moment)
        if one.target != "production" or self.held or not self.assigns:
            return
        if self.rolls and self.current:
            one.substate = "ROLLING"
            self.rolling = Rolling(self.current, one.id, moment)
            return
        self._at(moment + timedelta(seconds=self.times.assigning), lambda then: self._assigned(one, then))

    def _assigned(self, one: Deployment, moment: datetime) -> None:
        if not self.held:
            self._serve(one)
            self._tell("deployment.promoted", one, moment)

    def _serve(self, one: Deployment) -> None:
        one.substate, self.current = "PROMOTED", one.id
        self.served.append(one.id)
        self.domains.update({domain: one.id for domain in self.domains if domain not in self.stuck})

    def _at(self, moment: datetime, happens: Callable[[datetime], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._order), happens))

    def _tell(self, event: str, one: Deployment, moment: datetime, **more: object) -> None:
        self.happened.append((event, moment, {"deployment": one, **more}))
