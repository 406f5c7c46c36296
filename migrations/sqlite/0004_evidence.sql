-- +goose Up
-- Statements, sealed, and the school's Merkle log of salted commitments to them (RFC 6962, Go's tlog layout).

CREATE TABLE statement (
    school_id text NOT NULL REFERENCES school (school_id),
    id        text NOT NULL,
    leaf_seq  bigint NOT NULL,
    body      blob NOT NULL,
    salt      blob NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, leaf_seq)
);

CREATE TABLE leaf (
    school_id text NOT NULL REFERENCES school (school_id),
    seq       bigint NOT NULL,
    kind      text NOT NULL,
    record    blob NOT NULL,
    at        bigint NOT NULL,
    PRIMARY KEY (school_id, seq)
);

CREATE TABLE tlog_hash (
    school_id text NOT NULL REFERENCES school (school_id),
    position  bigint NOT NULL,
    hash      blob NOT NULL,
    PRIMARY KEY (school_id, position)
);

-- The size of the log and the hashes of its right edge, so that an append reads one row. Decisions of one school
-- queue on this row.
CREATE TABLE log_head (
    school_id text NOT NULL PRIMARY KEY REFERENCES school (school_id),
    size      bigint NOT NULL,
    edge      blob NOT NULL,
    at        bigint NOT NULL
);

CREATE TABLE checkpoint (
    school_id text NOT NULL REFERENCES school (school_id),
    size      bigint NOT NULL,
    note      text NOT NULL,
    signed_at bigint NOT NULL,
    PRIMARY KEY (school_id, size)
);

-- +goose StatementBegin
CREATE TRIGGER statement_no_update BEFORE UPDATE ON statement
BEGIN
    SELECT RAISE(ABORT, 'statement is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER leaf_no_update BEFORE UPDATE ON leaf
BEGIN
    SELECT RAISE(ABORT, 'leaf is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER leaf_no_delete BEFORE DELETE ON leaf
BEGIN
    SELECT RAISE(ABORT, 'leaf is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tlog_hash_no_update BEFORE UPDATE ON tlog_hash
BEGIN
    SELECT RAISE(ABORT, 'tlog_hash is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER tlog_hash_no_delete BEFORE DELETE ON tlog_hash
BEGIN
    SELECT RAISE(ABORT, 'tlog_hash is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoint is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN
    SELECT RAISE(ABORT, 'checkpoint is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE checkpoint;
DROP TABLE log_head;
DROP TABLE tlog_hash;
DROP TABLE leaf;
DROP TABLE statement;
