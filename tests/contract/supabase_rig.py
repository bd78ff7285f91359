"""A hosted project as a stand-in, a clock that moves when it is told to, and the vendor's own document as judge."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bakewatch import plugins
from bakewatch.model.plan import Plan, Service
from bakewatch.model.release import Release
from bakewatch.ports import Context, Remote
from bakewatch.testing.supabase import TOKEN, Project, Reply, StandIn
from tests.contract.openapi import FOLDER, document

DAY = datetime(2026, 2, 7, tzinfo=UTC)
REF = "abcdefghijklmnopqrst"


@dataclass
class Clock:
    """A clock that only moves when it is told to."""

    now: datetime = DAY

    def __call__(self) -> datetime:
        return self.now

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Scene:
    """The project, its server, and us."""

    server: StandIn
    clock: Clock
    data: Path
    environ: dict[str, str] = field(
        default_factory=lambda: {
            "SUPABASE_ACCESS_TOKEN": TOKEN,
            "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_live",
            "SECRET": "sb_secret_live",
        }
    )

    ordered: list[Reply] = field(default_factory=list)
    """Answers that a test made up: no document knows them."""

    def order(self, endpoint: str, status: int, body: Any, **headers: str) -> None:
        """Let the next request to *endpoint* be answered so."""
        reply = Reply(status, body, headers)
        self.ordered.append(reply)
        self.server.limits.order(endpoint, reply)

    def context(self, release: Release | None = None, *, time_scale: float = 1.0) -> Context:
        """What vendors are built with."""
        plan = Plan(service=Service(name="live"), time_scale=time_scale)
        remote = Remote(url="x", branch="main")
        return Context(
            data=self.data, environ=self.environ, clock=self.clock, remote=remote, plan=plan, release=release
        )

    def build(self, group: str, kind: str, context: Context | None = None, **table: Any) -> Any:
        """The vendor of *kind*, as a table of the settings builds it."""
        known = {"kind": kind, "project": REF, "api": self.server.url, **table}
        return plugins.build(group, known, group, context or self.context())

    def asked(self) -> list[str]:
        """What the server was asked."""
        return [f"{one.method} {one.path}" for one in self.server.asked]

    def files(self) -> bytes:
        """All that was written to the data directory."""
        return b"".join(one.read_bytes() for one in sorted(self.data.rglob("*")) if one.is_file())


@contextmanager
def staged(data: Path) -> Iterator[Scene]:
    """A scene; in the end all that was asked and answered is held to the document, where that is there."""
    clock = Clock()
    with StandIn(Project(clock)) as server:
        scene = Scene(server, clock, data)
        yield scene
    if FOLDER in os.environ:
        judge = document("supabase")
        for asked, reply in zip(server.asked, server.answered, strict=True):
            if judge.describes(asked.path) and not any(reply is one for one in scene.ordered):
                judge.check(asked.method, asked.path, asked.query, reply.status, reply.body, asked.body)
