-- +goose Up
-- What a statement names by hash alone (birth date, place, signature) lies sealed beside it, so that erasing a
-- statement is erasing one row; a receipt keeps the checkpoint that was chosen for it.

ALTER TABLE statement ADD COLUMN private bytea;
ALTER TABLE decision DROP COLUMN signature;
ALTER TABLE decision DROP COLUMN place;

CREATE TABLE receipt (
    school_id    text NOT NULL,
    statement_id text NOT NULL,
    size         bigint NOT NULL,
    PRIMARY KEY (school_id, statement_id),
    FOREIGN KEY (school_id, size) REFERENCES checkpoint (school_id, size)
);

SELECT secure_tenant_table('receipt');

-- +goose Down
DROP TABLE receipt;
ALTER TABLE decision ADD COLUMN place bytea;
ALTER TABLE decision ADD COLUMN signature bytea;
ALTER TABLE statement DROP COLUMN private;
