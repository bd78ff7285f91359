"""What a webhook does. Nothing in it is believed but a number or a commit: the rest is asked again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from bakewatch import app
from bakewatch.config import Settings, load
from bakewatch.durable import history, replays
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.report.inert import inert
from bakewatch.web.attempt import Attempt, Say
from bakewatch.web.hooks import Commented, Deployed, Hook, Ignored, Merged
from bakewatch.web.worker import Worker

OLDEST = timedelta(hours=24)
"""A merge that is older was not meant to be watched any more."""
REMEMBERED = 1000
"""So many deliveries are known again."""
PAUSES = (60, 300, 900)
"""Seconds after which what met passing trouble is tried again."""


class Cases(Protocol):
    """What is asked of the process that runs the cases: `durable.keeper.Keeper`."""

    def of(self, commit: str) -> list[history.Recorded]:
        """The cases of the release *commit*."""
        ...

    def asking(self, number: int) -> list[history.Recorded]:
        """The running cases of pull request *number* that ask a person."""
        ...

    def start(self, order: app.Order) -> bool:
        """Run *order*, unless its case is known."""
        ...

    def nudge(self, case_id: str) -> None:
        """Let a running case look at once."""
        ...


class Refused(Exception):
    """Nothing is started, and why. No error: what was asked of us is not ours to do."""


@dataclass(frozen=True)
class _Asked:
    """The file as it is at the moment of a hook."""

    settings: Settings
    plan: Plan
    now: datetime

    def require(self, repository: str, branch: str, merged_at: datetime | None) -> None:
        """`Refused` unless that is a merge of the last day into our branch; an empty name is not compared."""
        at = self.settings.repository
        if at.name and repository and at.name.lower() != repository.lower():
            raise Refused("it is of another repository")
        if branch and branch != at.branch:
            raise Refused(f"it is not for {at.branch}")
        if merged_at is not None and self.now - merged_at > OLDEST:
            raise Refused("it was merged more than 24 hours ago")

    def require_production(self, hook: Deployed) -> None:
        """`Refused` when it is of another project of Vercel or environment: several may be built from one repository.

        What the hook does not say is not compared.
        """
        hosting = self.settings.hosting
        kind, project = hosting.get("kind"), str(hosting.get("project", ""))
        told = hook.project_id if project.startswith("prj_") else hook.project_name
        if kind == "vercel" and told not in ("", project):
            raise Refused("it is of another project")
        environment = str(hosting.get("environment", "Production")).casefold()
        if kind == "github" and hook.environment.casefold() not in ("", environment):
            raise Refused("it is of another environment")


class Desk:
    """Takes hooks, and does in a thread of its own what they ask for. *say* is told each in one line."""

    def __init__(
        self,
        cases: Cases,
        config: Path,
        data: Path,
        worker: Worker,
        say: Say,
        clock: Callable[[], datetime] = app.clock,
    ) -> None:
        self._cases, self._config, self._data = cases, config, data
        self._worker, self._say, self._clock = worker, say, clock
        self._seen: dict[str, None] = {}

    def take(self, sender: str, delivery: str, hook: Hook) -> str:
        """`accepted`, `ignored`, `seen` (this *delivery* was taken before) or `full` (nothing was taken)."""
        key = f"{sender} {delivery}"
        if isinstance(hook, Ignored):
            self._say(f"{sender}: ignored, {hook.why}")
            return "ignored"
        if delivery and key in self._seen:
            self._say(f"{_named(sender, hook)}: seen before")
            return "seen"
        # Before it is given: it may have been done, and forgotten again, by the time that giving returns.
        self._seen[key] = None
        if not self._worker.give(lambda: self._do(_named(sender, hook), key, hook)):
            self._seen.pop(key, None)
            return "full"
        if len(self._seen) > REMEMBERED:
            self._seen.pop(next(iter(self._seen)), None)
        return "accepted"

    def _do(self, about: str, key: str, hook: Merged | Deployed | Commented, pauses: Sequence[int] = PAUSES) -> None:
        with Attempt(self._say, about) as attempt:
            try:
                done = self._done(hook)
            except Refused as refused:
                done = f"ignored, {refused}"
            self._say(inert(f"{about}: {done}"))
        if attempt.passes and pauses:
            with Attempt(self._say, about):
                self._worker.later(pauses[0], lambda: self._do(about, key, hook, pauses[1:]))
                self._say(f"{about}: tried again in {pauses[0] // 60} min")
        elif attempt.failed:  # it may be sent again by hand, once what is wrong was put right
            self._seen.pop(key, None)

    def _done(self, hook: Merged | Deployed | Commented) -> str:
        if isinstance(hook, Merged):
            return self._merged(hook)
        return self._deployed(hook) if isinstance(hook, Deployed) else self._commented(hook)

    def _asked(self) -> _Asked:
        return _Asked(*load(self._config), self._clock())

    def _merged(self, hook: Merged) -> str:
        asked = self._asked()
        asked.require(hook.repository, hook.branch, None)
        forge = app.without_release(asked.settings, asked.plan, self._data, self._config).forge
        if forge is not None:
            pull = forge.pull(hook.number)
            if pull.merged_at is None:
                raise Refused("it is not merged")
            asked.require(pull.repository, pull.base, pull.merged_at)
        return self._begin(asked, hook.repository, pr=hook.number)

    def _deployed(self, hook: Deployed) -> str:
        asked = self._asked()
        asked.require(hook.repository, "", None)
        asked.require_production(hook)
        known = self._cases.of(hook.commit)
        if known:
            return self._nudged(known)
        if not hook.succeeded:
            raise Refused("no case waits for it")
        return self._begin(asked, hook.repository, commit=hook.commit)

    def _commented(self, hook: Commented) -> str:
        """Who wrote it, and whether that counts, the case asks by itself. No other is woken: anyone may comment."""
        self._asked().require(hook.repository, "", None)
        asking = self._cases.asking(hook.number)
        if not asking:
            raise Refused("no case of it asks")
        return self._nudged(asking)

    def _begin(self, asked: _Asked, repository: str, *, commit: str = "", pr: int | None = None) -> str:
        """Start the case of what was merged, unless it is known, or is the undo that a running case proves."""
        earlier = history.earlier(self._data)
        order = app.prepare(asked.settings, asked.plan, self._data, self._config, commit=commit, pr=pr, earlier=earlier)
        order = replays.noted(history.numbered(order, again=False))
        release = order.release
        if repository and repository.lower() != release.repository.lower():
            raise Refused("it is of another repository")
        asked.require("", "", release.merged_at)
        ended = app.over(order)
        if ended is not None:
            return f"{release.bake_id} is known: {ended}, as the forge shows"
        proving = [one for one in self._cases.of(_undone(release)) if one.running]
        if proving:
            return self._nudged(proving)
        return f"started {order.id}" if self._cases.start(order) else self._nudged(self._cases.of(release.commit))

    def _nudged(self, cases: list[history.Recorded]) -> str:
        """Wake those of *cases* that are running; how the newest one stands."""
        running = [one for one in cases if one.running]
        for one in running:
            self._cases.nudge(one.id)
        if running:
            return f"told {', '.join(one.id for one in running)}"
        return f"{cases[-1].id} is known: {cases[-1].ending or 'stopped'}"


def _undone(release: Release) -> str:
    """The commit of the release that *release* undoes."""
    return release.reverts.rpartition("@")[2]


def _named(sender: str, hook: Merged | Deployed | Commented) -> str:
    return f"{sender} {hook.commit[:7]}" if isinstance(hook, Deployed) else f"{sender} #{hook.number}"
