"""The story as a DBOS workflow: its input and its result are text, its identity is the case's."""

import msgspec
from dbos import DBOS

from bakewatch import app
from bakewatch.durable.runtime import STREAM, DbosRuntime
from bakewatch.flow.case import Case
from bakewatch.flow.verify import verify

NAME = "verify"


@DBOS.workflow(name=NAME)
def run(order_json: str) -> str:
    """Run the story of one order; returns its ending."""
    order = msgspec.json.decode(order_json, type=app.Order)
    case = Case(
        world=app.world(order),
        run=DbosRuntime(),
        release=order.release,
        plan=order.plan,
        attempt=order.attempt,
        plan_from=order.plan_from,
    )
    ending = verify(case)
    DBOS.close_stream(STREAM)
    return ending.value
