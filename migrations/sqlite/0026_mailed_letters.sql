-- +goose Up
-- Letters that went by mail: what of them stands in decisions, and which address a message went to, as a keyed hash.

ALTER TABLE letter ADD COLUMN delivery text NOT NULL DEFAULT 'paper' CHECK (delivery IN ('paper', 'mail'));
ALTER TABLE message ADD COLUMN address_hash text;
CREATE INDEX message_address ON message (school_id, address_hash);

-- A check cannot be changed in SQLite: the column makes room for one that has it.
DROP TRIGGER decision_no_update;
ALTER TABLE decision ADD COLUMN tied_by text CHECK (tied_by IN ('key', 'staff', 'mail', 'session', 'passkey'));
UPDATE decision SET tied_by = means;
ALTER TABLE decision DROP COLUMN means;
ALTER TABLE decision RENAME COLUMN tied_by TO means;
-- +goose StatementBegin
CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision
BEGIN
    SELECT RAISE(ABORT, 'decision is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER decision_no_update;
ALTER TABLE decision ADD COLUMN tied_by text CHECK (tied_by IN ('key', 'staff', 'session', 'passkey'));
UPDATE decision SET tied_by = CASE WHEN means = 'mail' THEN 'session' ELSE means END;
ALTER TABLE decision DROP COLUMN means;
ALTER TABLE decision RENAME COLUMN tied_by TO means;
-- +goose StatementBegin
CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision
BEGIN
    SELECT RAISE(ABORT, 'decision is append-only');
END;
-- +goose StatementEnd
DROP INDEX message_address;
ALTER TABLE message DROP COLUMN address_hash;
ALTER TABLE letter DROP COLUMN delivery;
