-- +goose Up
-- What ties a decision to its person, and the session it was made in; letters whose recipient says "not me"; renewed
-- lowering keys. No school has decisions from before this version; `verify --database` would name them.

ALTER TABLE decision ADD COLUMN means text CHECK (means IN ('key', 'staff', 'session', 'passkey'));
ALTER TABLE decision ADD COLUMN session_id text;
ALTER TABLE letter ADD COLUMN disowned_at bigint;

CREATE TABLE lowering_key (
    school_id   text NOT NULL,
    person_kind text NOT NULL CHECK (person_kind IN ('guardian', 'pupil')),
    person_id   text NOT NULL,
    pupil_id    text NOT NULL,
    generation  bigint NOT NULL,
    PRIMARY KEY (school_id, pupil_id, person_kind, person_id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);

-- +goose Down
DROP TABLE lowering_key;
ALTER TABLE letter DROP COLUMN disowned_at;
ALTER TABLE decision DROP COLUMN session_id;
ALTER TABLE decision DROP COLUMN means;
