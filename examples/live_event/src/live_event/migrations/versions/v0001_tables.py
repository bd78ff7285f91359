"""The tables.

`registrations` is keyed by (event_id, user_id): it has no id column. `tag` keeps the x-bakewatch header of the request
that wrote the row, so that watchers can sweep what they wrote.
"""

from alembic import op

revision = "0001"
down_revision = None

SQL = """
CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL DEFAULT 'member',
    created_at timestamptz NOT NULL DEFAULT now(),
    tag text
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);

CREATE TABLE refresh_tokens (
    token_hash text PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    revoked boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);

CREATE TABLE events (
    id text PRIMARY KEY,
    title text NOT NULL,
    starts_at timestamptz NOT NULL DEFAULT now(),
    hidden boolean NOT NULL DEFAULT false
);

CREATE TABLE registrations (
    event_id text NOT NULL REFERENCES events,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    tag text,
    PRIMARY KEY (event_id, user_id)
);

CREATE TABLE presence (
    event_id text NOT NULL REFERENCES events,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    tag text,
    PRIMARY KEY (event_id, user_id)
);

CREATE TABLE chat_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL REFERENCES events,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    tag text
);
CREATE INDEX chat_messages_newest ON chat_messages (event_id, id DESC);

CREATE TABLE questions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL REFERENCES events,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    tag text,
    CONSTRAINT questions_once UNIQUE (event_id, user_id, body)
);
CREATE INDEX questions_newest ON questions (event_id, id DESC);

CREATE TABLE access_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL REFERENCES events,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    tag text
);
CREATE INDEX access_log_newest ON access_log (event_id, at DESC);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(SQL)
