"""Show at the pull requests and at the commit how a case stands."""

from msgspec import Struct

from bakewatch.errors import PortError
from bakewatch.flow.case import Case
from bakewatch.model.timeline import Event, Published
from bakewatch.report.bulletin import bulletin, trace
from bakewatch.report.compose import compose


class Shown(Struct, frozen=True):
    """How showing it went."""

    problem: str = ""


def announce(case: Case, stage: str, *coming: Event) -> None:
    """Show the report so far, with what is *coming* at once, in place of what was shown before; nothing where there is
    nowhere to show it. Trouble there is noted, and changes nothing.
    """
    forge = case.world.forge
    if forge is None:
        return
    timeline = (*case.timeline, *coming)
    told = bulletin(compose(timeline, case.run.now()), case.plan.service.language, trace(timeline))

    def show() -> Shown:
        try:
            forge.publish(told)
        except PortError as error:
            return Shown(problem=error.code)
        return Shown()

    shown = case.run.step("publish", Shown, show)
    case.note(Published(at=case.run.now(), stage=stage, problem=shown.problem))
