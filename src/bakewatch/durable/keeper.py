"""The process that owns a data directory for as long as it is told to, and takes orders meanwhile."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from dbos import DBOSClient
from sqlalchemy.exc import SQLAlchemyError

from bakewatch import app
from bakewatch.durable import history, workflow
from bakewatch.durable.engine import engine, hand_over, hindrance
from bakewatch.durable.lock import Ownership
from bakewatch.durable.runtime import GATE
from bakewatch.durable.signals import Interrupts
from bakewatch.durable.start import Watcher
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import event_of, is_asking
from bakewatch.ports import Message

PAUSE = 0.5
"""Seconds between two looks at the record."""


@contextmanager
def keeping(data: Path) -> Iterator["Keeper"]:
    """Own *data* while the block lasts, and run every case there that is not over, set aside or not.

    One that cannot be run here rests. `ConfigError` when another process owns the directory: nothing is started then.
    """
    with Ownership(data) as ownership:
        if not ownership.take():
            what = "another process of bakewatch owns it"
            raise ConfigError(what, where=str(data), right="wait for it, end it, or name another `data`")
        cases = _unfinished(data)
        resting = {one.id: str(error) for one in cases if (error := hindrance(one.order)) is not None}
        with Interrupts() as interrupts, engine(data, ownership):
            hand_over(data, [one.id for one in cases if one.id not in resting])
            yield Keeper(data, [one.id for one in cases], resting, interrupts.check)


def _unfinished(data: Path) -> list[history.Recorded]:
    try:
        return [one for one in history.cases(data) if one.ending is None]
    except history.NoRecord:
        return []


class Keeper:
    """The cases of the owned directory. All but `watch` may be called from any thread."""

    def __init__(self, data: Path, ids: list[str], resting: dict[str, str], check: Callable[[], None]) -> None:
        self._data, self._check = data, check
        self.resting = resting
        """Cases that cannot be run here, and why."""
        self._followed = dict.fromkeys((case_id for case_id in ids if case_id not in resting), 0)
        """How many events of a case have been told."""
        self._over: set[str] = set()

    def running(self) -> int | None:
        """How many cases are running, or wait to be begun; None when the engine or its record has gone."""
        if GATE.closed:
            return None
        with suppress(ConfigError, SQLAlchemyError), history.client(self._data) as opened:
            return len(history.unfinished(opened) - self.resting.keys() - workflow.LEFT.keys())
        return None

    def of(self, commit: str) -> list[history.Recorded]:
        """The cases of the release *commit*, oldest attempt first."""
        return [one for one in history.cases(self._data) if one.order.release.commit == commit]

    def asking(self, number: int) -> list[history.Recorded]:
        """The running cases of pull request *number* that wait for a person's answer."""
        return [
            one
            for one in history.cases(self._data)
            if one.running and number in one.order.release.pulls and is_asking(history.timeline(self._data, one.id))
        ]

    def start(self, order: app.Order) -> bool:
        """Run *order*, unless its case is known, running or over: False."""
        with history.client(self._data) as opened:
            if opened.list_workflows(workflow_ids=[order.id]):
                return False
        # Should it have become known meanwhile, by another process, this begins no second one.
        hand_over(self._data, [], order)
        self._followed.setdefault(order.id, 0)
        return True

    def nudge(self, case_id: str) -> None:
        """Let a running case look at once at what it waits for."""
        history.say(self._data, case_id, Message(kind="nudge"))

    def watch(self, watcher: Watcher, left: Callable[[str, str], None], check: Callable[[], None]) -> NoReturn:
        """Tell *watcher* what happens in every case that is not over, and *left* (case id, why) of those that stop.

        It ends when *check*, which is called again and again, raises, or with `KeyboardInterrupt`.
        """
        known: dict[str, str | None] = {}
        with history.client(self._data) as opened:
            while True:
                for case_id in self._open(opened):
                    why = self._look(opened, case_id, watcher)
                    if why is not None and known.get(case_id) != why:
                        left(case_id, why)
                    known[case_id] = why
                self._check()
                check()
                time.sleep(PAUSE)

    def _open(self, opened: DBOSClient) -> list[str]:
        """The cases that may have gone on: others may have enqueued some here."""
        for case_id in history.unfinished(opened) - self.resting.keys():
            self._followed.setdefault(case_id, 0)
            self._over.discard(case_id)
        return [case_id for case_id in list(self._followed) if case_id not in self._over]

    def _look(self, opened: DBOSClient, case_id: str, watcher: Watcher) -> str | None:
        """Tell what is new in a case; why it stopped, if it did (empty: by a person)."""
        # How it stands is asked before its events are read, so that the last of them are among these.
        one = history.one_of(opened, case_id)
        for line in history.lines(opened, case_id, self._followed[case_id]):
            self._followed[case_id] += 1
            watcher(case_id, event_of(line))
        if one.running:
            return workflow.LEFT.get(case_id)
        self._over.add(case_id)
        return one.cause if one.stopped else None
