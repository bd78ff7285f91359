"""Start a case, resume the unfinished ones, or attach to what another process runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from dbos import DBOS, SetWorkflowID

from bakewatch import app
from bakewatch.durable import history, workflow
from bakewatch.durable.lock import Ownership
from bakewatch.durable.runtime import STREAM
from bakewatch.model.timeline import Closed, Event, event_of
from bakewatch.model.verdict import Ending

QUEUE = "bakes"
VERSION = "flow-1"
"""Recovery takes up only cases of the same version: it changes only when the order of steps does."""

Watcher = Callable[[str, Event], None]
"""Told of every event: (case id, event)."""


def verify(order: app.Order, watcher: Watcher) -> Ending:
    """Run *order* to its end, or attach to it when it is running or over; at most one process does the work."""
    data = Path(order.data)
    text = msgspec.json.encode(order).decode()
    offset = 0
    while True:
        with Ownership(data) as ownership:
            if ownership.take():
                with _engine(data):
                    with SetWorkflowID(order.id):
                        DBOS.start_workflow(workflow.run, text)
                    return _own(data, order.id, watcher, offset)
        with history.client(data) as opened:
            opened.enqueue({"workflow_name": workflow.NAME, "queue_name": QUEUE, "workflow_id": order.id}, text)
        ending, offset = _attach(data, order.id, watcher, offset)
        if ending is not None:
            return ending


def resume(data: Path, watcher: Watcher) -> dict[str, Ending]:
    """Take up every unfinished case of a data directory, and see them to their ends."""
    unfinished = [one.id for one in history.cases(data) if one.running]
    with Ownership(data) as ownership:
        if not ownership.take():
            endings = {}
            for case_id in unfinished:
                ending, _ = _attach(data, case_id, watcher, 0, forever=True)
                assert ending is not None
                endings[case_id] = ending
            return endings
        with _engine(data):
            return {case_id: _own(data, case_id, watcher, 0) for case_id in unfinished}


@contextmanager
def _engine(data: Path) -> Iterator[None]:
    """DBOS on this data directory. Launching it takes up what an earlier process left unfinished."""
    DBOS(
        config={
            "name": "bakewatch",
            "system_database_url": history.database_url(data),
            "application_version": VERSION,
            "notification_listener_polling_interval_sec": 0.1,
            "log_level": "CRITICAL",
        }
    )
    DBOS.launch()
    DBOS.register_queue(QUEUE, polling_interval_sec=0.5)
    try:
        yield
    finally:
        DBOS.destroy()


def _own(data: Path, case_id: str, watcher: Watcher, offset: int) -> Ending:
    """Follow a case that this process runs; before leaving, see what others enqueued meanwhile to its end."""
    for line in DBOS.read_stream(case_id, STREAM, offset=offset):
        watcher(case_id, event_of(line))
    ending = Ending(DBOS.retrieve_workflow(case_id).get_result())
    for one in history.cases(data):
        if one.running:
            DBOS.retrieve_workflow(one.id).get_result()
    return ending


def _attach(
    data: Path, case_id: str, watcher: Watcher, offset: int, *, forever: bool = False
) -> tuple[Ending | None, int]:
    """Follow a case that another process runs; without an ending when that process has gone."""
    with history.client(data) as opened:
        while True:
            for line in history.lines(opened, case_id, offset, patience=1.0):
                offset += 1
                event = event_of(line)
                watcher(case_id, event)
                if isinstance(event, Closed):
                    return event.ending, offset
            if not forever and _is_free(data):
                return None, offset


def _is_free(data: Path) -> bool:
    with Ownership(data) as ownership:
        return ownership.take()
