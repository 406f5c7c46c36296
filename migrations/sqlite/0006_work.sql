-- +goose Up
-- What every change leaves behind: an audit entry, jobs, and the answer to its idempotency key.

CREATE TABLE audit (
    school_id    text NOT NULL REFERENCES school (school_id),
    id           text NOT NULL,
    at           bigint NOT NULL,
    actor        text NOT NULL,
    action       text NOT NULL,
    subject_kind text NOT NULL,
    subject_id   text NOT NULL,
    PRIMARY KEY (school_id, id)
);
CREATE INDEX audit_subject ON audit (school_id, subject_kind, subject_id);

CREATE TABLE outbox (
    school_id   text NOT NULL,
    id          text NOT NULL,
    topic       text NOT NULL,
    dedup_key   text,
    payload     text NOT NULL,
    run_at      bigint NOT NULL,
    attempts    bigint NOT NULL,
    lease_until bigint NOT NULL,
    lease_by    text,
    done_at     bigint NOT NULL,
    last_error  text,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, dedup_key)
);
CREATE INDEX outbox_due ON outbox (run_at) WHERE done_at = 0;

CREATE TABLE idempotency (
    school_id  text NOT NULL REFERENCES school (school_id),
    actor      text NOT NULL,
    route      text NOT NULL,
    key        text NOT NULL,
    body_hash  text NOT NULL,
    made       text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (school_id, actor, route, key)
);

-- The plan of an import, sealed, for 24 h.
CREATE TABLE import_plan (
    school_id  text NOT NULL REFERENCES school (school_id),
    id         text NOT NULL,
    body       blob NOT NULL,
    base_hash  text NOT NULL,
    created_by text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    applied_at bigint,
    PRIMARY KEY (school_id, id)
);

-- +goose Down
DROP TABLE import_plan;
DROP TABLE idempotency;
DROP TABLE outbox;
DROP TABLE audit;
