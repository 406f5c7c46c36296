-- +goose Up
-- The outbox is worked on: what is given up stays for the office. Messages to people, and where they may go.

ALTER TABLE outbox ADD COLUMN dead_at bigint NOT NULL DEFAULT 0;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (run_at) WHERE done_at = 0 AND dead_at = 0;

-- A mail address that a person typed. Nothing but the confirmation goes there before confirmed_at. The address lies
-- sealed; its keyed hash finds equal ones.
CREATE TABLE mail_address (
    school_id    text NOT NULL REFERENCES school (school_id),
    person_kind  text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id    text NOT NULL,
    address      blob NOT NULL,
    address_hash text NOT NULL,
    added_at     bigint NOT NULL,
    confirmed_at bigint,
    PRIMARY KEY (school_id, person_kind, person_id)
);
CREATE INDEX mail_address_hash ON mail_address (school_id, address_hash);

-- When a confirmation went to an address: one a day, whoever asks.
CREATE TABLE mail_confirmation (
    school_id    text NOT NULL REFERENCES school (school_id),
    address_hash text NOT NULL,
    sent_at      bigint NOT NULL,
    PRIMARY KEY (school_id, address_hash)
);

-- How a person wants to be told. Without a row: in the language of the school's list, and reminded.
CREATE TABLE notice_setting (
    school_id    text NOT NULL REFERENCES school (school_id),
    person_kind  text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id    text NOT NULL,
    language     text,
    no_reminders boolean NOT NULL,
    PRIMARY KEY (school_id, person_kind, person_id)
);

-- One message to one person by one channel about one event. There is no state for "read": nobody is watched.
CREATE TABLE message (
    school_id   text NOT NULL REFERENCES school (school_id),
    id          text NOT NULL,
    event       text NOT NULL,
    kind        text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil', 'dpo')),
    person_id   text NOT NULL,
    channel     text NOT NULL CHECK (channel IN ('mail', 'push', 'slip')),
    state       text NOT NULL CHECK (state IN ('waiting', 'accepted', 'failed', 'bounced')),
    host        text,
    code        text,
    made_at     bigint NOT NULL,
    at          bigint NOT NULL,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, event, person_kind, person_id, channel)
);
CREATE INDEX message_at ON message (school_id, at);

-- The mode of a child that a person was told last, and when: changes are told once an hour.
CREATE TABLE told_mode (
    school_id   text NOT NULL,
    pupil_id    text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id   text NOT NULL,
    mode        text NOT NULL CHECK (mode IN ('none', 'audio', 'video')),
    told_at     bigint NOT NULL,
    PRIMARY KEY (school_id, pupil_id, person_kind, person_id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);

-- +goose Down
DROP TABLE told_mode;
DROP TABLE message;
DROP TABLE notice_setting;
DROP TABLE mail_confirmation;
DROP TABLE mail_address;
DROP INDEX outbox_due;
ALTER TABLE outbox DROP COLUMN dead_at;
CREATE INDEX outbox_due ON outbox (run_at) WHERE done_at = 0;
