"""May we act now? Asked in the same step as the act: nothing stands between the look and the leap."""

from msgspec import Struct

from bakewatch.errors import PortError
from bakewatch.flow.case import Case
from bakewatch.flow.production import see
from bakewatch.model.release import Relation

NOT_TIP = "not_tip"


class Gate(Struct, frozen=True):
    """Empty when we may."""

    refusal: str = ""
    permanent: bool = True


def gate(case: Case, *, approved: bool, back: bool = False) -> Gate:
    """What one stale answer or one lost packet may have caused is asked again; the rest is final.

    *approved*: a person has decided, and may have seen that the branch has moved on. *back*: the platform has gone back
    already, so production serves what it served before.
    """
    brake = braked(case)
    if brake.refusal:
        return brake
    seen = see(case.world, case.release, case.release.commit)
    relations = {one.relation for one in seen.sightings}
    if not relations & ({Relation.SAME, Relation.OLDER} if back else {Relation.SAME}):
        if relations <= {Relation.UNKNOWN}:
            return Gate(refusal="production_unknown", permanent=False)
        newer = Relation.NEWER in relations
        return Gate(refusal="superseded" if newer else "replaced", permanent=newer)
    try:
        moved = case.world.repository.tip() != case.release.commit
    except PortError:
        return Gate(refusal="unreachable", permanent=False)
    return Gate(refusal=NOT_TIP) if moved and not approved else Gate()


def braked(case: Case) -> Gate:
    """The kill switch in the branch, and the opt-out at the pull requests."""
    brakes = [case.world.repository.brake(case.release)]
    if case.world.forge is not None:
        brakes.append(case.world.forge.brake(case.release))
    for brake in brakes:
        if brake.pulled:
            return Gate(refusal=brake.problem or "kill_switch", permanent=brake.problem != "brake_unreadable")
    return Gate()
