-- +goose Up
-- Statements, sealed, and the school's Merkle log of salted commitments to them (RFC 6962, Go's tlog layout).

CREATE TABLE statement (
    school_id text NOT NULL REFERENCES school (school_id),
    id        text NOT NULL,
    leaf_seq  bigint NOT NULL,
    body      bytea NOT NULL,
    salt      bytea NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, leaf_seq)
);

CREATE TABLE leaf (
    school_id text NOT NULL REFERENCES school (school_id),
    seq       bigint NOT NULL,
    kind      text NOT NULL,
    record    bytea NOT NULL,
    at        bigint NOT NULL,
    PRIMARY KEY (school_id, seq)
);

CREATE TABLE tlog_hash (
    school_id text NOT NULL REFERENCES school (school_id),
    position  bigint NOT NULL,
    hash      bytea NOT NULL,
    PRIMARY KEY (school_id, position)
);

-- The size of the log and the hashes of its right edge, so that an append reads one row. Decisions of one school
-- queue on this row.
CREATE TABLE log_head (
    school_id text NOT NULL PRIMARY KEY REFERENCES school (school_id),
    size      bigint NOT NULL,
    edge      bytea NOT NULL,
    at        bigint NOT NULL
);

CREATE TABLE checkpoint (
    school_id text NOT NULL REFERENCES school (school_id),
    size      bigint NOT NULL,
    note      text NOT NULL,
    signed_at bigint NOT NULL,
    PRIMARY KEY (school_id, size)
);

CREATE TRIGGER statement_append_only BEFORE UPDATE ON statement FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER leaf_append_only BEFORE UPDATE OR DELETE ON leaf FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER tlog_hash_append_only BEFORE UPDATE OR DELETE ON tlog_hash FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE ON checkpoint FOR EACH ROW EXECUTE FUNCTION refuse_change();

SELECT secure_tenant_table('statement');
SELECT secure_tenant_table('leaf');
SELECT secure_tenant_table('tlog_hash');
SELECT secure_tenant_table('log_head');
SELECT secure_tenant_table('checkpoint');

-- +goose Down
DROP TABLE checkpoint;
DROP TABLE log_head;
DROP TABLE tlog_hash;
DROP TABLE leaf;
DROP TABLE statement;
