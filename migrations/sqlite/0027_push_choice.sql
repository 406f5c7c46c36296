-- +goose Up
-- What a browser is not to be told of, and what is remembered for a short while: what an account has just looked at, so
-- that nobody is told of what lies before them, and which endpoints a push service has ended.

ALTER TABLE push_subscription ADD COLUMN muted text NOT NULL DEFAULT '';

CREATE TABLE push_seen (
    school_id  text NOT NULL,
    account_id text NOT NULL,
    path       text NOT NULL,
    seen_at    bigint NOT NULL,
    PRIMARY KEY (school_id, account_id, path),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE INDEX push_seen_at ON push_seen (school_id, seen_at);

CREATE TABLE push_ended (
    school_id     text NOT NULL REFERENCES school (school_id),
    endpoint_hash text NOT NULL,
    ended_at      bigint NOT NULL,
    PRIMARY KEY (school_id, endpoint_hash)
);
CREATE INDEX push_ended_at ON push_ended (school_id, ended_at);

-- +goose Down
DROP TABLE push_ended;
DROP TABLE push_seen;
ALTER TABLE push_subscription DROP COLUMN muted;
