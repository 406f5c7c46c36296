-- +goose Up
-- Erasing people: who is marked, what was erased, and the clock by which it is done.

-- A mark stands until it is cancelled or carried out; then the row remains, as the journal of erased ids. due_at is empty
-- until a second member of staff has agreed; head_by names the head who agreed, which very many at once need.
CREATE TABLE erasure (
    school_id    text NOT NULL REFERENCES school (school_id),
    id           text NOT NULL,
    person_kind  text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id    text NOT NULL,
    reason       text NOT NULL CHECK (reason IN ('retention', 'request')),
    asked_by     text NOT NULL,
    asked_at     bigint NOT NULL,
    approved_by  text,
    due_at       bigint,
    head_by      text,
    cancelled_by text,
    cancelled_at bigint,
    erased_at    bigint,
    PRIMARY KEY (school_id, id)
);
CREATE UNIQUE INDEX erasure_of_person ON erasure (school_id, person_kind, person_id) WHERE cancelled_at IS NULL;

-- A leaf whose statement was erased. The signer, whom a receipt may tell so, is kept until that person is erased too.
CREATE TABLE erased_statement (
    school_id    text NOT NULL,
    statement_id text NOT NULL,
    leaf_seq     bigint NOT NULL,
    signer_kind  text CHECK (signer_kind IN ('guardian', 'pupil')),
    signer_id    text,
    PRIMARY KEY (school_id, statement_id),
    UNIQUE (school_id, leaf_seq),
    FOREIGN KEY (school_id, leaf_seq) REFERENCES leaf (school_id, seq)
);

-- The last instant at which the clock was taken for right. It stands still while the clock is more than a day off.
CREATE TABLE tick (
    school_id text NOT NULL PRIMARY KEY REFERENCES school (school_id),
    at        bigint NOT NULL
);

SELECT secure_tenant_table('erasure');
SELECT secure_tenant_table('erased_statement');
SELECT secure_tenant_table('tick');

-- What is erased stays in a table's pages until they are vacuumed. These tables hardly ever change what they hold, so
-- vacuuming them at the first dead row costs nothing.
ALTER TABLE statement SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE pupil SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE guardian SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE decision SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

-- +goose Down
ALTER TABLE decision RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE guardian RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE pupil RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
ALTER TABLE statement RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
DROP TABLE tick;
DROP TABLE erased_statement;
DROP TABLE erasure;
