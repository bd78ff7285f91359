"""What is sent when a case changes its state."""

from datetime import datetime

from msgspec import Struct

from bakewatch.model.verdict import Reason


class Notice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One transition, told once. `key` lets a receiver drop a repetition."""

    key: str
    transition: str
    """`asked`, or the ending: `passed`, `undone`, `inconclusive`, `never_deployed`, `not_undone`, `not_cured`."""
    bake_id: str
    service: str
    commit: str
    at: datetime
    pulls: tuple[int, ...] = ()
    triggers: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    revert: str = ""
    approve: str = ""
    """The command that approves, when a person is asked."""
    until: datetime | None = None
