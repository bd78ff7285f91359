"""Before anything is done about a release, what speaks against it is asked once more."""

from collections.abc import Sequence

from msgspec import Struct

from bakewatch.errors import PortError
from bakewatch.flow.case import Case
from bakewatch.flow.look import second_query, walk
from bakewatch.flow.oracle import prospect
from bakewatch.flow.production import see
from bakewatch.model.bake import Watch
from bakewatch.model.hosting import Prospect
from bakewatch.model.journey import JourneyRun
from bakewatch.model.observation import Observation
from bakewatch.model.release import Relation


class Doubt(Struct, frozen=True):
    """What is asked again before anything is done."""

    second: tuple[Observation, ...]
    tip_is_release: bool
    elsewhere: bool
    """Production serves something else by now: what was seen last may be the work of that."""
    prospect: Prospect | None = None


class Examined(Struct, frozen=True):
    """Walks through the previous deployment."""

    runs: tuple[JourneyRun, ...]


def ask_again(case: Case, watch: Watch, culprits: Sequence[str]) -> Doubt:
    """Ask the failing checks by a second query, whether the release is still the tip and live, and whether production
    may go back. Inside a step."""
    names = [name for kind, _, name in (one.partition(":") for one in culprits) if kind == "check"]
    try:
        same_tip = case.world.repository.tip() == case.release.commit
    except PortError:
        same_tip = False
    second = second_query(case.world, watch, names)
    served = {one.relation for one in see(case.world, case.release, case.release.commit).sightings}
    return Doubt(
        second=second,
        tip_is_release=same_tip,
        elsewhere=bool(served - {Relation.SAME, Relation.UNKNOWN}),
        prospect=prospect(case.world, case.release, case.plan),
    )


def cross_examine(case: Case, names: Sequence[str]) -> Examined:
    """Walk the journeys called *names* through the parent's deployment, where that still answers. Inside a step.

    Not being able to walk there is no evidence, and neither is a walk that passes: only one that fails alike acquits.
    """
    try:
        address = case.world.platform.earlier(case.release.parent)
    except PortError:
        address = ""
    journeys = [one for one in case.plan.journeys if one.name in names] if address else []
    return Examined(runs=tuple(walk(case.world, case.plan, one, case.tag, address) for one in journeys))
