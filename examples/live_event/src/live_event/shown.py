"""Rows as one user may see them: under a pseudonym, and without what an administrator has hidden."""

from dataclasses import dataclass
from typing import Any

from live_event.context import Visitor
from live_event.realtime import Change
from live_event.rest import Row
from live_event.shapes import Message, Question
from live_event.tokens import pseudonym

_KINDS = {"chat_messages": "message", "questions": "question"}


@dataclass(frozen=True)
class Eyes:
    """Those of *who*, on one event."""

    who: Visitor
    event: str
    secret: str

    def message(self, row: Row) -> Row:
        """A chat message, in the shape of `shapes.Message`."""
        return self._signed(row) | {"hidden": row["hidden"]}

    def question(self, row: Row) -> Row:
        """A question, in the shape of `shapes.Question`."""
        return self._signed(row) | {"state": row["state"]}

    def frame(self, change: Change) -> dict[str, Any]:
        """What a socket says of a change; *gone* where the row is hidden."""
        kind, row = _KINDS[change.table], change.row
        hidden = row.get("hidden") or row.get("state") == "hidden"
        if hidden and not self.who.administers:
            return {"kind": "gone", "what": kind, "id": row["id"]}
        shown = Message(**self.message(row)) if kind == "message" else Question(**self.question(row))
        return {"kind": kind, kind: shown.model_dump(mode="json")}

    def _signed(self, row: Row) -> Row:
        author = str(row["user_id"])
        return {
            "id": row["id"],
            "author": pseudonym(self.secret, self.event, author),
            "mine": author == self.who.id,
            "body": row["body"],
            "created_at": row["created_at"],
        }
