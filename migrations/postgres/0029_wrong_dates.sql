-- +goose Up
-- How often a birth date that fits no child was tried on a letter whose secret was right.
ALTER TABLE letter ADD COLUMN wrong_dates bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE letter DROP COLUMN wrong_dates;
