"""DBOS on one data directory, and how cases are given to the process that runs it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from dbos import DBOS

from bakewatch import app
from bakewatch.durable import history, workflow
from bakewatch.durable.lock import Ownership
from bakewatch.durable.runtime import GATE
from bakewatch.errors import ConfigError

QUEUE = "bakes"
VERSION = "flow-2"
"""Recovery takes up only cases of the same version: it changes only when the order of steps does."""

PATIENCE = 25.0
"""Seconds that a process which is told to stop waits for what it is just doing."""


@contextmanager
def engine(data: Path, ownership: Ownership) -> Iterator[None]:
    """DBOS on this data directory. Launching it takes up what an earlier process left unfinished.

    When it is left in disorder (interrupted, or by a bug) nothing new begins, what is just being done may end, and the
    directory stays owned until this process has gone: nobody else begins anew what may still be under way here.
    """
    workflow.LEFT.clear()
    GATE.open()
    orderly = False
    try:
        with history.readable(data):
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
        yield
        orderly = True
    finally:
        if not orderly:
            ownership.keep()
        GATE.close(PATIENCE)
        DBOS.destroy()


def hand_over(data: Path, ids: Sequence[str], order: app.Order | None = None) -> None:
    """Give cases to the process that owns the directory, this one or another: a new one, and those set aside."""
    with history.client(data) as opened:
        if order is not None:
            text = msgspec.json.encode(order).decode()
            opened.enqueue({"workflow_name": workflow.NAME, "queue_name": QUEUE, "workflow_id": order.id}, text)
        for case_id in ids:
            if history.one_of(opened, case_id).stopped:
                opened.resume_workflow(case_id)


def hindrance(order: app.Order) -> ConfigError | None:
    """Why *order* cannot be run here, such as a secret that is missing; None when it can."""
    try:
        app.world(order)
    except ConfigError as error:
        return error
    return None
