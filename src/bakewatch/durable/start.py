"""Start a case, resume the unfinished ones, or attach to what another process runs."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from bakewatch import app
from bakewatch.durable import history, workflow
from bakewatch.durable.engine import engine, hand_over, hindrance
from bakewatch.durable.lock import Ownership
from bakewatch.durable.signals import Interrupts
from bakewatch.errors import ConfigError
from bakewatch.model.timeline import Event, event_of
from bakewatch.model.verdict import Ending
from bakewatch.ports import Message

Watcher = Callable[[str, Event], None]
"""Told of every event: (case id, event)."""


class Stopped(Exception):
    """Cases that stopped before their ends: *cases* says why, *endings* how the others ended."""

    def __init__(self, cases: dict[str, str], endings: dict[str, Ending]) -> None:
        self.cases, self.endings = cases, endings
        super().__init__(", ".join(cases))


def verify(order: app.Order, watcher: Watcher) -> Ending:
    """Run *order* to its end, or attach to it when it is running or over; at most one process does the work.

    `Stopped` when it stops before. `ConfigError` when it cannot be run here, or another unfinished case cannot go on:
    nothing is started then.
    """
    return _see_through(Path(order.data), [order.id], watcher, order)[order.id]


def resume(data: Path, watcher: Watcher) -> dict[str, Ending]:
    """Take up every case that is not over, and see them all to their ends; errors as for `verify`.

    One that was set aside and cannot be run here keeps resting, unless it is the only one.
    """
    cases = [one for one in history.cases(data) if one.ending is None]
    ids = [one.id for one in cases if one.running or hindrance(one.order) is None]
    for one in cases if not ids else ():
        _require(one)
    return _see_through(data, ids, watcher)


def stop(data: Path, case_id: str, message: Message) -> bool:
    """Tell a case to end. Does a process hear it now? Else the case rests, and hears it when it is resumed."""
    history.say(data, case_id, message)
    with Ownership(data) as ownership:
        if ownership.take():
            history.set_aside(data, case_id)
            return False
    return True


def _see_through(data: Path, ids: list[str], watcher: Watcher, order: app.Order | None = None) -> dict[str, Ending]:
    """Follow the cases *ids* to their ends. Whoever gets hold of the directory does the work; the others look on."""
    following = _Following(data, ids, watcher)
    while following.left:
        with Ownership(data) as ownership:
            if ownership.take():
                _check(data, ids, order)
                with Interrupts() as interrupts, engine(data, ownership):
                    hand_over(data, ids, order)
                    following.follow(lambda case_id: case_id in workflow.LEFT, interrupts.check)
                    _wait_for_others(data, interrupts.check)
                break
        try:
            hand_over(data, following.left, order)
        except history.NoRecord:  # its owner is about to make it
            time.sleep(0.2)
        else:
            following.follow(lambda _: _is_free(data))
    return following.endings()


class _Following:
    """Cases on their way to their ends, and what the watcher has been told of them."""

    def __init__(self, data: Path, ids: list[str], watcher: Watcher) -> None:
        self._data, self._watcher = data, watcher
        self._told = dict.fromkeys(ids, 0)
        self._found: dict[str, history.Recorded] = {}

    @property
    def left(self) -> list[str]:
        """Those that neither ended nor stopped."""
        return [case_id for case_id in self._told if case_id not in self._found]

    def follow(self, gone: Callable[[str], bool], check: Callable[[], None] = lambda: None) -> None:
        """Tell what happens until all have ended or stopped, or nobody goes on with them.

        *check* is called now and then, and may raise.
        """
        with history.client(self._data) as opened:
            for case_id in self.left:
                while True:
                    # How it stands is asked before its events are read, so that the last of them are among these.
                    one = history.one_of(opened, case_id)
                    for line in history.lines(opened, case_id, self._told[case_id], patience=1.0):
                        check()
                        self._told[case_id] += 1
                        self._watcher(case_id, event_of(line))
                    if not one.running:
                        self._found[case_id] = one
                        break
                    check()
                    if gone(case_id):
                        break

    def endings(self) -> dict[str, Ending]:
        """How all of them ended; `Stopped` when some did not."""
        endings = {case_id: one.ending for case_id, one in self._found.items() if one.ending is not None}
        stopped = {
            case_id: workflow.LEFT.get(case_id) or self._found[case_id].cause
            for case_id in self._told
            if case_id not in endings
        }
        if stopped:
            raise Stopped(stopped, endings)
        return endings


def _check(data: Path, ids: list[str], order: app.Order | None) -> None:
    """What starting the engine takes up must be able to go on here: `ConfigError` before anything is started."""
    try:
        known = {one.id: one for one in history.cases(data)}
    except history.NoRecord:
        known = {}
    for one in known.values():
        if one.running or (one.stopped and one.id in ids):
            _require(one)
    if order is not None and order.id not in known:
        app.world(order)


def _require(one: history.Recorded) -> None:
    error = hindrance(one.order)
    if error is not None:
        missing = re.search(r"environment variable (\w+)", error.what)
        right = f"export {missing[1]}=…" if missing else error.right or "put that right"
        what = f"{one.id} is unfinished and cannot go on: {error.what}"
        raise ConfigError(what, right=f"{right}, or end it with `bakewatch stop {one.id}`")


def _wait_for_others(data: Path, check: Callable[[], None]) -> None:
    """See what else runs in this process to its end before leaving: others may have enqueued it meanwhile."""
    while any(one.running and one.id not in workflow.LEFT for one in history.cases(data)):
        check()
        time.sleep(0.5)


def _is_free(data: Path) -> bool:
    with Ownership(data) as ownership:
        return ownership.take()
