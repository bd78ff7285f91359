"""What is said to the service and what it answers. FastAPI checks both, and describes them in `/openapi.json`."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

LARGEST = 2**63 - 1
"""The largest id that PostgreSQL's bigint holds."""
LONGEST = 500
"""So many letters a message or a question may have."""
UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
"""What JSON can say and PostgreSQL cannot hold: NUL, and half of a surrogate pair."""

State = Literal["waiting", "answered", "hidden"]


def writable(text: str) -> str:
    """The text, if PostgreSQL can hold it."""
    if UNWRITABLE.search(text):
        raise PydanticCustomError("unwritable", "The request body holds characters that are no text.")
    return text


def _words(text: str) -> str:
    words = writable(text).strip()
    if not words:
        raise PydanticCustomError("empty_body", "There is nothing to say.")
    if len(words) > LONGEST:
        raise PydanticCustomError("too_long", "That is too long: at most 500 letters.")
    return words


def _tag(text: str) -> str:
    if not writable(text):
        raise PydanticCustomError("no_tag", "Say which tag.")
    return text


class Said(BaseModel):
    """What a client says: of exactly these types."""

    model_config = ConfigDict(strict=True)


class Words(Said):
    """A message or a question."""

    body: Annotated[str, AfterValidator(_words)]


class Moderation(Said):
    """Should others see the message?"""

    hidden: bool


class Judgement(Said):
    """What has become of the question?"""

    state: State


class Sweep(Said):
    """Whose traces should go?"""

    tag: Annotated[str, AfterValidator(_tag)]


class Event(BaseModel):
    """An event."""

    id: str
    title: str
    starts_at: datetime
    policy: Literal["auto", "closed"]


class Events(BaseModel):
    """The public events."""

    events: list[Event]


class Message(BaseModel):
    """A chat message; `author` is a pseudonym, the same throughout an event."""

    id: int
    author: str
    mine: bool
    body: str
    created_at: datetime
    hidden: bool


class Messages(BaseModel):
    """Chat messages, newest first."""

    messages: list[Message]


class Question(BaseModel):
    """A question; `author` is a pseudonym, the same throughout an event."""

    id: int
    author: str
    mine: bool
    body: str
    created_at: datetime
    state: State


class Questions(BaseModel):
    """Questions, newest first."""

    questions: list[Question]


class Live(BaseModel):
    """What the live page shows at first."""

    event: Event
    registered: bool
    messages: list[Message]


class Admission(BaseModel):
    """Somebody is registered now; `created` by this call?"""

    registered: Literal[True]
    created: bool


class Removal(BaseModel):
    """Was there a registration to remove?"""

    removed: bool


class Answered(BaseModel):
    """A message, and the question that it answers."""

    body: str
    question: str | None


class Replay(BaseModel):
    """What was said and asked."""

    replay: list[Answered]


class Minute(BaseModel):
    """How many people watched in a minute."""

    minute: datetime
    participants: int


class Statistics(BaseModel):
    """Who is watching, and how many were in each minute of the last hour."""

    currentParticipants: int
    timeline: list[Minute]


class Swept(BaseModel):
    """So many rows of each table went."""

    tag: str
    removed: dict[str, int]


class Health(BaseModel):
    """It can answer, database included."""

    status: str


class Version(BaseModel):
    """Which commit is served, by which deployment, since when."""

    commit: str
    deployment: str
    started_at: datetime


class Problem(BaseModel):
    """An answer that is not what was asked for."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str


class Credentials(BaseModel):
    """Who signs up or in."""

    email: Annotated[str, Field(pattern="@")]
    password: Annotated[str, Field(min_length=1)]


class Renewal(BaseModel):
    """A refresh token, good for once."""

    refresh_token: str


class User(BaseModel):
    """Somebody, as auth knows them."""

    id: UUID
    email: str
    role: str


class Session(BaseModel):
    """The tokens of somebody who has signed in."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    refresh_token: str
    user: User


class AuthProblem(BaseModel):
    """Why auth refuses."""

    code: int
    error_code: str
    msg: str


def refusals(*statuses: int, shape: type[BaseModel] = Problem) -> dict[int | str, dict[str, Any]]:
    """The refusals of an endpoint, as FastAPI's `responses` take them."""
    return {status: {"model": shape} for status in statuses}
