-- +goose Up
-- Reminders: the Land whose holidays the school keeps, and what was sent or printed about which ask.

ALTER TABLE school ADD COLUMN land text NOT NULL DEFAULT 'NW' CHECK (land IN ('BW', 'BY', 'BE', 'BB', 'HB', 'HH', 'HE', 'MV', 'NI', 'NW', 'RP', 'SL', 'SN', 'ST', 'SH', 'TH'));

-- One step of one ask. What went to a person at one instant was one message. Kept until the end of the school year.
CREATE TABLE reminder (
    school_id   text NOT NULL,
    id          text NOT NULL,
    ask_id      text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id   text NOT NULL,
    step        text NOT NULL CHECK (step IN ('announcement', 'first', 'second', 'middle', 'before', 'last', 'manual', 'slip')),
    push        boolean NOT NULL,
    mail        boolean NOT NULL,
    made_by     text,
    at          bigint NOT NULL,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, ask_id) REFERENCES ask (school_id, id)
);
CREATE INDEX reminder_ask ON reminder (school_id, ask_id);
CREATE INDEX reminder_at ON reminder (school_id, at);

-- +goose Down
DROP TABLE reminder;
ALTER TABLE school DROP COLUMN land;
