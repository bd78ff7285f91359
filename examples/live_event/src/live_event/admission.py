"""Who may come in. An event's policy is `auto` (entering it registers) or `closed` (one registers first)."""

from live_event import data
from live_event.context import Refusal, Visitor
from live_event.rest import Rest, Row


async def find_event(tables: Rest, event: str) -> Row:
    """The event; refused when there is none."""
    found = await data.event(tables, event)
    if found is None:
        raise Refusal(404, "no_such_event", "There is no such event.")
    return found


async def registered(tables: Rest, event: str, user: str) -> None:
    """Refuse whoever is not registered."""
    if await data.registration(tables, event, user) is None:
        raise Refusal(403, "not_registered", "Enter the event first.")


async def admitted(tables: Rest, event: Row, who: Visitor) -> None:
    """Refuse whoever has to be registered, and is not. Administrators need not be."""
    if who.administers:
        return
    if event["policy"] == "closed" and await data.registration(tables, event["id"], who.id) is None:
        raise Refusal(403, "registration_needed", "Register for this event first.")
