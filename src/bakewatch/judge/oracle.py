"""The rollback oracle: may production go back to an earlier deployment, and if not, why?"""

from msgspec import Struct

from bakewatch.model.hosting import Differences, Hosted, Prospect, Safety
from bakewatch.model.release import Release
from bakewatch.model.verdict import Ending, Reason

HARMFUL = {Ending.UNDONE, Ending.NOT_UNDONE, Ending.NOT_CURED}
"""A release whose case ended so is nothing to go back to."""


class Facts(Struct, frozen=True):
    """What is known of going back to one deployment."""

    target: Hosted
    differences: Differences
    migrations: bool
    """The way back crosses a migration."""
    ended: Ending | None
    """How the watch over the target's own release ended; None: it was not watched."""


def weigh(release: Release, facts: Facts) -> Prospect:
    """Safe, unless something would be left behind that the earlier deployment does not know.

    1. A migration between the two: the old code would meet the new schema.
    2. Environment variables or scheduled jobs that are others: the platform brings back the old ones.
    3. The target's own watch did not end with a pass. One that was never watched has only proved itself by serving.
    4. It is older than what the release replaced: more than the release would be taken back.
    """
    reasons = [Reason(code="target_migrations")] if facts.migrations else []
    if facts.differences.environment:
        numbers = {"variables": float(len(facts.differences.environment))}
        reasons.append(Reason(code="target_environment", numbers=numbers))
    if facts.differences.crons:
        reasons.append(Reason(code="target_crons"))
    if facts.ended not in (None, Ending.PASSED):
        reasons.append(Reason(code="target_not_passed"))
    if facts.target.commit != release.parent:
        reasons.append(Reason(code="target_older"))
    if reasons:
        return Prospect(safety=Safety.RISKY, target=facts.target, reasons=tuple(reasons))
    unwatched = (Reason(code="target_unwatched"),) if facts.ended is None else ()
    return Prospect(safety=Safety.SAFE, target=facts.target, reasons=unwatched)


def impossible(code: str, target: Hosted | None = None) -> Prospect:
    """There is nothing to go back to."""
    return Prospect(safety=Safety.IMPOSSIBLE, target=target, reasons=(Reason(code=code),))


def unknown(detail: str) -> Prospect:
    """Whoever knows could not be asked."""
    return Prospect(safety=Safety.UNKNOWN, reasons=(Reason(code="not_asked", detail=detail),))
