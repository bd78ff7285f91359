"""Wait while a person is asked: for what the case itself is told and, where there is a forge, for comments."""

from datetime import datetime

from msgspec import Struct

from bakewatch.errors import PortError
from bakewatch.flow.case import Case
from bakewatch.model.timeline import Asked
from bakewatch.ports import Forge, Message

HEAR_EVERY = "15s"
"""So often the pull requests are read meanwhile: a forge's API has a budget."""


class Heard(Struct, frozen=True):
    """What somebody answered at a pull request, if anybody did."""

    message: Message | None = None


def hear(case: Case, until: datetime, asked: Asked) -> Message | None:
    """Wait *until* then for an answer to what was *asked*; a message wakes early.

    What is written at a pull request after the question was over is none, whenever it is read.

    Without a forge, or pull requests, a nudge is returned like any other message; else it lets them be read at once.
    What cannot be read is asked for again.
    """
    forge = case.world.forge
    if forge is None or not case.release.pulls:
        return case.run.wait_until(until)
    while True:
        heard = case.run.step("answers", Heard, lambda: _answered(forge, case, asked))
        if heard.message is not None:
            return heard.message
        due = min(until, case.run.now() + case.plan.span(HEAR_EVERY))
        message = case.run.wait_until(due)
        if message is not None and message.kind != "nudge":
            return message
        if message is None and due >= until:
            return None


def _answered(forge: Forge, case: Case, asked: Asked) -> Heard:
    try:
        return Heard(message=forge.answer(case.release, asked.at, asked.until))
    except PortError:
        return Heard()
