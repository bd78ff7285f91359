"""The live event itself: `/api`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from live_event import data
from live_event.admission import admitted, find_event, registered
from live_event.context import Administrator, Entering, Refusal, SignedIn, Tables, service
from live_event.rest import Row
from live_event.shapes import (
    LARGEST,
    Admission,
    Events,
    Judgement,
    Live,
    Message,
    Messages,
    Moderation,
    Question,
    Questions,
    Removal,
    Replay,
    Statistics,
    Sweep,
    Swept,
    Words,
    refusals,
)
from live_event.shown import Eyes

router = APIRouter()
Before = Annotated[int, Query(ge=1, le=LARGEST, description="Only what has a smaller id.")]
RowId = Annotated[int, Path(ge=1, le=LARGEST)]


async def _event(tables: Tables, event: str) -> Row:
    return await find_event(tables, event)


Found = Annotated[Row, Depends(_event)]
E = "/api/events/{event}"


def _eyes(request: Request, who: SignedIn, event: str) -> Eyes:
    return Eyes(who, event, service(request).secret)


SeenBy = Annotated[Eyes, Depends(_eyes)]


@router.get("/api/events", response_model=Events)
async def list_events(tables: Tables) -> Row:
    """The public events."""
    return {"events": await data.events(tables)}


@router.get(f"{E}/live", response_model=Live, responses=refusals(400, 403, 404))
async def live(request: Request, who: Entering, tables: Tables, event: Found) -> Row:
    """What the live page shows."""
    known = await data.registration(tables, event["id"], who.id) is not None
    if event["policy"] == "closed" and not (known or who.administers):
        raise Refusal(403, "registration_needed", "Register for this event first.")
    eyes = Eyes(who, event["id"], service(request).secret)
    messages = await data.messages(tables, event["id"], hidden=who.administers)
    return {"event": event, "registered": known, "messages": list(map(eyes.message, messages))}


@router.post(
    f"{E}/registrations", response_model=Admission, responses=refusals(201, shape=Admission) | refusals(400, 401, 404)
)
async def register(who: SignedIn, tables: Tables, event: Found, response: Response) -> Row:
    """Somebody registers, under either policy; once, however often it is said."""
    new = await data.register(tables, event["id"], who.id)
    response.status_code = 201 if new else 200
    return {"registered": True, "created": new}


@router.delete(f"{E}/registrations/me", response_model=Removal, responses=refusals(400, 401))
async def leave(who: SignedIn, tables: Tables, event: str) -> Row:
    """Somebody leaves the event for good."""
    removed = await data.unregister(tables, event, who.id)
    await data.be_absent(tables, event, who.id)
    return {"removed": removed}


@router.post(f"{E}/access/track", response_model=Admission, responses=refusals(400, 401, 403, 404))
async def track(who: SignedIn, tables: Tables, event: Found) -> Row:
    """Somebody enters, and is registered by that where the event's policy is `auto`."""
    await admitted(tables, event, who)
    created = await data.register(tables, event["id"], who.id)
    await data.note_access(tables, event["id"], who.id)
    return {"registered": True, "created": created}


@router.post(f"{E}/presence/ping", status_code=204, responses=refusals(400, 401, 403))
async def ping(who: SignedIn, tables: Tables, event: str) -> None:
    """Somebody is still watching. Registers nobody."""
    await registered(tables, event, who.id)
    await data.be_present(tables, event, who.id)


@router.get(f"{E}/chat", response_model=Messages, responses=refusals(400, 401, 403, 404, 422))
async def read_chat(who: SignedIn, tables: Tables, event: Found, eyes: SeenBy, before: Before = LARGEST) -> Row:
    """The newest messages."""
    await admitted(tables, event, who)
    messages = await data.messages(tables, event["id"], before, hidden=who.administers)
    return {"messages": list(map(eyes.message, messages))}


@router.post(f"{E}/chat", status_code=201, response_model=Message, responses=refusals(400, 401, 403, 422, 429))
async def write_chat(who: SignedIn, tables: Tables, event: str, eyes: SeenBy, words: Words) -> Row:
    """A message by somebody who is registered."""
    await registered(tables, event, who.id)
    return eyes.message(_kept(await data.say(tables, event, who.id, words.body), data.CHAT_PACE))


@router.patch(f"{E}/chat/{{message}}", response_model=Message, responses=refusals(400, 401, 403, 404, 422))
async def moderate_chat(
    _: Administrator, tables: Tables, event: str, message: RowId, eyes: SeenBy, judged: Moderation
) -> Row:
    """For administrators: hide a message, or show it again."""
    row = await data.hide_message(tables, event, message, judged.hidden)
    if row is None:
        raise Refusal(404, "no_such_message", "There is no such message.")
    return eyes.message(row)


@router.get(f"{E}/questions", response_model=Questions, responses=refusals(400, 401, 403, 404, 422))
async def read_questions(who: SignedIn, tables: Tables, event: Found, eyes: SeenBy, before: Before = LARGEST) -> Row:
    """The newest questions."""
    await admitted(tables, event, who)
    questions = await data.questions(tables, event["id"], before, hidden=who.administers)
    return {"questions": list(map(eyes.question, questions))}


@router.post(
    f"{E}/questions", status_code=201, response_model=Question, responses=refusals(400, 401, 403, 409, 422, 429)
)
async def ask(who: SignedIn, tables: Tables, event: str, eyes: SeenBy, words: Words) -> Row:
    """A question by somebody who is registered."""
    await registered(tables, event, who.id)
    return eyes.question(_kept(await data.ask(tables, event, who.id, words.body), data.QUESTION_PACE))


@router.patch(f"{E}/questions/{{question}}", response_model=Question, responses=refusals(400, 401, 403, 404, 422))
async def moderate_question(
    _: Administrator, tables: Tables, event: str, question: RowId, eyes: SeenBy, judged: Judgement
) -> Row:
    """For administrators: say what has become of a question."""
    row = await data.judge_question(tables, event, question, judged.state)
    if row is None:
        raise Refusal(404, "no_such_question", "There is no such question.")
    return eyes.question(row)


@router.get(f"{E}/replay", response_model=Replay, responses=refusals(400, 401, 403, 404, 500))
async def replay(who: SignedIn, tables: Tables, event: Found) -> Row:
    """What was said and asked, for whoever comes late."""
    await admitted(tables, event, who)
    return {"replay": await data.replay(tables, event["id"])}


@router.get(f"{E}/stats/access", response_model=Statistics, responses=refusals(400, 401, 403, 404))
async def access_stats(_: Administrator, tables: Tables, event: Found) -> Row:
    """For administrators: how many are watching, and how many were in each minute."""
    now = await data.participants_now(tables, event["id"])
    return {"currentParticipants": now, "timeline": await data.timeline(tables, event["id"])}


@router.post("/api/admin/sweep", response_model=Swept, responses=refusals(400, 401, 403, 422))
async def sweep(_: Administrator, tables: Tables, wanted: Sweep) -> Row:
    """For administrators: take away what a watcher wrote into hidden events."""
    return {"tag": wanted.tag, "removed": await data.sweep(tables, wanted.tag)}


def _kept(row: Row | None, pace: int) -> Row:
    """What was written; refused when the user writes too fast."""
    if row is None:
        raise Refusal(429, "too_fast", "Not so fast: wait a little before you write again.", again=pace)
    return row
