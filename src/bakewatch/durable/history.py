"""Read recorded cases back, whether or not a process is running them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from dbos import DBOSClient, error
from msgspec import Struct, structs

from bakewatch import app
from bakewatch.durable.runtime import STREAM, TOPIC
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import Timeline, from_json
from bakewatch.model.verdict import Ending
from bakewatch.ports import Message

UNFINISHED = ("PENDING", "ENQUEUED", "DELAYED")


class Recorded(Struct, frozen=True, kw_only=True):
    """One case as the data directory knows it."""

    id: str
    order: app.Order
    running: bool
    """Neither ended nor broken: a process runs it, or will when it is resumed."""
    ending: Ending | None
    broken: bool
    """It stopped on a bug of ours."""


def database_url(data: Path) -> str:
    """Where the record lies: SQLite in the data directory."""
    return f"sqlite:///{data.absolute() / 'bakewatch.sqlite'}"


@contextmanager
def client(data: Path) -> Iterator[DBOSClient]:
    """A reader of the record; `ConfigError` when there is none."""
    if not (data / "bakewatch.sqlite").exists():
        raise ConfigError("nothing has been recorded here yet", where=str(data), right="run `bakewatch verify` first")
    opened = DBOSClient(system_database_url=database_url(data))
    try:
        yield opened
    finally:
        opened.destroy()


def cases(data: Path) -> list[Recorded]:
    """All cases, oldest first."""
    with client(data) as opened:
        found = []
        for status in opened.list_workflows(sort_desc=False):
            if not status.input:
                continue
            order = msgspec.json.decode(status.input["args"][0], type=app.Order)
            done = status.status == "SUCCESS"
            found.append(
                Recorded(
                    id=status.workflow_id,
                    order=order,
                    running=status.status in UNFINISHED,
                    ending=Ending(str(status.output)) if done else None,
                    broken=not done and status.status not in UNFINISHED,
                )
            )
        return found


def case(data: Path, asked: str) -> Recorded:
    """The case that *asked* names: its id, or the beginning of its commit. `ConfigError` when none or several do."""
    known = cases(data)
    found = [one for one in known if asked == one.id] or [
        one for one in known if len(asked) >= 4 and one.id.rpartition("@")[2].startswith(asked)
    ]
    if not found:
        ids = ", ".join(one.id for one in known[-3:]) or "none is recorded"
        raise ConfigError(f"no case `{asked}`", where=str(data), right=f"such as: {ids}")
    if len({one.order.release.commit for one in found}) > 1:
        raise ConfigError(f"`{asked}` names several cases", where=str(data), right="more digits of the commit")
    return found[-1]


def numbered(order: app.Order, *, again: bool) -> app.Order:
    """*order* as the attempt it is: the newest one of its release, or with *again* the next."""
    data = Path(order.data)
    if not (data / "bakewatch.sqlite").exists():
        return order
    attempts = [one.order.attempt for one in cases(data) if one.order.release.bake_id == order.release.bake_id]
    if not attempts:
        return order
    return structs.replace(order, attempt=max(attempts) + again)


def timeline(data: Path, case_id: str) -> Timeline:
    """What has been recorded of a case so far."""
    with client(data) as opened:
        return from_json(lines(opened, case_id))


def lines(opened: DBOSClient, case_id: str, offset: int = 0, patience: float = 0.0) -> Iterator[str]:
    """The recorded events from *offset* on; ends at the end, or when none came for *patience* seconds."""
    try:
        yield from opened.read_stream(
            case_id, STREAM, offset=offset, timeout_seconds=patience, polling_interval_sec=0.1
        )
    except (error.DBOSStreamTimeoutError, error.DBOSNonExistentWorkflowError):
        return


def say(data: Path, case_id: str, message: Message) -> None:
    """Send *message* to a running case."""
    with client(data) as opened:
        opened.send(case_id, msgspec.json.encode(message).decode(), TOPIC)
