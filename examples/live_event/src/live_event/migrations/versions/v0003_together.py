"""Chat and questions that people can be together in: moderation, a pace for each user, word of what is new, and who
watched in which minute.

All of it is done by the database, whichever server of however many wrote the row.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

SQL = """
ALTER TABLE chat_messages
    ADD COLUMN hidden boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT chat_messages_length CHECK (char_length(body) BETWEEN 1 AND 500);
CREATE INDEX chat_messages_pace ON chat_messages (event_id, user_id, created_at);

ALTER TABLE questions
    ADD COLUMN state text NOT NULL DEFAULT 'waiting'
        CONSTRAINT questions_state CHECK (state IN ('waiting', 'answered', 'hidden')),
    ADD CONSTRAINT questions_length CHECK (char_length(body) BETWEEN 1 AND 500);
CREATE INDEX questions_pace ON questions (event_id, user_id, created_at);

-- keep_pace(N, INTERVAL): a user's rows beyond N in the interval are left out, so that INSERT … RETURNING returns none.
-- Those of one user queue up behind a lock: each sees what the one before has written.
CREATE FUNCTION keep_pace() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lately integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(concat_ws('/', TG_TABLE_NAME, NEW.event_id, NEW.user_id), 0));
    EXECUTE format('SELECT count(*) FROM %I WHERE event_id = $1 AND user_id = $2 AND created_at > now() - $3',
        TG_TABLE_NAME) INTO lately USING NEW.event_id, NEW.user_id, TG_ARGV[1]::interval;
    RETURN CASE WHEN lately < TG_ARGV[0]::integer THEN NEW END;
END $$;
CREATE TRIGGER pace BEFORE INSERT ON chat_messages FOR EACH ROW EXECUTE FUNCTION keep_pace(5, '10 seconds');
CREATE TRIGGER pace BEFORE INSERT ON questions FOR EACH ROW EXECUTE FUNCTION keep_pace(5, '60 seconds');

CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('live_event', json_build_object('table', TG_TABLE_NAME, 'row', to_jsonb(NEW) - 'tag')::text);
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER INSERT OR UPDATE ON chat_messages FOR EACH ROW EXECUTE FUNCTION announce();
CREATE TRIGGER announce AFTER INSERT OR UPDATE ON questions FOR EACH ROW EXECUTE FUNCTION announce();

CREATE TABLE attendance (
    event_id text NOT NULL REFERENCES events,
    minute timestamptz NOT NULL,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    tag text,
    PRIMARY KEY (event_id, minute, user_id)
);
CREATE FUNCTION attend() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO attendance (event_id, minute, user_id, tag)
        VALUES (NEW.event_id, date_trunc('minute', NEW.last_seen_at), NEW.user_id, NEW.tag) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER attend AFTER INSERT OR UPDATE ON presence FOR EACH ROW EXECUTE FUNCTION attend();
"""


def upgrade() -> None:
    """What the code before writes fits: it cuts words at 500 letters, and refuses to write none."""
    op.execute(SQL)
