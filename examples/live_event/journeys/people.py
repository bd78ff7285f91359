"""Who walks through the live event."""

from collections.abc import Callable
from dataclasses import dataclass

Expect = Callable[[object, str], None]
"""The fixture `expect`."""


@dataclass(frozen=True)
class Account:
    """Somebody who is signed in."""

    id: str
    headers: dict[str, str]
