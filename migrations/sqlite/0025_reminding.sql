-- +goose Up
-- Reminders are sent. How a person wants to be reminded, in minutes from midnight; without both: in the usual hours.

ALTER TABLE notice_setting ADD COLUMN mail_only boolean NOT NULL DEFAULT FALSE;
ALTER TABLE notice_setting ADD COLUMN hours_from bigint;
ALTER TABLE notice_setting ADD COLUMN hours_until bigint;

-- An address of a person from which a message came back for good, by its keyed hash: no channel until another is known
-- or it is confirmed again.
CREATE TABLE mail_bounce (
    school_id    text NOT NULL REFERENCES school (school_id),
    person_kind  text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id    text NOT NULL,
    address_hash text NOT NULL,
    at           bigint NOT NULL,
    PRIMARY KEY (school_id, person_kind, person_id, address_hash)
);

-- Whom the office wants reminded, until the message has gone out or nothing is left to remind of.
CREATE TABLE reminder_request (
    school_id   text NOT NULL REFERENCES school (school_id),
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id   text NOT NULL,
    made_by     text NOT NULL,
    made_at     bigint NOT NULL,
    PRIMARY KEY (school_id, person_kind, person_id)
);

-- What went out together: the id that the event of the messages names. A slip has none.
ALTER TABLE reminder ADD COLUMN message text;
CREATE INDEX reminder_message ON reminder (school_id, message) WHERE message IS NOT NULL;

-- The school's own list of school holidays, as JSON; without one those that ship for its Land hold.
ALTER TABLE school ADD COLUMN vacations text;

-- +goose Down
ALTER TABLE school DROP COLUMN vacations;
DROP INDEX reminder_message;
ALTER TABLE reminder DROP COLUMN message;
DROP TABLE reminder_request;
DROP TABLE mail_bounce;
ALTER TABLE notice_setting DROP COLUMN hours_until;
ALTER TABLE notice_setting DROP COLUMN hours_from;
ALTER TABLE notice_setting DROP COLUMN mail_only;
