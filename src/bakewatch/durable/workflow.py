"""The story as a DBOS workflow: its input and its result are text, its identity is the case's."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import msgspec
from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from bakewatch import app
from bakewatch.durable import history
from bakewatch.durable.archive import Archive
from bakewatch.durable.runtime import GATE, STREAM, DbosRuntime, Left, clock
from bakewatch.errors import ConfigError, PortError, cause_of
from bakewatch.flow.case import Case
from bakewatch.flow.verify import verify
from bakewatch.model.notice import Notice
from bakewatch.ports import World

NAME = "verify"
STOPPED = "stopped"
"""The transition that people are told of when a case stops on a bug or a full disk. It is no ending: it can go on."""

LEFT: dict[str, str] = {}
"""Cases that this process goes on with no further, and why."""


@DBOS.workflow(name=NAME)
def run(order_json: str) -> str:
    """Run the story of one order; returns its ending."""
    order = msgspec.json.decode(order_json, type=app.Order)
    LEFT.pop(order.id, None)
    case = Case(
        world=_world(order),
        run=DbosRuntime(),
        release=order.release,
        plan=order.plan,
        attempt=order.attempt,
        plan_from=order.plan_from,
        replayed=order.replayed,
        left=order.left,
    )
    with _Watched(case, Path(order.data)):
        ending = verify(case)
        DBOS.close_stream(STREAM)
    return ending.value


def _world(order: app.Order) -> World:
    """The vendors. An order that came from another process may need a secret that only that one has: it is left."""
    try:
        return replace(app.world(order), archive=Archive(Path(order.data)))
    except ConfigError as error:
        LEFT[order.id] = str(error)
        raise Left from error


class _Watched:
    """Sets a case aside that a bug of ours or a full disk stops, so that it can go on; DBOS would end it for good."""

    def __init__(self, case: Case, data: Path) -> None:
        self._case, self._data = case, data

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        bug = error.__cause__ if isinstance(error, Left) else error
        if GATE.closed and error is not None:
            # The engine is going: whatever that raises is no bug.
            raise Left
        if isinstance(bug, Exception):
            why = cause_of(bug)
            self._tell()
            # Where nothing can be written, the case stays unfinished, which is as good.
            with suppress(SQLAlchemyError, ConfigError):
                history.set_aside(self._data, self._case.id, why)
            LEFT[self._case.id] = why
            raise Left from bug

    def _tell(self) -> None:
        """Once, and outside the record: a replay knows nothing of the bug."""
        case = self._case
        notice = Notice(
            key=f"{case.id}#{STOPPED}",
            transition=STOPPED,
            bake_id=case.id,
            service=case.plan.service.name,
            commit=case.release.commit,
            at=clock(),
            pulls=case.release.pulls,
        )
        with suppress(PortError):
            case.world.notifier.notify(notice)
