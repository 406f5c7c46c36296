-- +goose Up
-- Groups, substitutes, days at a distance, and whom a teacher has to reach another way.

-- A group is given, planned for and filled like a class; the class a pupil belongs to is of kind class.
ALTER TABLE class ADD COLUMN kind text NOT NULL DEFAULT 'class' CHECK (kind IN ('class', 'group'));

-- What the head sets for meetings, besides the legal basis of lessons.
ALTER TABLE school ADD COLUMN default_room text NOT NULL DEFAULT '';
ALTER TABLE school ADD COLUMN hides_numbers boolean NOT NULL DEFAULT false;

-- When the contacts of a meeting that is over were collected for the last time.
ALTER TABLE meeting ADD COLUMN collected_at bigint;
CREATE INDEX meeting_series ON meeting (school_id, series_id);

-- Who holds a meeting for its responsible teacher.
CREATE TABLE substitution (
    school_id  text NOT NULL,
    meeting_id text NOT NULL,
    account_id text NOT NULL,
    taken_at   bigint NOT NULL,
    PRIMARY KEY (school_id, meeting_id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE INDEX substitution_account ON substitution (school_id, account_id);

-- A pupil who could not take part, and how it was reached instead.
CREATE TABLE alternative_contact (
    school_id  text NOT NULL,
    meeting_id text NOT NULL,
    pupil_id   text NOT NULL,
    kind       text CHECK (kind IN ('phone', 'letter', 'in_person')),
    done_at    bigint,
    done_by    text,
    PRIMARY KEY (school_id, meeting_id, pupil_id),
    CHECK (done_at IS NULL OR kind IS NOT NULL AND done_by IS NOT NULL),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX alternative_contact_pupil ON alternative_contact (school_id, pupil_id);

-- A day on which every class meets at a distance. Whoever declares it holds the row, so that two at once make nothing twice.
CREATE TABLE distance_day (
    school_id   text NOT NULL REFERENCES school (school_id),
    day         text NOT NULL,
    declared_by text NOT NULL,
    declared_at bigint NOT NULL,
    PRIMARY KEY (school_id, day),
    FOREIGN KEY (school_id, declared_by) REFERENCES account (school_id, id)
);

-- +goose Down
DROP TABLE distance_day;
DROP TABLE alternative_contact;
DROP TABLE substitution;
DROP INDEX meeting_series;
ALTER TABLE meeting DROP COLUMN collected_at;
ALTER TABLE school DROP COLUMN hides_numbers;
ALTER TABLE school DROP COLUMN default_room;
ALTER TABLE class DROP COLUMN kind;
