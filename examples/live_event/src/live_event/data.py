"""Everything the service asks of its tables: one function per call."""

from live_event.rest import Rest, Row
from live_event.shapes import LARGEST

CHAT_PACE, QUESTION_PACE = 10, 60
"""Seconds in which a user may write five of them: the triggers `pace` keep to it."""


async def events(rest: Rest) -> list[Row]:
    """The events that visitors may see."""
    return await rest.get(
        "events",
        {"select": "id,title,starts_at,policy", "hidden": "is.false", "order": "starts_at"},
        "SELECT id, title, starts_at, policy FROM events WHERE NOT hidden ORDER BY starts_at",
    )


async def event(rest: Rest, event_id: str) -> Row | None:
    """One event, hidden or not."""
    rows = await rest.get(
        "events",
        {"select": "id,title,starts_at,policy", "id": f"eq.{event_id}"},
        "SELECT id, title, starts_at, policy FROM events WHERE id = %s",
        event_id,
    )
    return rows[0] if rows else None


async def registration(rest: Rest, event_id: str, user_id: str) -> Row | None:
    """The registration of a user for an event, if there is one."""
    rows = await rest.get(
        "registrations",
        {"select": "event_id,created_at", "event_id": f"eq.{event_id}", "user_id": f"eq.{user_id}"},
        "SELECT registrations.event_id, registrations.created_at FROM registrations"
        " WHERE event_id = %s AND user_id = %s",
        event_id,
        user_id,
    )
    return rows[0] if rows else None


async def register(rest: Rest, event_id: str, user_id: str) -> bool:
    """Register a user by upsert. Was the registration created by this call?"""
    rows = await rest.call(
        "POST",
        "registrations",
        {"on_conflict": "event_id,user_id"},
        "INSERT INTO registrations (event_id, user_id, tag) VALUES (%s, %s, %s)"
        " ON CONFLICT (event_id, user_id) DO UPDATE SET last_seen_at = now() RETURNING (xmax = 0) AS created",
        event_id,
        user_id,
        rest.tag,
        ok=201,
    )
    return bool(rows[0]["created"])


async def unregister(rest: Rest, event_id: str, user_id: str) -> bool:
    """Take a user out of an event. Was there a registration?"""
    rows = await rest.call(
        "DELETE",
        "registrations",
        {"event_id": f"eq.{event_id}", "user_id": f"eq.{user_id}"},
        "DELETE FROM registrations WHERE event_id = %s AND user_id = %s RETURNING event_id",
        event_id,
        user_id,
    )
    return bool(rows)


async def note_access(rest: Rest, event_id: str, user_id: str) -> None:
    """Note that a user came in."""
    sql = "INSERT INTO access_log (event_id, user_id, tag) VALUES (%s, %s, %s)"
    await rest.call("POST", "access_log", {}, sql, event_id, user_id, rest.tag, ok=201)


async def be_present(rest: Rest, event_id: str, user_id: str) -> None:
    """Note that a user is watching now."""
    await rest.call(
        "POST",
        "presence",
        {"on_conflict": "event_id,user_id"},
        "INSERT INTO presence (event_id, user_id, tag) VALUES (%s, %s, %s)"
        " ON CONFLICT (event_id, user_id) DO UPDATE SET last_seen_at = now()",
        event_id,
        user_id,
        rest.tag,
        ok=201,
    )


async def be_absent(rest: Rest, event_id: str, user_id: str) -> None:
    """Forget that a user was watching."""
    await rest.call(
        "DELETE",
        "presence",
        {"event_id": f"eq.{event_id}", "user_id": f"eq.{user_id}"},
        "DELETE FROM presence WHERE event_id = %s AND user_id = %s",
        event_id,
        user_id,
        ok=204,
    )


async def messages(rest: Rest, event_id: str, before: int = LARGEST, *, hidden: bool = False) -> list[Row]:
    """The newest chat messages before that id, newest first; with the *hidden* ones?"""
    return await rest.get(
        "chat_messages",
        _newest("id,user_id,body,created_at,hidden", event_id, before) | ({} if hidden else {"hidden": "is.false"}),
        "SELECT id, user_id, body, created_at, hidden FROM chat_messages"
        " WHERE event_id = %s AND id < %s AND (%s OR NOT hidden) ORDER BY id DESC LIMIT 20",
        event_id,
        before,
        hidden,
    )


async def say(rest: Rest, event_id: str, user_id: str, body: str) -> Row | None:
    """Write a chat message. None: too many, too fast (trigger `pace`)."""
    sql = (
        "INSERT INTO chat_messages (event_id, user_id, body, tag) VALUES (%s, %s, %s, %s)"
        " RETURNING id, user_id, body, created_at, hidden"
    )
    rows = await rest.call("POST", "chat_messages", {}, sql, event_id, user_id, body, rest.tag, ok=201)
    return rows[0] if rows else None


async def hide_message(rest: Rest, event_id: str, message_id: int, hidden: bool) -> Row | None:
    """Hide a chat message, or show it again. None: there is no such message."""
    rows = await rest.call(
        "PATCH",
        "chat_messages",
        {"event_id": f"eq.{event_id}", "id": f"eq.{message_id}"},
        "UPDATE chat_messages SET hidden = %s WHERE event_id = %s AND id = %s"
        " RETURNING id, user_id, body, created_at, hidden",
        hidden,
        event_id,
        message_id,
    )
    return rows[0] if rows else None


async def questions(rest: Rest, event_id: str, before: int = LARGEST, *, hidden: bool = False) -> list[Row]:
    """The newest questions before that id, newest first; with the *hidden* ones?"""
    return await rest.get(
        "questions",
        _newest("id,user_id,body,created_at,state", event_id, before) | ({} if hidden else {"state": "neq.hidden"}),
        "SELECT id, user_id, body, created_at, state FROM questions"
        " WHERE event_id = %s AND id < %s AND (%s OR state <> 'hidden') ORDER BY id DESC LIMIT 20",
        event_id,
        before,
        hidden,
    )


async def ask(rest: Rest, event_id: str, user_id: str, body: str) -> Row | None:
    """Ask a question. The same one twice is a conflict (constraint `questions_once`). None: too many, too fast."""
    sql = (
        "INSERT INTO questions (event_id, user_id, body, tag) VALUES (%s, %s, %s, %s)"
        " RETURNING id, user_id, body, created_at, state"
    )
    rows = await rest.call("POST", "questions", {}, sql, event_id, user_id, body, rest.tag, ok=201)
    return rows[0] if rows else None


async def judge_question(rest: Rest, event_id: str, question_id: int, state: str) -> Row | None:
    """Say what has become of a question. None: there is no such question."""
    rows = await rest.call(
        "PATCH",
        "questions",
        {"event_id": f"eq.{event_id}", "id": f"eq.{question_id}"},
        "UPDATE questions SET state = %s WHERE event_id = %s AND id = %s"
        " RETURNING id, user_id, body, created_at, state",
        state,
        event_id,
        question_id,
    )
    return rows[0] if rows else None


def _newest(columns: str, event_id: str, before: int) -> dict[str, str]:
    older = {} if before == LARGEST else {"id": f"lt.{before}"}
    return {"select": columns, "event_id": f"eq.{event_id}", **older, "order": "id.desc", "limit": "20"}


async def replay(rest: Rest, event_id: str) -> list[Row]:
    """Messages beside the question that they answer.

    A known fault that nobody has had the time for: it fails (SQLSTATE 21000) once an event has two questions.
    """
    return await rest.get(
        "chat_messages",
        {"select": "body,questions(body)", "event_id": f"eq.{event_id}"},
        "SELECT c.body,"
        " (SELECT q.body FROM questions q WHERE q.event_id = c.event_id AND q.state <> 'hidden') AS question"
        " FROM chat_messages c WHERE c.event_id = %s AND NOT c.hidden ORDER BY c.id LIMIT 20",
        event_id,
    )


async def participants_now(rest: Rest, event_id: str) -> int:
    """How many users watched within the last half minute: whoever has given no sign of life for so long has left."""
    rows = await rest.get(
        "presence",
        {"select": "count", "event_id": f"eq.{event_id}", "last_seen_at": "gt.now-30s"},
        "SELECT count(*) AS n FROM presence WHERE event_id = %s AND last_seen_at > now() - interval '30 seconds'",
        event_id,
    )
    return int(rows[0]["n"])


async def timeline(rest: Rest, event_id: str) -> list[Row]:
    """How many users watched, per minute of the last hour."""
    return await rest.get(
        "attendance",
        {"select": "minute,count", "event_id": f"eq.{event_id}", "minute": "gt.now-1h", "order": "minute"},
        "SELECT minute, count(*) AS participants FROM attendance"
        " WHERE event_id = %s AND minute > now() - interval '1 hour' GROUP BY minute ORDER BY minute",
        event_id,
    )


_SWEPT = ("chat_messages", "questions", "access_log", "attendance", "presence", "registrations")


async def sweep(rest: Rest, tag: str) -> Row:
    """Delete what was written with *tag* in hidden events, and accounts signed up with it. How many rows of each?"""
    deletes = [
        f"{table} AS (DELETE FROM {table} t USING events e"
        " WHERE t.event_id = e.id AND e.hidden AND t.tag = %s RETURNING 1)"
        for table in _SWEPT
    ]
    deletes.append("users AS (DELETE FROM users WHERE tag = %s RETURNING 1)")
    tables = (*_SWEPT, "users")
    counts = ", ".join(f"(SELECT count(*) FROM swept_{table}) AS {table}" for table in tables)
    sql = f"WITH {', '.join('swept_' + delete for delete in deletes)} SELECT {counts}"
    rows = await rest.call("POST", "rpc/sweep", {}, sql, *[tag] * len(tables))
    return rows[0]
