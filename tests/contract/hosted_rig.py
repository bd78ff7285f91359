"""What a test of hosted logs needs: the stand-in for the platform, a clock, and the same lines for the engine here."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bakewatch.errors import SourceError
from bakewatch.model.observation import Observation, Question, Window
from bakewatch.testing.supabase import TOKEN, Grant, Project, StandIn
from bakewatch.vendors.supabase.logs import LogsSettings, SupabaseLogs
from tests.contract.openapi import Document
from tests.contract.source_rigs import START, LogRig, Worker
from tests.contract.source_worker import Reply


class _Here(Worker):
    """No process: after a kill there is another source."""

    def __init__(self, rig: "HostedRig") -> None:
        super().__init__()
        self._rig = rig

    def kill(self) -> None:
        self._rig.source = self._rig.fresh()


LATER = START + timedelta(minutes=10)


@dataclass
class Clock:
    """A clock that moves when somebody waits."""

    now: datetime = LATER
    waited: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)


class HostedRig(LogRig):
    """The source `supabase` over the stand-in. To be closed."""

    kind = "supabase"

    def set_up(self) -> None:
        super().set_up()
        self.clock = Clock()
        self.server = StandIn(Project(self.clock)).__enter__()
        self.source = self.fresh()
        self.worker = _Here(self)

    def fresh(self, **settings: Any) -> SupabaseLogs:
        """Another source of the same project."""
        table = LogsSettings(project=self.server.project.ref, api=self.server.url, **settings)
        return SupabaseLogs(table, TOKEN, self.clock, pause=self.clock.wait)

    def close(self) -> None:
        """Stop the server."""
        self.server.__exit__()

    def write(self, *lines: bytes, path: Path | None = None) -> None:
        rows = [json.loads(line) for line in lines]
        self.server.logs.write(*[{**one, "log_attributes": _strings(one["log_attributes"])} for one in rows])

    def reply(self, questions: Sequence[Question], window: Window, seconds: float = 10) -> Reply:
        try:
            return Reply(answers=self.source.observe(questions, window, timedelta(seconds=seconds)))
        except SourceError as error:
            return Reply(error=error.code)

    def levels(self, *questions: Question) -> dict[str, float]:
        return self.source.levels(questions, self.window())

    def unplug(self) -> None:
        self.server.tokens.clear()

    def plug(self) -> None:
        self.server.tokens[TOKEN] = Grant()

    def hold_to(self, judge: Document) -> None:
        """Fail unless all that was asked and answered is as *judge* has it; what was ordered to be otherwise is not."""
        for asked, reply in zip(self.server.asked, self.server.answered, strict=True):
            if not isinstance(reply.body, bytes):
                judge.check(asked.method, asked.path, asked.query, reply.status, reply.body, asked.body)

    @property
    def sent(self) -> int:
        """How many queries were sent."""
        return len(self.server.asked)


def _strings(attributes: dict[str, Any]) -> dict[str, str]:
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in attributes.items()}


@dataclass
class Twins:
    """The same lines here, masked when they were loaded, and hosted, as they are."""

    here: LogRig
    hosted: HostedRig

    def write(self, *lines: bytes) -> None:
        """Append to both."""
        self.here.write(*lines)
        self.hosted.write(*lines)

    def ask(self, *questions: Question, window: Window | None = None, seconds: float = 10) -> list[Observation]:
        """The answers of both, which must be equal and none of them a gap."""
        here = self.here.ask(*questions, window=window, seconds=seconds)
        hosted = self.hosted.ask(*questions, window=window, seconds=seconds)
        differ = {one.question: (one, other) for one, other in zip(here, hosted, strict=True) if one != other}
        assert not differ, differ
        assert {one.gap for one in here} == {""}
        return here


# Lines as a hosted project writes them, with what must not leave it.

PEOPLE = ("5f0c1f5e-3a61-4a0c-9d0e-0d5c1e0a7b11", "9b2f7a44-1d3c-4f4e-8a55-7f3f6f2f0c22", "kim@example.com", "")
_AGENT = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36"
HOST = "https://abcdefghijklmnopqrst.supabase.co"


def edge(
    rig: LogRig, at: float, status: int, *, path: str = "/rest/v1/registrations", who: str = "", **keys: Any
) -> bytes:
    """A request, as the gateway logs it."""
    agent, search = keys.pop("agent", _AGENT), keys.pop("search", "?select=id&email=eq.kim@example.com")
    return rig.line(
        at=at,
        message=f"GET | {status} | 203.0.113.7 | 7ac6d98c6d4558de | {HOST}{path}{search} | {agent}",
        request__method="GET",
        request__path=path,
        request__search=search,
        request__url=f"{HOST}{path}{search}",
        request__headers__user_agent=agent,
        request__headers__cf_connecting_ip="203.0.113.7",
        request__sb__auth_user=who,
        response__status_code=str(status),
        **{"response__origin_time": str(keys.pop("took", 40)), **keys},
    )


def auth(rig: LogRig, at: float, path: str, status: int, **keys: Any) -> bytes:
    """A request, as the auth service logs it: its line is the message too."""
    told = {"component": "api", "path": path, "status": status, "remote_addr": "203.0.113.7", **keys}
    told |= {"duration": 12_345_678, "level": "info", "msg": "request completed", "time": "2026-02-07T02:46:20Z"}
    return rig.line(
        at=at,
        source="auth_logs",
        message=json.dumps(told),
        **{k: v if isinstance(v, str) else str(v) for k, v in told.items()},
    )


def postgres(rig: LogRig, at: float, message: str, state: str = "", **keys: Any) -> bytes:
    """A line of the database; an error when it has a *state*."""
    severity = "ERROR" if state else "LOG"
    line = rig.line(
        at=at,
        source="postgres_logs",
        message=message,
        parsed__error_severity=severity,
        parsed__sql_state_code=state or "00000",
        parsed__user_name="authenticator",
        parsed__command_tag="SELECT",
        parsed__backend_type="client backend",
        **keys,
    )
    return line.replace(b'"severity_text": "INFO"', f'"severity_text": "{severity}"'.encode())


def traffic(rig: LogRig, seconds: int = 280, seed: int = 1) -> Iterator[bytes]:
    """Some minutes of a project: people who call, fail, try again, sign in, and what the database says to it."""
    chance = random.Random(seed)
    for second in range(seconds):
        for _ in range(chance.randrange(1, 4)):
            at, who = second + chance.random(), chance.choice(PEOPLE)
            status = chance.choices([200, 201, 400, 401, 409, 500], [60, 20, 5, 5, 8, 4])[0]
            path = chance.choice(["/rest/v1/registrations", "/rest/v1/chat_messages", "/auth/v1/user"])
            yield edge(rig, at, status, path=path, who=who, took=chance.randrange(5, 900))
            if status == 409:
                yield postgres(
                    rig, at, _DUPLICATE, "23505", parsed__detail="Key (email)=(kim@example.com) already exists."
                )
            if status == 400:
                yield postgres(rig, at, "column registrations.id does not exist", "42703")
            if status == 500:
                yield postgres(rig, at, f"canceling statement 4{second} due to user {who or 'nobody'}", "57014")
            if status == 401:
                error = {"error_code": "refresh_token_already_used", "error": f"Possible abuse attempt: {second}123"}
                yield auth(rig, at, "/token", 400, grant_type="refresh_token", **error)
        yield auth(rig, second + 0.5, "/user", 200)
        if second % 30 == 0:
            tag = f"bw-0123456789ab-{second // 30}"
            yield edge(rig, second, 404, path="/auth/v1/bakewatch", search="", agent=f"bakewatch/{tag}")
            yield auth(rig, second, "/bakewatch", 404)
            yield postgres(rig, second, f"bakewatch canary {tag}")
            yield postgres(rig, second, f"checkpoint complete: wrote {second} buffers ({chance.random():.1f}%)")


_DUPLICATE = 'duplicate key value violates unique constraint "registrations_email_key"'
