"""What is sent when a case changes its state."""

from datetime import datetime

from msgspec import Struct

from bakewatch.model.journey import JourneyRun
from bakewatch.model.verdict import Evidence, Reason


class Notice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One transition, told once. `key` lets a receiver drop a repetition."""

    key: str
    transition: str
    """`asked`, `needs_a_person`, or the ending: `passed`, `undone`, `inconclusive`, `never_deployed`, `not_undone`,
    `not_cured`.
    `stopped` is no ending: a bug of ours stopped the case, and `bakewatch resume` tries again."""
    bake_id: str
    service: str
    commit: str
    at: datetime
    pulls: tuple[int, ...] = ()
    triggers: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """What the checks that carried the triggers weigh."""
    walks: tuple[JourneyRun, ...] = ()
    """The last walks of the journeys that carried them."""
    revert: str = ""
    link: str = ""
    """Where a person goes on: the pull request that waits for one."""
    approve: str = ""
    """The command that approves, when a person is asked."""
    comment: str = ""
    """The comment on a pull request that approves as well, where there is a forge."""
    until: datetime | None = None
