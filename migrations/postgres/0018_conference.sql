-- +goose Up
-- Where meetings happen, and who is there. What tells who was there goes 24 hours after the meeting's end.

-- The school's own BigBlueButton. Address and secret lie sealed; asked_at is when a server was last asked who is in.
CREATE TABLE conference_server (
    school_id  text PRIMARY KEY REFERENCES school (school_id),
    body       bytea NOT NULL,
    style      text NOT NULL CHECK (style IN ('teacher_only', 'cameras', 'no_cameras')),
    changed_at bigint NOT NULL,
    asked_at   bigint NOT NULL DEFAULT 0,
    silent     boolean NOT NULL DEFAULT false
);

-- The style that a teacher has chosen for a meeting, in place of the school's.
CREATE TABLE room_style (
    school_id  text NOT NULL,
    meeting_id text NOT NULL,
    style      text NOT NULL CHECK (style IN ('teacher_only', 'cameras', 'no_cameras')),
    PRIMARY KEY (school_id, meeting_id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id)
);

-- A room on that server. body holds, sealed, what it was asked for by; callback_hash is of the secret by which the
-- server tells its end; strangers is how many are in whom nobody let in.
CREATE TABLE conference_room (
    school_id     text NOT NULL,
    id            text NOT NULL,
    meeting_id    text NOT NULL,
    style         text NOT NULL,
    body          bytea NOT NULL,
    callback_hash text NOT NULL,
    create_time   text,
    asked_at      bigint NOT NULL,
    seen_at       bigint,
    ended_at      bigint,
    recorded_at   bigint,
    strangers     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (school_id, id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id)
);
CREATE UNIQUE INDEX conference_room_open ON conference_room (school_id, meeting_id) WHERE ended_at IS NULL;
CREATE INDEX conference_room_callback ON conference_room (school_id, callback_hash);

-- Who was let in, under which name the conference server knows them, and whether they are in.
CREATE TABLE meeting_entry (
    school_id  text NOT NULL,
    meeting_id text NOT NULL,
    ref        text NOT NULL,
    pupil_id   text,
    account_id text,
    entered_at bigint NOT NULL,
    copies     bigint NOT NULL DEFAULT 0,
    camera     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (school_id, meeting_id, ref),
    CHECK ((pupil_id IS NULL) <> (account_id IS NULL)),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);
CREATE UNIQUE INDEX meeting_entry_pupil ON meeting_entry (school_id, pupil_id, meeting_id) WHERE pupil_id IS NOT NULL;
CREATE UNIQUE INDEX meeting_entry_account ON meeting_entry (school_id, account_id, meeting_id) WHERE account_id IS NOT NULL;

-- The highest mode that a running meeting has shown for a pupil since the teacher last said "seen".
CREATE TABLE roster_seen (
    school_id  text NOT NULL,
    meeting_id text NOT NULL,
    pupil_id   text NOT NULL,
    mode       text NOT NULL CHECK (mode IN ('video', 'audio', 'none')),
    link       text NOT NULL, -- of the IServ room when the pupil could last come in
    PRIMARY KEY (school_id, meeting_id, pupil_id),
    FOREIGN KEY (school_id, meeting_id) REFERENCES meeting (school_id, id),
    FOREIGN KEY (school_id, pupil_id) REFERENCES pupil (school_id, id)
);
CREATE INDEX roster_seen_pupil ON roster_seen (school_id, pupil_id);

-- A teacher's own standing IServ room.
CREATE TABLE standing_room (
    school_id  text NOT NULL,
    account_id text NOT NULL,
    url        text NOT NULL,
    name       text NOT NULL,
    PRIMARY KEY (school_id, account_id),
    FOREIGN KEY (school_id, account_id) REFERENCES account (school_id, id)
);

-- IServ rooms whose link is known to a child that may no longer take part.
CREATE TABLE spent_room (
    school_id text NOT NULL REFERENCES school (school_id),
    link      text NOT NULL,
    spent_at  bigint NOT NULL,
    PRIMARY KEY (school_id, link)
);

SELECT secure_tenant_table('conference_server');
SELECT secure_tenant_table('room_style');
SELECT secure_tenant_table('conference_room');
SELECT secure_tenant_table('meeting_entry');
SELECT secure_tenant_table('roster_seen');
SELECT secure_tenant_table('standing_room');
SELECT secure_tenant_table('spent_room');

-- +goose Down
DROP TABLE spent_room;
DROP TABLE standing_room;
DROP TABLE roster_seen;
DROP TABLE meeting_entry;
DROP TABLE conference_room;
DROP TABLE room_style;
DROP TABLE conference_server;
