-- +goose Up
-- Who might have come to a meeting and did not. Such a mark can be taken back, as long as the contact is open.
ALTER TABLE alternative_contact ADD COLUMN absent boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE alternative_contact DROP COLUMN absent;
