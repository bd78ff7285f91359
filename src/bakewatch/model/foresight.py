"""What a check could see, said before it looks."""

from msgspec import Struct

from bakewatch.model.habit import Novelty

RATIOS = (1.5, 2.0, 5.0, 10.0)
"""So many times more, or for a floor less, than before."""


class Foresight(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one check would find in a whole bake, with the traffic and the habits there were."""

    check: str
    per_minute: float
    """What it is exposed to in a minute of the plan: matches of `of`, actions, else seconds."""
    rate: float | None
    """Before the deploy: a share, events per minute of the plan, or requests per action; None: nothing is known."""
    could_see: float | None
    """The smallest share, rate per minute, loss or mean that it finds with 95 % by the end; None when nothing."""
    target: float | None
    """What it must be able to find for a pass."""
    minutes: tuple[float | None, ...] = ()
    """In how many minutes it finds each of `RATIOS` with 95 %; None: not within the bake. Empty for a policy."""
    novelty: Novelty | None = None
    """Of rule `novelty`: how often it would have fired when nothing happened."""

    @property
    def sharp(self) -> bool:
        """Will it be able to see its declared effect?"""
        return self.could_see is not None and self.target is not None and self.could_see <= self.target
