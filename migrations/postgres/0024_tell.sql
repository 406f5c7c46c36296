-- +goose Up
-- Messages reach staff too. A breach and a sanction say of which version of the rules their rule is; empty: from before
-- that was recorded.

ALTER TABLE message RENAME TO message_before;
-- The owner copies the rows of all schools.
ALTER TABLE message_before NO FORCE ROW LEVEL SECURITY;
CREATE TABLE message (
    school_id   text NOT NULL REFERENCES school (school_id),
    id          text NOT NULL,
    event       text NOT NULL,
    kind        text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil', 'dpo', 'staff')),
    person_id   text NOT NULL,
    channel     text NOT NULL CHECK (channel IN ('mail', 'push', 'slip')),
    state       text NOT NULL CHECK (state IN ('waiting', 'accepted', 'failed', 'bounced')),
    host        text,
    code        text,
    made_at     bigint NOT NULL,
    at          bigint NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, event, person_kind, person_id, channel)
);
INSERT INTO message (school_id, id, event, kind, person_kind, person_id, channel, state, host, code, made_at, at)
    SELECT school_id, id, event, kind, person_kind, person_id, channel, state, host, code, made_at, at FROM message_before;
DROP TABLE message_before;
CREATE INDEX message_at ON message (school_id, at);
SELECT secure_tenant_table('message');

ALTER TABLE sanction ADD COLUMN rules_version text NOT NULL DEFAULT '';
ALTER TABLE breach ADD COLUMN rules_version text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE breach DROP COLUMN rules_version;
ALTER TABLE sanction DROP COLUMN rules_version;
-- The table of messages keeps its wider check: it takes all that the narrower one took.
