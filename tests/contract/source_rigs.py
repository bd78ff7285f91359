"""What a test of sources needs: a source in a process of its own, and a hand on the world that it looks at."""

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from bakewatch.model.observation import Observation, Question, Window
from tests.contract.source_worker import Reply, Request

START = datetime(2026, 2, 7, 2, 46, 20, tzinfo=UTC)
OWN = "log_attributes['request.headers.x_bakewatch'] != ''"
ACTOR = "log_attributes['request.sb.auth_user']"
STATUS = "toInt32OrZero(log_attributes['response.status_code'])"


@dataclass
class Worker:
    """The process that owns the source."""

    process: "subprocess.Popen[bytes] | None" = None

    def send(self, request: Request) -> None:
        """Put *request* to the source; the process is started when there is none."""
        if self.process is None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.contract.source_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(request) + b"\n")
        self.process.stdin.flush()

    def reply(self, request: Request) -> Reply:
        """The source's answer to *request*."""
        self.send(request)
        assert self.process is not None and self.process.stdout is not None
        return msgspec.json.decode(self.process.stdout.readline(), type=Reply)

    def kill(self) -> None:
        """SIGKILL: the next question goes to a new process."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.communicate()
            self.process = None


@dataclass
class Rig:
    """One source and its world."""

    data: Path
    worker: Worker = field(default_factory=Worker)
    settings: dict[str, Any] = field(default_factory=dict)
    kind = ""

    def __post_init__(self) -> None:
        self.set_up()

    def set_up(self) -> None:
        """Make the world."""
        raise NotImplementedError

    def request(self, questions: Sequence[Question], window: Window, seconds: float) -> Request:
        """The request that asks this rig's source."""
        return Request(
            kind=self.kind,
            settings=self.settings,
            data=str(self.data / "data"),
            base=str(self.data),
            questions=list(questions),
            window=window,
            seconds=seconds,
        )

    def reply(self, questions: Sequence[Question], window: Window, seconds: float = 10) -> Reply:
        """Ask, whatever comes."""
        return self.worker.reply(self.request(questions, window, seconds))

    def ask(self, *questions: Question, window: Window | None = None, seconds: float = 10) -> list[Observation]:
        """Ask, and expect answers."""
        reply = self.reply(questions, window or self.window(), seconds)
        assert reply.error == ""
        return reply.answers

    def window(self) -> Window:
        """All the time that this rig's events fall into."""
        raise NotImplementedError

    def question(self, name: str = "q") -> Question:
        """What counts what `happen` makes happen."""
        raise NotImplementedError

    def impossible(self) -> Question:
        """A question that the source refuses."""
        return Question(name="impossible", stream="edge_logs", where="select 1")

    def happen(self, times: int) -> None:
        """Make that many events happen."""
        raise NotImplementedError

    def unplug(self) -> None:
        """From now on the source cannot answer."""
        raise NotImplementedError

    def plug(self) -> None:
        """Undo `unplug`."""
        raise NotImplementedError

    exact = True
    """Are other events than those of `happen` kept out?"""


class LogRig(Rig):
    """The source `chdb` over files in a folder."""

    kind = "chdb"

    def set_up(self) -> None:
        self.settings = {"files": ["logs/*.ndjson"]}
        (self.data / "logs").mkdir(exist_ok=True)
        self.path = self.data / "logs" / "edge.ndjson"
        self.path.touch()
        self.second = 0.0

    def line(self, *, at: float | None = None, source: str = "edge_logs", message: str = "hit", **keys: Any) -> bytes:
        """A line of a log; `__` in a key stands for a dot."""
        if at is None:
            self.second += 0.01
            at = self.second
        return (
            json.dumps(
                {
                    "id": str(uuid.uuid4()),
                    "timestamp": (START + timedelta(seconds=at)).isoformat().removesuffix("+00:00"),
                    "source": source,
                    "event_message": message,
                    "severity_text": "INFO",
                    "log_attributes": {key.replace("__", "."): value for key, value in keys.items()},
                },
                ensure_ascii=False,
            ).encode()
            + b"\n"
        )

    def write(self, *lines: bytes, path: Path | None = None) -> None:
        """Append to a file."""
        with (path or self.path).open("ab") as file:
            file.write(b"".join(lines))

    def window(self) -> Window:
        return Window(START, START + timedelta(minutes=5))

    def question(self, name: str = "q") -> Question:
        return Question(name=name, stream="edge_logs", where="event_message = 'hit'")

    def happen(self, times: int) -> None:
        self.write(*[self.line() for _ in range(times)])

    def unplug(self) -> None:
        self.path.rename(self.path.with_suffix(".away"))

    def plug(self) -> None:
        self.path.with_suffix(".away").rename(self.path)

    def count(self, question: Question | None = None) -> int:
        """How many events there are now; fails on a gap."""
        [answer] = self.ask(question or self.question())
        assert answer.gap == ""
        return sum(bucket.count for bucket in answer.buckets)

    def gap(self, question: Question | None = None) -> str:
        """The gap of the answer, if there is one."""
        [answer] = self.ask(question or self.question())
        assert not (answer.gap and answer.buckets)
        return answer.gap

    def levels(self, *questions: Question) -> dict[str, float]:
        """What 95 % of the values stay below."""
        request = self.request(questions, self.window(), 1)
        request.levels = True
        return self.worker.reply(request).levels

    def table(self) -> list[dict[str, Any]]:
        """All that is loaded."""
        request = self.request([], self.window(), 1)
        request.dump = True
        rows: list[dict[str, Any]] = json.loads(self.worker.reply(request).text)
        return rows


class DatabaseRig(Rig):
    """The source `postgres` over a server of its own."""

    kind = "postgres"
    exact = False
    url = ""

    def set_up(self) -> None:
        self.settings = {"url_env": "UNUSED", "statement_timeout": 5}
        self.started = datetime.now(UTC)
        self.plugged = True

    def request(self, questions: Sequence[Question], window: Window, seconds: float) -> Request:
        request = super().request(questions, window, seconds)
        request.url = self.url if self.plugged else "postgresql://x@127.0.0.1:9/x"
        return request

    def window(self) -> Window:
        return Window(self.started, self.started + timedelta(hours=1))

    def question(self, name: str = "q") -> Question:
        return Question(name=name, stream="load", where="transactions", of_stream="load")

    def measure(self, where: str) -> Question:
        """A question for a measure."""
        return Question(name=where, stream="load", where=where)

    def happen(self, times: int) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for _ in range(times):
                connection.execute("select 1")

    def unplug(self) -> None:
        self.plugged = False

    def plug(self) -> None:
        self.plugged = True
