-- +goose Up
-- Letters that went by mail: what of them stands in decisions, and which address a message went to, as a keyed hash.

ALTER TABLE letter ADD COLUMN delivery text NOT NULL DEFAULT 'paper' CHECK (delivery IN ('paper', 'mail'));
ALTER TABLE message ADD COLUMN address_hash text;
CREATE INDEX message_address ON message (school_id, address_hash);

ALTER TABLE decision DROP CONSTRAINT decision_means_check;
ALTER TABLE decision ADD CONSTRAINT decision_means_check CHECK (means IN ('key', 'staff', 'mail', 'session', 'passkey'));

-- +goose Down
ALTER TABLE decision DISABLE TRIGGER decision_append_only;
ALTER TABLE decision DROP CONSTRAINT decision_means_check;
UPDATE decision SET means = 'session' WHERE means = 'mail';
ALTER TABLE decision ADD CONSTRAINT decision_means_check CHECK (means IN ('key', 'staff', 'session', 'passkey'));
ALTER TABLE decision ENABLE TRIGGER decision_append_only;
DROP INDEX message_address;
ALTER TABLE message DROP COLUMN address_hash;
ALTER TABLE letter DROP COLUMN delivery;
