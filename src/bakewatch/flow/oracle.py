"""Ask whether production may go back to an earlier deployment, before anything is done."""

from bakewatch.errors import HostingError, PortError
from bakewatch.judge import oracle
from bakewatch.model.hosting import Hosted, Prospect
from bakewatch.model.plan import Plan
from bakewatch.model.release import Release
from bakewatch.ports import Hosting, World


def prospect(world: World, release: Release, plan: Plan) -> Prospect | None:
    """The newest deployment to go back to and what speaks against it; None without a platform that can.
    Inside a step.

    It lies before the release, has served production and is not known to be harmful itself.
    """
    if world.hosting is None:
        return None
    try:
        target = _target(world, world.hosting, release)
        return (
            oracle.impossible("no_target") if target is None else _weighed(world, world.hosting, release, plan, target)
        )
    except PortError as error:
        return None if error.code == "not_supported" else oracle.unknown(error.code)


def _target(world: World, hosting: Hosting, release: Release) -> Hosted | None:
    return next(
        (
            one
            for one in hosting.candidates()
            if one.commit
            and world.repository.contains(release.parent, one.commit)
            and world.archive.ended(one.commit) not in oracle.HARMFUL
        ),
        None,
    )


def _weighed(world: World, hosting: Hosting, release: Release, plan: Plan, target: Hosted) -> Prospect:
    try:
        differences = hosting.differences(target.id)
    except HostingError as error:
        if error.code == "gone":
            return oracle.impossible("target_gone", target)
        raise
    facts = oracle.Facts(
        target=target,
        differences=differences,
        migrations=world.repository.touches(target.commit, release.commit, plan.undo.migrations),
        ended=world.archive.ended(target.commit),
    )
    return oracle.weigh(release, facts)
