"""Read recorded cases back, whether or not a process is running them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from dbos import DBOSClient, WorkflowStatus, error
from msgspec import Struct, structs
from sqlalchemy.exc import DatabaseError

from bakewatch import app
from bakewatch.durable.runtime import STREAM, TOPIC
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import Closed, Timeline, from_json
from bakewatch.model.verdict import Ending
from bakewatch.ports import Message

UNFINISHED = ("PENDING", "ENQUEUED", "DELAYED")
_STOPPED = "stopped"
"""The attribute of a case that was set aside: why. Empty: by a person."""


class NoRecord(ConfigError):
    """Nothing has been recorded in a data directory, or not yet."""


class Recorded(Struct, frozen=True, kw_only=True):
    """One case as the data directory knows it."""

    id: str
    order: app.Order
    running: bool
    """Neither ended nor broken: a process runs it, or will when it is resumed."""
    ending: Ending | None
    stopped: bool
    """Set aside: nobody runs it, and only `resume` takes it up again."""
    cause: str = ""
    """What stopped it; empty when a person did."""


def database_url(data: Path) -> str:
    """Where the record lies: SQLite in the data directory."""
    return f"sqlite:///{data.absolute() / 'bakewatch.sqlite'}"


@contextmanager
def client(data: Path) -> Iterator[DBOSClient]:
    """A reader of the record; `NoRecord` when there is none, `ConfigError` when it cannot be read."""
    if not (data / "bakewatch.sqlite").exists():
        raise _nothing(data)
    with readable(data):
        opened = DBOSClient(system_database_url=database_url(data))
        try:
            yield opened
        finally:
            opened.destroy()


@contextmanager
def readable(data: Path) -> Iterator[None]:
    """Says what is wrong with a file that holds no record."""
    try:
        yield
    except DatabaseError as error:
        said = str(error.orig)
        if "no such" in said:  # a table or a column: empty, or another process is just making them
            raise _nothing(data) from None
        if any(words in said for words in _UNUSABLE):
            where = str(data / "bakewatch.sqlite")
            raise ConfigError(f"cannot be used: {said}", where=where, right="a record of bakewatch") from None
        raise


_UNUSABLE = ("not a database", "malformed", "unable to open", "readonly", "disk I/O")


def _nothing(data: Path) -> NoRecord:
    return NoRecord("nothing has been recorded here yet", where=str(data), right="run `bakewatch verify` first")


def cases(data: Path) -> list[Recorded]:
    """All cases, oldest first."""
    with client(data) as opened:
        return [_recorded(status) for status in opened.list_workflows(sort_desc=False) if status.input]


def unfinished(opened: DBOSClient) -> set[str]:
    """The identities of the cases that have neither ended nor stopped."""
    found = opened.list_workflows(status=list(UNFINISHED), load_input=False, load_output=False)
    return {status.workflow_id for status in found}


def one_of(opened: DBOSClient, case_id: str) -> Recorded:
    """How the case with exactly this identity stands."""
    (status,) = opened.list_workflows(workflow_ids=[case_id])
    return _recorded(status)


def _recorded(status: WorkflowStatus) -> Recorded:
    assert status.input
    done, running = status.status == "SUCCESS", status.status in UNFINISHED
    stopped = not done and not running
    return Recorded(
        id=status.workflow_id,
        order=msgspec.json.decode(status.input["args"][0], type=app.Order),
        running=running,
        ending=Ending(str(status.output)) if done else None,
        stopped=stopped,
        cause=str((status.attributes or {}).get(_STOPPED, "unknown")) if stopped else "",
    )


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
    """*order* as the attempt it is: the newest one of its release, or with *again* the next.

    The one after what the forge shows, where there is no record of any here.
    """
    try:
        known = cases(Path(order.data))
    except NoRecord:
        known = []
    attempts = [one.order.attempt for one in known if one.order.release.bake_id == order.release.bake_id]
    if attempts:
        return structs.replace(order, attempt=max(attempts) + again, left=None)
    return structs.replace(order, attempt=order.left.attempt + 1 if order.left is not None else 1)


def earlier(data: Path) -> tuple[app.Earlier, ...]:
    """Every release that has been watched, by its newest attempt."""
    try:
        newest = {one.order.release.bake_id: one for one in cases(data)}
    except NoRecord:
        return ()
    return tuple(
        app.Earlier(
            release=one.order.release,
            passed=one.ending is Ending.PASSED,
            unfinished=one.ending is None or _reason(data, one) == "superseded",
        )
        for one in newest.values()
    )


def _reason(data: Path, one: Recorded) -> str:
    closed = timeline(data, one.id)[-1:]
    return closed[0].reason if closed and isinstance(closed[0], Closed) else ""


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


def set_aside(data: Path, case_id: str, cause: str = "") -> None:
    """Let a case rest: starting the engine leaves it alone, everything recorded of it is kept."""
    with client(data) as opened:
        opened.update_workflow_attributes(case_id, {_STOPPED: cause})
        opened.cancel_workflow(case_id)
