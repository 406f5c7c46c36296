-- +goose Up
-- Messages reach staff too. A breach and a sanction say of which version of the rules their rule is; empty: from before
-- that was recorded.

ALTER TABLE message DROP CONSTRAINT message_person_kind_check;
ALTER TABLE message ADD CONSTRAINT message_person_kind_check CHECK (person_kind IN ('guardian', 'pupil', 'dpo', 'staff'));

ALTER TABLE sanction ADD COLUMN rules_version text NOT NULL DEFAULT '';
ALTER TABLE breach ADD COLUMN rules_version text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE breach DROP COLUMN rules_version;
ALTER TABLE sanction DROP COLUMN rules_version;
DELETE FROM message WHERE person_kind = 'staff';
ALTER TABLE message DROP CONSTRAINT message_person_kind_check;
ALTER TABLE message ADD CONSTRAINT message_person_kind_check CHECK (person_kind IN ('guardian', 'pupil', 'dpo'));
