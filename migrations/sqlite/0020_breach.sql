-- +goose Up
-- Breaches as teachers report them (a rule's key and a meeting, no words), what the head decided, and objections to it.

ALTER TABLE sanction ADD COLUMN kind text NOT NULL DEFAULT '' CHECK (kind IN ('', 'educational', 'formal'));
ALTER TABLE sanction ADD COLUMN heard text NOT NULL DEFAULT '';
ALTER TABLE sanction ADD COLUMN noted_on text;

CREATE TABLE breach (
    school_id   text NOT NULL,
    id          text NOT NULL,
    meeting_id  text NOT NULL,
    pupil_id    text NOT NULL,
    rule_key    text NOT NULL,
    heard       text NOT NULL,
    noted_on    text NOT NULL,
    reported_by text NOT NULL,
    reported_at bigint NOT NULL,
    closed_by   text,
    closed_at   bigint,
    sanction_id text,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id),
    FOREIGN KEY (school_id, reported_by) REFERENCES account (school_id, id),
    FOREIGN KEY (school_id, sanction_id) REFERENCES sanction (school_id, id)
);
CREATE INDEX breach_pupil ON breach (school_id, pupil_id);
CREATE INDEX breach_reporter ON breach (school_id, reported_by);

CREATE TABLE sanction_objection (
    school_id     text NOT NULL,
    id            text NOT NULL,
    leaf_seq      bigint NOT NULL,
    sanction_id   text NOT NULL,
    pupil_id      text NOT NULL,
    person_kind   text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id     text NOT NULL,
    received_at   bigint NOT NULL,
    outcome       text CHECK (outcome IN ('upheld', 'kept')),
    next_instance text CHECK (next_instance IN ('school_authority', 'administrative_court')),
    answered_by   text,
    answered_at   bigint,
    PRIMARY KEY (school_id, id),
    UNIQUE (school_id, sanction_id, person_kind, person_id),
    FOREIGN KEY (school_id, sanction_id) REFERENCES sanction (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX sanction_objection_pupil ON sanction_objection (school_id, pupil_id);

-- +goose Down
DROP TABLE sanction_objection;
DROP TABLE breach;
ALTER TABLE sanction DROP COLUMN noted_on;
ALTER TABLE sanction DROP COLUMN heard;
ALTER TABLE sanction DROP COLUMN kind;
