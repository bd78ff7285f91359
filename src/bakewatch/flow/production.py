"""What does production serve, and how does that stand to the commit we mean?"""

from datetime import datetime

from msgspec import Struct, structs

from bakewatch.errors import PortError
from bakewatch.model.hosting import Told
from bakewatch.model.release import Relation, Release, Sighting
from bakewatch.ports import World


class Seen(Struct, frozen=True):
    """One answer of all production addresses."""

    at: datetime
    sightings: tuple[Sighting, ...]
    told: Told | None = None
    """What the platform says of the awaited commit; None: it was not asked."""


def see(world: World, release: Release, awaited: str, *, hear: bool = False) -> Seen:
    """Ask every address once and relate what it serves to *awaited*; *hear* the platform too. Inside a step."""
    at = world.clock()
    try:
        sightings = world.platform.sight()
    except PortError as error:
        sightings = [Sighting(address=address, at=at, problem=error.code) for address in world.addresses]
    related = (structs.replace(one, relation=_relate(world, release, awaited, one.commit)) for one in sightings)
    told = world.hosting.tell(awaited) if hear and world.hosting is not None else None
    return Seen(at=at, sightings=tuple(related), told=told)


def _relate(world: World, release: Release, awaited: str, served: str) -> Relation:
    if not served:
        return Relation.UNKNOWN
    if awaited.startswith(served):
        return Relation.SAME
    try:
        if world.repository.contains(served, awaited):
            undo = world.repository.undone_by(release)
            reverted = bool(undo) and undo != awaited and world.repository.contains(served, undo)
            return Relation.REVERTED if reverted else Relation.NEWER
        return Relation.OLDER if world.repository.contains(awaited, served) else Relation.OTHER
    except PortError:
        return Relation.UNKNOWN
