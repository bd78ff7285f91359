"""Everything the service asks of its tables: one function per call."""

from live_event.rest import Rest, Row


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


async def messages(rest: Rest, event_id: str) -> list[Row]:
    """The newest chat messages, newest first."""
    return await rest.get(
        "chat_messages",
        {"select": "id,user_id,body,created_at", "event_id": f"eq.{event_id}", "order": "id.desc", "limit": "20"},
        "SELECT id, user_id, body, created_at FROM chat_messages WHERE event_id = %s ORDER BY id DESC LIMIT 20",
        event_id,
    )


async def say(rest: Rest, event_id: str, user_id: str, body: str) -> Row:
    """Write a chat message."""
    sql = "INSERT INTO chat_messages (event_id, user_id, body, tag) VALUES (%s, %s, %s, %s) RETURNING id, created_at"
    rows = await rest.call("POST", "chat_messages", {}, sql, event_id, user_id, body, rest.tag, ok=201)
    return rows[0]


async def questions(rest: Rest, event_id: str) -> list[Row]:
    """The newest questions, newest first."""
    return await rest.get(
        "questions",
        {"select": "id,user_id,body,created_at", "event_id": f"eq.{event_id}", "order": "id.desc", "limit": "20"},
        "SELECT id, user_id, body, created_at FROM questions WHERE event_id = %s ORDER BY id DESC LIMIT 20",
        event_id,
    )


async def ask(rest: Rest, event_id: str, user_id: str, body: str) -> Row:
    """Ask a question. The same one twice is a conflict (constraint `questions_once`)."""
    sql = "INSERT INTO questions (event_id, user_id, body, tag) VALUES (%s, %s, %s, %s) RETURNING id, created_at"
    rows = await rest.call("POST", "questions", {}, sql, event_id, user_id, body, rest.tag, ok=201)
    return rows[0]


async def replay(rest: Rest, event_id: str) -> list[Row]:
    """Messages beside the question that they answer.

    A known fault that nobody has had the time for: it fails (SQLSTATE 21000) once an event has two questions.
    """
    return await rest.get(
        "chat_messages",
        {"select": "body,questions(body)", "event_id": f"eq.{event_id}"},
        "SELECT c.body, (SELECT q.body FROM questions q WHERE q.event_id = c.event_id) AS question"
        " FROM chat_messages c WHERE c.event_id = %s ORDER BY c.id LIMIT 20",
        event_id,
    )


async def participants_now(rest: Rest, event_id: str) -> int:
    """How many users watched within the last half minute."""
    rows = await rest.get(
        "presence",
        {"select": "count", "event_id": f"eq.{event_id}", "last_seen_at": "gt.now-30s"},
        "SELECT count(*) AS n FROM presence WHERE event_id = %s AND last_seen_at > now() - interval '30 seconds'",
        event_id,
    )
    return int(rows[0]["n"])


async def timeline(rest: Rest, event_id: str) -> list[Row]:
    """How many users came in, per minute of the last hour."""
    return await rest.call(
        "POST",
        "rpc/access_timeline",
        {},
        "SELECT to_char(date_trunc('minute', at AT TIME ZONE 'UTC'), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS minute,"
        " count(DISTINCT user_id) AS participants FROM access_log"
        " WHERE event_id = %s AND at > now() - interval '1 hour' GROUP BY 1 ORDER BY 1",
        event_id,
    )


_SWEPT = ("chat_messages", "questions", "access_log", "presence", "registrations")


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
