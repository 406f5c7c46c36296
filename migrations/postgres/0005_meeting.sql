-- +goose Up
-- Meetings are single occurrences; their legal basis is fixed when they are made.

CREATE TABLE meeting (
    school_id      text NOT NULL,
    id             text NOT NULL,
    series_id      text,
    title          text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('lesson', 'small_group', 'one_to_one')),
    class_id       text NOT NULL,
    whole_class    boolean NOT NULL,
    responsible_id text NOT NULL,
    legal_basis    text NOT NULL CHECK (legal_basis IN ('consent', 'statute')),
    room_url       text,
    room_name      text,
    starts_at      bigint NOT NULL,
    ends_at        bigint NOT NULL,
    created_at     bigint NOT NULL,
    cancelled_at   bigint,
    PRIMARY KEY (school_id, id),
    CHECK (ends_at > starts_at),
    CHECK (legal_basis = 'consent' OR kind = 'lesson'),
    FOREIGN KEY (school_id, class_id) REFERENCES class (school_id, id),
    FOREIGN KEY (school_id, responsible_id) REFERENCES account (school_id, id)
);
CREATE INDEX meeting_time ON meeting (school_id, starts_at);

CREATE TABLE meeting_pupil (
    school_id  text NOT NULL,
    meeting_id text NOT NULL,
    pupil_id   text NOT NULL,
    PRIMARY KEY (school_id, meeting_id, pupil_id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX meeting_pupil_pupil ON meeting_pupil (school_id, pupil_id);

-- A pupil's own limit, for one meeting or until taken back.
CREATE TABLE own_limit (
    school_id  text NOT NULL,
    id         text NOT NULL,
    pupil_id   text NOT NULL,
    meeting_id text,
    reach      text NOT NULL CHECK (reach IN ('audio', 'none')),
    set_at     bigint NOT NULL,
    lifted_at  bigint,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id)
);
CREATE INDEX own_limit_pupil ON own_limit (school_id, pupil_id);

-- The responsible teacher's limit for one pupil in one meeting.
CREATE TABLE meeting_limit (
    school_id  text NOT NULL,
    meeting_id text NOT NULL,
    pupil_id   text NOT NULL,
    reach      text NOT NULL CHECK (reach IN ('audio', 'none')),
    set_by     text NOT NULL,
    set_at     bigint NOT NULL,
    PRIMARY KEY (school_id, meeting_id, pupil_id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);

SELECT secure_tenant_table('meeting');
SELECT secure_tenant_table('meeting_pupil');
SELECT secure_tenant_table('own_limit');
SELECT secure_tenant_table('meeting_limit');

-- +goose Down
DROP TABLE meeting_limit;
DROP TABLE own_limit;
DROP TABLE meeting_pupil;
DROP TABLE meeting;
