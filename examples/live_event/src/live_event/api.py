"""The live event itself: `/api`.

An event's policy is `auto` ("enter without registering": `access/track` registers whoever comes) or `closed` (whoever
comes without a registration is sent to register).
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from live_event import data
from live_event.context import Refusal, administrator, body_of, reply, rest, signed_in, visitor
from live_event.rest import Rest, Row


async def _event(tables: Rest, request: Request) -> Row:
    event = await data.event(tables, request.path_params["event"])
    if event is None:
        raise Refusal(404, "no_such_event", "There is no such event.")
    return event


async def _registered(tables: Rest, event: str, user: str) -> None:
    """Refuse whoever is not registered."""
    if await data.registration(tables, event, user) is None:
        raise Refusal(403, "not_registered", "Enter the event first.")


async def _admitted(tables: Rest, event: Row, user: str) -> bool:
    """Is the user registered? Refuses whoever has to be, and is not."""
    registered = await data.registration(tables, event["id"], user) is not None
    if event["policy"] == "closed" and not registered:
        raise Refusal(403, "registration_needed", "Register for this event first.")
    return registered


async def _text(request: Request) -> str:
    body: Any = (await body_of(request)).get("body")
    if not isinstance(body, str) or not body.strip():
        raise Refusal(422, "empty_body", "There is nothing to say.")
    return body.strip()[:500]


async def list_events(request: Request) -> Response:
    """The public events."""
    return reply({"events": await data.events(rest(request))})


async def live(request: Request) -> Response:
    """What the live page shows."""
    who = signed_in(request, 403)
    tables = rest(request)
    event = await _event(tables, request)
    registered = await _admitted(tables, event, who.id)
    messages = await data.messages(tables, event["id"])
    return reply({"event": event, "registered": registered, "messages": messages})


async def register(request: Request) -> Response:
    """Somebody registers, under either policy; once, however often it is said."""
    who = signed_in(request)
    tables = rest(request)
    event = await _event(tables, request)
    new = await data.register(tables, event["id"], who.id)
    return reply({"registered": True, "created": new}, 201 if new else 200)


async def track(request: Request) -> Response:
    """Somebody enters, and is registered by that where the event's policy is `auto`."""
    who = signed_in(request)
    tables = rest(request)
    event = await _event(tables, request)
    if event["policy"] == "closed":
        await _admitted(tables, event, who.id)
    created = await data.register(tables, event["id"], who.id)
    await data.note_access(tables, event["id"], who.id)
    return reply({"registered": True, "created": created})


async def ping(request: Request) -> Response:
    """Somebody is still watching. Registers nobody."""
    who = signed_in(request)
    tables = rest(request)
    event: str = request.path_params["event"]
    await _registered(tables, event, who.id)
    await data.be_present(tables, event, who.id)
    return Response(status_code=204)


async def read_chat(request: Request) -> Response:
    """The newest messages."""
    signed_in(request)
    return reply({"messages": await data.messages(rest(request), request.path_params["event"])})


async def write_chat(request: Request) -> Response:
    """A message by somebody who is registered."""
    who = signed_in(request)
    text = await _text(request)
    tables = rest(request)
    event: str = request.path_params["event"]
    await _registered(tables, event, who.id)
    return reply({"body": text} | await data.say(tables, event, who.id, text), 201)


async def read_questions(request: Request) -> Response:
    """The newest questions."""
    signed_in(request)
    return reply({"questions": await data.questions(rest(request), request.path_params["event"])})


async def ask(request: Request) -> Response:
    """A question by somebody who is registered."""
    who = signed_in(request)
    text = await _text(request)
    tables = rest(request)
    event: str = request.path_params["event"]
    await _registered(tables, event, who.id)
    return reply({"body": text} | await data.ask(tables, event, who.id, text), 201)


async def replay(request: Request) -> Response:
    """What was said and asked, for whoever comes late."""
    signed_in(request)
    return reply({"replay": await data.replay(rest(request), request.path_params["event"])})


async def access_stats(request: Request) -> Response:
    """For administrators: how many are watching, and who came when."""
    administrator(request)
    tables = rest(request)
    event = await _event(tables, request)
    now = await data.participants_now(tables, event["id"])
    return reply({"currentParticipants": now, "timeline": await data.timeline(tables, event["id"])})


async def leave(request: Request) -> Response:
    """Somebody leaves the event for good."""
    who = signed_in(request)
    tables = rest(request)
    event: str = request.path_params["event"]
    removed = await data.unregister(tables, event, who.id)
    await data.be_absent(tables, event, who.id)
    return reply({"removed": removed})


async def sweep(request: Request) -> Response:
    """For administrators: take away what a watcher wrote into hidden events."""
    administrator(request)
    tag = (await body_of(request)).get("tag")
    if not isinstance(tag, str) or not tag:
        raise Refusal(422, "no_tag", "Say which tag.")
    return reply({"tag": tag, "removed": await data.sweep(rest(request), tag)})


async def home(request: Request) -> Response:
    """The front page."""
    greeting = "Welcome back" if visitor(request) else "Welcome"
    page = f"<!doctype html><html lang=en><title>Live event</title><h1>Live event</h1><p>{greeting}: see /api/events"
    return Response(page, media_type="text/html")
